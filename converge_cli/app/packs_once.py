"""Packs for several truths of one command: each is looked for and loaded once. Must never outlive its command."""

from collections.abc import Sequence

from converge_cli.core.errors import ConvergeError
from converge_cli.core.pack import Pack
from converge_cli.truth.pack_uses import PackSource


class PacksOnce:
    """A source of packs that remembers what another one found, failures included."""

    def __init__(self, source: PackSource) -> None:
        self._source = source
        self._found: dict[str, Pack | ConvergeError | None] = {}
        self._names: Sequence[str] | None = None

    def find(self, name: str) -> Pack | None:
        """The pack of a name, or None.

        Raises:
            InvalidPackError: it is broken.
        """
        if name not in self._found:
            try:
                self._found[name] = self._source.find(name)
            except ConvergeError as error:
                self._found[name] = error
        found = self._found[name]
        if isinstance(found, ConvergeError):
            raise found
        return found

    def names(self) -> Sequence[str]:
        """The names that `find` knows."""
        if self._names is None:
            self._names = self._source.names()
        return self._names
