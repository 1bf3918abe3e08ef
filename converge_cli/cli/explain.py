"""`converge explain`."""

from textwrap import indent
from typing import Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.codes import unknown_code
from converge_cli.cli.output import Answer, answering

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def explain(
    code: Annotated[
        str,
        typer.Argument(metavar="CODE", help="A code (CV014), its name (unknown-step), a group (step), or CV01."),
    ],
    as_json: options.Json = False,
) -> None:
    """Explain a code of converge validate: why it matters, an example, its mended form, how to suppress it.

    A group, or the beginning of a code, lists its codes.
    """

    def work() -> Answer:
        from converge_cli.app.explain_code import explain_codes  # noqa: PLC0415  when the words are right

        explained = explain_codes(code)
        if not explained:
            raise unknown_code(code, "explain")
        return Answer("explained", 0, {"codes": explained}, _page(explained))

    answering("explain", work, as_json=as_json)


def _page(explained: list[dict[str, Any]]) -> str:
    if len(explained) == 1:
        return "\n".join(_single(explained[0]))
    name = max(len(item["name"]) for item in explained)
    lines = [f"{item['code']}  {item['name']:{name}}  {item['severity']:7}  {item['title']}" for item in explained]
    return "\n".join([*lines, "", "one of them   converge explain CODE"])


def _single(item: dict[str, Any]) -> list[str]:
    lines = [f"{item['severity']} {item['code']}  {item['name']}", f"  {item['title']}", "", f"  {item['why']}", ""]
    if item["example"] is not None:
        example = item["example"]
        lines += [f"  so it is found ({example['bad_where']})", "", indent(example["bad"], "    "), ""]
        lines += ["  so it is not", "", indent(example["good"], "    "), ""]
    if item["spoken"] is not None:
        lines += [f"  for example   {item['spoken']}", ""]
    return [*lines, f"  group      {item['group']}: {item['about']}", f"  suppress   {item['suppress']}"]
