"""Texts that somebody sent: truths, features, people and wirings by name. Must never look at a disk."""

from collections.abc import Iterator, Mapping
from posixpath import dirname, normpath

import msgspec

from converge_cli.core.errors import ConvergeError
from converge_cli.pack.wiring import FILE as WIRING
from converge_cli.truth.catalog import TRUTH_FILE
from converge_cli.truth.findings import Findings
from converge_cli.truth.named_files import is_absolute
from converge_cli.truth.source import Source
from converge_cli.truth.truth_kind import kind_of, kind_of_broken
from converge_cli.truth.yaml_source import Node, read_yaml

PEOPLE = "people.yaml"
MOST_FILES = 200
MOST_BYTES = 2_000_000
_LONGEST = 255
_TAKEN = f"{TRUTH_FILE}, *.feature, {PEOPLE} and {WIRING}"


class InvalidTextsError(ConvergeError):
    """What was sent to be validated is nothing that can be, or too much."""

    code = "TEXTS_INVALID"


class TextsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to be validated: one text, or the files of a project by their paths in it.

    Attributes:
        truth: a truth.yaml.
        feature: a feature file; with `truth`, the one that it names.
        files: path -> text: truth.yaml, *.feature, people.yaml and wiring.yaml. Packs are those of the server.
        select, ignore: codes of findings, as of `converge validate`.
        strict: whether gaps count as errors.
    """

    truth: str | None = None
    feature: str | None = None
    files: dict[str, str] = {}
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    strict: bool = False


class GivenTruth(msgspec.Struct, frozen=True):
    """A truth among the texts, with those that belong to it; `missing` are features that it names and nobody sent."""

    source: Source
    root: Node | None
    runs: bool
    features: tuple[Source, ...]
    missing: tuple[str, ...]

    @property
    def key(self) -> str:
        """Its key, as far as it says one."""
        node = None if self.root is None else self.root.get("key")
        return node.value if node is not None and isinstance(node.value, str) else ""

    @property
    def packs(self) -> tuple[str, ...]:
        """The packs that it names."""
        node = None if self.root is None else self.root.get("packs")
        items = node.value if node is not None and isinstance(node.value, list) else []
        return tuple(item.value for item in items if isinstance(item.value, str))


class GivenTexts:
    """The texts of one request.

    Attributes:
        sources: by path.
        truths: in the order of their paths.

    Raises:
        InvalidTextsError: there is none, there are too many, or a name is none.
    """

    def __init__(self, request: TextsRequest) -> None:
        named = _named(request)
        _check(named)
        self.sources = {name: Source(name, named[name].encode()) for name in sorted(named)}
        self.truths = tuple(self._truth(name) for name in self.sources if name.rpartition("/")[2] == TRUTH_FILE)

    def beside(self, truth: GivenTruth) -> tuple[GivenTruth, ...]:
        """The other truths of its truths/ folder."""
        folder = _truths_folder(truth.source.name)
        if folder is None:
            return ()
        return tuple(item for item in self.truths if item is not truth and _truths_folder(item.source.name) == folder)

    def people_of(self, truth: GivenTruth) -> Source | None:
        """The people file that counts for a truth."""
        folder = _truths_folder(truth.source.name)
        own = self.sources.get(_join(dirname(truth.source.name), PEOPLE))
        return own or (None if folder is None else self.sources.get(_join(folder, PEOPLE)))

    def wiring_of(self, truth: GivenTruth) -> Source | None:
        """The wiring beside a truth."""
        return self.sources.get(_join(dirname(truth.source.name), WIRING))

    def lone_features(self) -> tuple[Source, ...]:
        """Features that no truth here uses."""
        used = {feature.name for truth in self.truths for feature in truth.features}
        return tuple(item for name, item in self.sources.items() if name.endswith(".feature") and name not in used)

    def _truth(self, name: str) -> GivenTruth:
        source = self.sources[name]
        root = read_yaml(source, Findings())
        runs = (kind_of(root) if root is not None else kind_of_broken(source.data.decode())) == "job"
        found = {item: self._feature(item, dirname(name)) for item in _feature_names(root, name)}
        features = tuple(dict.fromkeys(path for path in found.values() if path is not None))
        missing = tuple(item for item, path in found.items() if path is None)
        return GivenTruth(source, root, runs, tuple(self.sources[path] for path in features), missing)

    def _feature(self, name: str, folder: str) -> str | None:
        """Beside the truth, else in features/ of the nearest folder above it that has one."""
        paths = [_join(folder, name), *(_join(above, f"features/{name}") for above in _above(folder))]
        return next((path for path in map(normpath, paths) if path in self.sources), None)


def _named(request: TextsRequest) -> dict[str, str]:
    alone = {TRUTH_FILE: request.truth, "text.feature": request.feature}
    given = {name: text for name, text in alone.items() if text is not None}
    if bool(given) == bool(request.files):
        told = "give either truth and feature, or files"
        raise InvalidTextsError(told, hint='{"truth": "truth: v1\\n..."}', where="files")
    if len(given) < len(alone):
        return {**given, **request.files}
    # The one feature that came along is the one that the truth names.
    root = read_yaml(Source(TRUTH_FILE, given[TRUTH_FILE].encode()), Findings())
    name = next(iter(_feature_names(root, TRUTH_FILE)), "text.feature")
    name = name if _is_path(name) and name.endswith(".feature") else "text.feature"
    return {TRUTH_FILE: given[TRUTH_FILE], name: given["text.feature"]}


def _check(named: Mapping[str, str]) -> None:
    """Raises: InvalidTextsError: too much, or a name that means nothing here."""
    size = sum(len(text.encode()) for text in named.values())
    if len(named) > MOST_FILES or size > MOST_BYTES:
        told = f"{len(named)} texts of {size} bytes; at most {MOST_FILES} of {MOST_BYTES} bytes are validated at once"
        raise InvalidTextsError(told, hint="converge validate, where the files are", where="files")
    for name in named:
        last = name.rpartition("/")[2]
        if not _is_path(name):
            raise InvalidTextsError(f"{name[:80]!r} is no path inside a project", hint="truths/mine/truth.yaml")
        if last not in {TRUTH_FILE, PEOPLE, WIRING} and not last.endswith(".feature"):
            hint = f"send {_TAKEN}; packs are those of the server, and no code of yours is run"
            raise InvalidTextsError(f"{name[:80]!r} is not validated here", hint=hint, where="files")


def _is_path(name: str) -> bool:
    parts = name.split("/")
    return (
        0 < len(name) <= _LONGEST
        and name.isprintable()
        and "\\" not in name
        and not is_absolute(name)
        and not any(part in {"", ".", ".."} for part in parts)
    )


def _feature_names(root: Node | None, name: str) -> list[str]:
    """What a truth calls its features, without absolute paths: the compiler refuses those."""
    node = None if root is None else root.get("features")
    if node is not None and isinstance(node.value, list):
        return [item.value for item in node.value if isinstance(item.value, str) and not is_absolute(item.value)]
    key = None if root is None else root.get("key")
    folder = dirname(name).rpartition("/")[2]
    return [f"{key.value if key is not None and isinstance(key.value, str) else folder}.feature"]


def _truths_folder(name: str) -> str | None:
    folder = dirname(dirname(name))
    return folder if folder.rpartition("/")[2] == "truths" else None


def _above(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = dirname(folder)
    yield ""


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
