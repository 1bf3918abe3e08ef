"""`converge completion`."""

from pathlib import Path
from typing import Annotated

import typer

from converge_cli.cli import options
from converge_cli.cli.output import Answer, UsageError, answering

SHELLS = ("bash", "zsh", "fish")

_SCRIPTS = Path(__file__).parents[1] / "template" / "completion"

app = options.app()


@app.command()
def completion(
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="For which shell.")],
    as_json: options.Json = False,
) -> None:
    """Print what makes a shell complete commands, options, truths, runs, packs, approval points and people.

    bash and zsh: eval "$(converge completion bash)" in ~/.bashrc (zsh in ~/.zshrc, after compinit);
    fish: converge completion fish | source in config.fish. Nothing is installed by itself.
    """

    def work() -> Answer:
        from converge_cli.core.errors import did_you_mean  # noqa: PLC0415  when the words are right

        if shell not in SHELLS:
            hint = did_you_mean(shell, SHELLS) or f"the shells are {', '.join(SHELLS)}"
            raise UsageError(f"no completion for {shell!r}", hint=hint, where=shell)
        script = (_SCRIPTS / shell).read_text(encoding="utf-8")
        return Answer("printed", 0, {"shell": shell, "script": script}, script.rstrip("\n"))

    answering("completion", work, as_json=as_json)
