"""Run ids that can be told in advance."""


class SequenceIds:
    """The IdSource port for tests: `r00000001`, `r00000002` ...

    Args:
        letter: what each id begins with.
    """

    def __init__(self, letter: str = "r") -> None:
        self._letter = letter
        self._count = 0

    def run_id(self) -> str:
        """The next id: nine characters."""
        self._count += 1
        return f"{self._letter}{self._count:08}"
