"""`converge plan`."""

from typing import TYPE_CHECKING, Any

from converge_cli.cli import options
from converge_cli.cli.output import Answer, answering

if TYPE_CHECKING:
    from rich.console import Console

app = options.app()


@app.command()
def plan(
    truth: options.Truth,
    inputs: options.Inputs = None,
    parameters: options.Parameters = None,
    principal: options.Principal = None,
    budget: options.Budgets = None,
    wiring: options.Wiring = None,
    as_json: options.Json = False,
) -> None:
    """Show what a run would read, do and ask. Nothing runs, nothing is recorded."""

    def work() -> Answer:
        from converge_cli.app.plan_run import plan_run  # noqa: PLC0415  imported when the words are right
        from converge_cli.app.run_job import RunRequest  # noqa: PLC0415
        from converge_cli.cli.here import services_here  # noqa: PLC0415

        request = RunRequest(
            truth=truth,
            inputs=options.input_paths(inputs),
            parameters=options.parameter_values(parameters),
            principal=principal,
            budget=options.budget_values(budget),
            wiring=wiring,
        )
        made = plan_run(services_here(), request)
        return Answer("planned", 0, made, lambda console: _show(console, made))

    answering("plan", work, as_json=as_json)


def _show(console: "Console", plan: dict[str, Any]) -> None:
    from converge_cli.cli.page import Page  # noqa: PLC0415  only for people
    from converge_cli.cli.truth_page import PURPOSE, budget_words, show_entity_states  # noqa: PLC0415

    page = Page(console)
    page.title(plan["title"], plan["truth"])
    purpose = plan["purpose"]
    merged = [("merged in", ", ".join(plan["merged"]))] if plan["merged"] else []
    page.pairs(
        [
            *((PURPOSE[name], purpose[name]) for name in PURPOSE if purpose.get(name)),
            ("acts as", plan["principal"] or "nobody"),
            *merged,
            ("budget", budget_words(plan["budget"])),
        ]
    )
    page.section("inputs")
    page.rows([(item["name"], f"{item['facts']} facts", item["source"]) for item in plan["inputs"]])
    page.rows([(name, "missing", f"give it with --input {name}=PATH") for name in plan["missing_inputs"]])
    page.section("suggestors")
    page.rows(
        [
            (item["name"], "reads " + (", ".join(item["reads"]) or "nothing"), "writes " + ", ".join(item["writes"]))
            for item in plan["suggestors"]
        ]
    )
    page.section("gates")
    page.rows(
        [
            (item["gate"], f"on {item['on']}", "requires " + (", ".join(item["requires"]) or "nothing"))
            for item in plan["gates"]
        ]
    )
    show_entity_states(page, plan["entity_states"])
    page.section("approvals that will be asked")
    page.rows(
        [(item["point"], f"{item['role']} decides on {item['approves']}", _who(item)) for item in plan["approvals"]]
    )
    page.section("criteria")
    page.rows(
        [
            (item["id"], item["description"], "from " + (", ".join(item["written_by"]) or "inputs"))
            for item in plan["criteria"]
        ]
    )
    page.section("invariants")
    page.rows([(item["id"], item["class"], item["title"], item["from"] or "") for item in plan["invariants"]])
    page.section("checks on proposals")
    page.rows([(item["id"], item["code"], item["title"], item["from"] or "") for item in plan["checks_on_proposals"]])
    page.line(f"run it   converge run {plan['truth']}")


def _who(item: dict[str, Any]) -> str:
    return "people: " + (", ".join(item["may_decide"]) or "nobody among the people holds this role")
