"""`converge version`; without options `main` answers it before anything is imported."""

from converge_cli import __version__
from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering

app = options.app()


@app.command()
def version(as_json: options.Json = False) -> None:
    """Print the version."""
    answering(
        "version",
        lambda: Answer("ok", 0, {"version": __version__}, lambda console: console.print(f"converge {__version__}")),
        as_json=as_json,
    )
