"""The step catalogue v1: every sentence that a feature or a contract may use, and what it compiles to.

One table, one mechanism. `scope` says where a sentence belongs: `rule` in invariants, validations, contracts and the
YAML contract; `contract` only under @suggestor; `example` only under @e2e.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import msgspec

from converge_cli.core import example as e
from converge_cli.core import predicate as p
from converge_cli.core.errors import did_you_mean
from converge_cli.core.rejection import REJECTIONS
from converge_cli.core.stop_reason import StopReason
from converge_cli.truth.step_grammar import Argument, StepProblem, check_ordered
from converge_cli.truth.step_tables import field_rules, pairs, terms
from converge_cli.truth.step_template import Template

Keyword = Literal["given", "when", "then"]
Scope = Literal["rule", "contract", "example"]
Wanted = Literal["nothing", "table", "table or text"]
Values = dict[str, Any]
Builder = Callable[[Values, Argument], Any]


class NamedEvidence(msgspec.Struct, frozen=True):
    """`evidence "name" exists`, before the name is looked up in the contract."""

    name: str


class SuggestorExecutes(msgspec.Struct, frozen=True):
    """`When suggestor "name" executes`."""

    name: str


class OnlyUnderKeys(msgspec.Struct, frozen=True):
    """`Then it proposes facts only under key ...`, before the suggestor's name is known."""

    keys: tuple[str, ...]


class Converges(msgspec.Struct, frozen=True):
    """`When the truth runs to convergence`."""


class Pattern(NamedTuple):
    """A sentence of the language.

    Attributes:
        build: makes the value from the placeholders' values and the argument.
        wanted: what must hang below the step.
    """

    keyword: Keyword
    scope: Scope
    template: Template
    build: Builder
    wanted: Wanted = "nothing"


def _given(what: Literal["any", "contains", "proposal"]) -> Builder:
    return lambda v, _: p.Given(what, v["sel"])


def _field_is(v: Values, _: Argument) -> p.FieldIs:
    bound = v["bound"]
    comparison: Any = f"is {bound}" if bound else "is"
    check_ordered(comparison, v["value"], v["value"].text)
    return p.FieldIs(p.FieldTest(v["field"], comparison, (v["value"],)), negated=v["not"] is not None)


def _field_equals(v: Values, _: Argument) -> p.FieldEquals:
    return p.FieldEquals(v["field"], p.FieldOf(v["other"], v["id"], v["key"]), negated=v["not"] is not None)


def _sum(v: Values, _: Argument) -> p.SumIs:
    if "value" in v:
        return p.SumIs(v["field"], v["relation"], value=v["value"])
    return p.SumIs(v["field"], v["relation"], other=p.FieldOf(v["other"], v["id"], v["key"]))


def _paired(v: Values, _: Argument) -> p.Paired:
    return p.Paired(v["each"], v["partner"], v.get("field"), v.get("equals"))


def _input_is(v: Values, argument: Argument) -> e.InputIs:
    rows = tuple(tuple(cell.text for cell in row) for row in argument.rows)
    return e.InputIs(v["name"], rows, argument.text)


def _decided(v: Values, _: Argument) -> e.PointDecided:
    return e.PointDecided(v["point"], v["decision"], v["by"], v["id"])


def _scripted(v: Values, argument: Argument) -> e.Scripted:
    fields = tuple((name.text, value.text) for name, value in pairs(argument, "field", "value"))
    return e.Scripted(v["name"], v["key"], v["id"], fields)


def _stop(v: Values, _: Argument) -> e.StopIs:
    return e.StopIs(_one_of(v["reason"], [reason.value for reason in StopReason], "stop reason"))


def _gate(v: Values, _: Argument) -> e.GateAnswers:
    return e.GateAnswers(v["action"], _one_of(v["outcome"], ["PROMOTE", "REJECT", "ESCALATE"], "gate outcome"), v["id"])


def _rejected(v: Values, _: Argument) -> e.ProposalIsRejected:
    return e.ProposalIsRejected(v["id"], _one_of(v["code"], list(REJECTIONS), "rejection code"))


def _one_of(word: str, choices: list[str], what: str) -> str:
    if word not in choices:
        fix = did_you_mean(word, choices) or f"one of {', '.join(choices)}"
        raise StepProblem("invalid-value", f"{word!r} is not a {what}", fix, word, choices=choices)
    return word


_VERDICTS: dict[str, Literal["holds", "violated", "not exercised"]] = {
    "holds": "holds",
    "is violated": "violated",
    "is not exercised": "not exercised",
}
_OTHER = "field {other:field} of fact {id:id} under key {key:key}"
_EACH = "for each {each_key:key} fact {each:sel} there exists/exist a/an {partner_key:key} fact {partner:sel}"

_TABLE: tuple[tuple[Keyword, Scope, str, Builder] | tuple[Keyword, Scope, str, Builder, Wanted], ...] = (
    ("given", "rule", "any fact/facts under key {sel_key:key} {sel:sel}", _given("any")),
    ("given", "rule", "any proposal/proposals under key {sel_key:key} {sel:sel}", _given("proposal")),
    ("given", "rule", "any approval for {point:text}", lambda v, _: p.Given("approval", point=v["point"])),
    ("given", "rule", "the Context contains facts/fact under key {sel_key:key} {sel:sel}", _given("contains")),
    ("given", "rule", "the engine reaches its fixed point", lambda _v, _: p.Given("fixed point")),
    (
        "then",
        "rule",
        "the Context key {sel_key:key} contains {bound:at least|at most|exactly} {number:count} facts/fact {sel:sel}",
        lambda v, _: p.Count(v["bound"], v["number"], v["sel"]),
    ),
    (
        "then",
        "rule",
        "{bound:at least|at most|exactly} {number:count} facts/fact exist/exists",
        lambda v, _: p.Count(v["bound"], v["number"]),
    ),
    ("then", "rule", "it must include:", lambda _v, argument: p.Includes(field_rules(argument)), "table"),
    (
        "then",
        "rule",
        "it must not contain any forbidden term:",
        lambda _v, argument: p.ForbiddenTerms(terms(argument)),
        "table",
    ),
    (
        "then",
        "rule",
        "field {field:field} must [{not:not}] be [{bound:at least|at most|greater than|less than}] {value:value}",
        _field_is,
    ),
    ("then", "rule", "field {field:field} must be unique", lambda v, _: p.FieldUnique(v["field"])),
    ("then", "rule", f"field {{field:field}} must [{{not:not}}] equal {_OTHER}", _field_equals),
    ("then", "rule", "the sum of field {field:field} must {relation:equal|not exceed} {value:number}", _sum),
    ("then", "rule", f"the sum of field {{field:field}} must {{relation:equal|not exceed}} {_OTHER}", _sum),
    (
        "then",
        "rule",
        f"{_EACH} whose field {{field:field}} equals its field {{equals:field}}",
        _paired,
    ),
    (
        "then",
        "rule",
        f"{_EACH} referencing it",
        _paired,
    ),
    ("then", "rule", "no fact/facts under key {sel_key:key} {sel:sel} exists/exist", lambda v, _: p.Absent(v["sel"])),
    (
        "then",
        "rule",
        "an approval for {point:text} [by role {role:text}] exists",
        lambda v, _: p.Approved(v["point"], v["role"]),
    ),
    ("then", "rule", "evidence {name:text} exists", lambda v, _: NamedEvidence(v["name"])),
    ("then", "rule", "its confidence must be at least {value:share}", lambda v, _: p.ConfidenceAtLeast(v["value"])),
    ("when", "contract", "suggestor {name:text} executes", lambda v, _: SuggestorExecutes(v["name"])),
    ("then", "contract", "it proposes facts only under key {keys:keys}", lambda v, _: OnlyUnderKeys(v["keys"])),
    ("given", "example", "the inputs from {path:text}", lambda v, _: e.InputsFrom(v["path"])),
    ("given", "example", "input {name:text} is:", _input_is, "table or text"),
    ("given", "example", "{point:text} is {decision:approved|rejected} by {by:text} [for {id:text}]", _decided),
    ("given", "example", "suggestor {name:text} proposes {id:text} under key {key:key}:", _scripted, "table"),
    ("when", "example", "the truth runs to convergence", lambda _v, _: Converges()),
    ("then", "example", "the stop reason is {reason:text}", _stop),
    (
        "then",
        "example",
        "criterion {id:text} is {result:met|unmet|blocked|indeterminate}",
        lambda v, _: e.CriterionIs(v["id"], v["result"]),
    ),
    (
        "then",
        "example",
        "invariant {id:text} {verdict:holds|is violated|is not exercised}",
        lambda v, _: e.InvariantIs(v["id"], _VERDICTS[v["verdict"]]),
    ),
    ("then", "example", "gate {action:text} answers {outcome:text} for {id:text}", _gate),
    (
        "then",
        "example",
        "proposal {id:text} is rejected with {code:text}",
        _rejected,
    ),
    (
        "then",
        "example",
        "fact {id:text} under key {key:key} has field {field:field} {value:value}",
        lambda v, _: e.FactHasField(v["id"], v["key"], v["field"], v["value"]),
    ),
    ("then", "example", "all invariants hold", lambda _v, _: e.AllInvariantsHold()),
    ("then", "example", "no invariant is unexercised", lambda _v, _: e.NoneUnexercised()),
)

CATALOGUE: tuple[Pattern, ...] = tuple(Pattern(row[0], row[1], Template(row[2]), *row[3:]) for row in _TABLE)
"""The whole language."""
