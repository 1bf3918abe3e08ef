"""`converge explain`."""

from textwrap import indent
from typing import TYPE_CHECKING, Annotated, Any

import typer

from converge_cli.cli import options
from converge_cli.cli.codes import unknown_code
from converge_cli.cli.output import Answer, answering

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.trace.explain_tree import Branch

app = options.app()


@app.command()
def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="RUN|CODE", help="A run's id, or a code (CV014), its name (unknown-step), a group (step), or CV01."
        ),
    ],
    target: Annotated[
        str | None,
        typer.Argument(metavar="[FACT|CRITERION|GATE]", help="What of the run; without it, its verdict."),
    ] = None,
    server: options.Server = None,
    as_json: options.Json = False,
) -> None:
    """Explain a recorded run, something in it, or a code of converge validate.

    Of a fact or proposal: who proposed it, what it rests on, which gate, rules and people let it in or kept it out,
    which clauses look at it, and what falls if it is wrong. Of a criterion: what it is met by, or why not and who or
    what could change that. Of a gate: each answer, with what it saw and what would unlock it. Of a code: why it
    matters, an example, its mended form, how to suppress it; a group, or the beginning of a code, lists its codes.
    """

    def work() -> Answer:
        explained = [] if target is not None else _codes(what)
        if explained:
            return Answer("explained", 0, {"codes": explained}, _page(explained))
        return _of_run(what, target, server)

    answering("explain", work, as_json=as_json)


def _codes(code: str) -> list[dict[str, Any]]:
    from converge_cli.app.explain.explain_code import explain_codes  # noqa: PLC0415  when the words are right

    return explain_codes(code)


def _of_run(run: str, target: str | None, server: str | None) -> Answer:
    from converge_cli.app.explain.explain_run import explain_run  # noqa: PLC0415
    from converge_cli.cli.place import place_of  # noqa: PLC0415
    from converge_cli.core.errors import RunNotFoundError  # noqa: PLC0415

    try:
        explained = explain_run(place_of(server).services, run, target)
    except RunNotFoundError as error:
        if target is None and not _may_be_run(run):
            raise unknown_code(run, "explain") from error
        raise
    from converge_cli.cli.local_zone import local_zone  # noqa: PLC0415
    from converge_cli.trace.explain_tree import explain_tree  # noqa: PLC0415

    tree = explain_tree(explained.data, local_zone())
    return Answer("explained", 0, explained.data, lambda console: _draw(console, tree))


def _may_be_run(word: str) -> bool:
    """Run ids are short, in small letters, and hold a digit; nobody means one by CV999 or unknown-step."""
    return word.isalnum() and word.islower() and any(letter.isdigit() for letter in word)


def _draw(console: "Console", tree: "Branch") -> None:
    if not console.is_terminal:
        from converge_cli.cli.stdout import out  # noqa: PLC0415
        from converge_cli.trace.explain_tree import plain_lines  # noqa: PLC0415

        out().write("\n".join(plain_lines(tree)) + "\n")
        return
    console.print(_rich(tree))


def _rich(branch: "Branch") -> Any:
    from rich.text import Text  # noqa: PLC0415  only for people
    from rich.tree import Tree  # noqa: PLC0415

    def line(item: "Branch") -> Text:
        label = Text(item.label, style="cyan" if item.label else "")
        return Text("  ").join(part for part in (label, Text(item.text)) if part.plain)

    def grow(item: "Branch", tree: Tree) -> None:
        for below in item.below:
            grow(below, tree.add(line(below)))

    made = Tree(line(branch), guide_style="dim")
    grow(branch, made)
    return made


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
