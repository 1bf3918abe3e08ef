"""Whatever stands in a pack's files, it loads or is refused with the one error that callers know."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from converge_cli.core.pack import InvalidPackError, Pack
from converge_cli.pack.loader import load_pack

MANIFEST = b"""\
pack: v1
name: garden
version: 0.1.0
description: Waters beds
suggestors: [Waterer]
kinds: {bed: Bed}
gates:
  - on: "Strategies:bed:*"
    action: commit
    resource: {kind: water, phase: commitment, id: name}
    approvals: {gardener: {context: {human_approval_present: true}}}
policy: [water.cedar]
schema: schema.cedarschema
"""
FACTS = b"from converge_cli import FactModel\nclass Bed(FactModel):\n    name: str\n"
SUGGESTORS = b"def Waterer(parameters):\n    return []\n"

changes = st.lists(
    st.tuples(
        st.integers(0, len(MANIFEST)),
        st.integers(0, 12),
        st.one_of(
            st.binary(max_size=6), st.sampled_from([b"[", b"{", b"]", b"}", b": ", b"\n", b"- ", b"null", b"\t"])
        ),
    ),
    min_size=1,
    max_size=3,
)


def _load(root: Path, files: dict[str, bytes]) -> Pack | None:
    folder = root / "garden"
    folder.mkdir()
    for name, data in {"water.cedar": b"x", "schema.cedarschema": b"x", **files}.items():
        (folder / name).write_bytes(data)
    try:
        return load_pack(folder)
    except InvalidPackError as error:
        if not (error.where and error.message):
            raise
        return None


@settings(max_examples=100, deadline=None)
@given(changes)
def test_any_change_of_a_manifest_loads_or_is_refused_with_a_place(some):
    """Bytes cut out and put in, anywhere."""
    text = MANIFEST
    for at, cut, put in some:
        text = text[:at] + put + text[at + cut :]
    with tempfile.TemporaryDirectory() as root:
        pack = _load(Path(root), {"pack.yaml": text, "facts.py": FACTS, "suggestors.py": SUGGESTORS})
    assert pack is None or pack.name == "garden"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["facts.py", "suggestors.py"]), st.integers(0, 60), st.integers(0, 8), st.binary(max_size=4))
def test_any_change_of_a_module_loads_or_is_refused_with_a_place(name, at, cut, put):
    """Python that does not parse, names that are gone, bytes that are no text."""
    files = {"pack.yaml": MANIFEST, "facts.py": FACTS, "suggestors.py": SUGGESTORS}
    files[name] = files[name][:at] + put + files[name][at + cut :]
    with tempfile.TemporaryDirectory() as root:
        pack = _load(Path(root), files)
    assert pack is None or pack.name == "garden"


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(["a.txt", "b.txt", "sub.md"]), st.binary(max_size=20)))
def test_packs_with_equal_files_have_equal_digests_and_others_have_not(extra):
    """Where a pack stands is not part of its digest; every byte in it is."""
    files = {"pack.yaml": MANIFEST, "facts.py": FACTS, "suggestors.py": SUGGESTORS}
    digests = []
    for more in (extra, extra, {**extra, "c.txt": b""}):
        with tempfile.TemporaryDirectory() as root:
            pack = _load(Path(root), {**files, **more})
            assert pack is not None
            digests.append(pack.digest)
    assert digests[0] == digests[1] != digests[2]
