"""A policy that is not valid stops the load, and says where."""

import msgspec
import pytest
from policy_kit import COMMITMENT

from converge_cli.core.pack import InvalidPackError, PolicyFiles
from converge_cli.core.pack_spec import ContextField
from converge_cli.policy.cedar import CedarAuthorizer
from converge_cli.policy.policy_set import InvalidPolicyError
from converge_cli.policy.policy_text import PolicyText, PolicyTextError, split_policies

GOOD = '@id("good") permit (principal, action == Action::"commit", resource);'
BAD_RULES = {
    "no id": ("permit (principal, action, resource);", "has no id"),
    "an empty id": ('@id("") permit (principal, action, resource);', "has no id"),
    "an id with blanks": ('@id("a b") permit (principal, action, resource);', "'a b'"),
    "an id that is taken": (GOOD, "taken by policy/a.cedar:2"),
    "no semicolon": ('@id("x") permit (principal, action, resource)', "unexpected"),
    "an unknown variable": ('@id("x") permit (principal, action, resource) when { foo };', "foo"),
    "an unknown attribute": ('@id("x") permit (principal, action, resource) when { principal.nope };', "nope"),
    "an unknown action": ('@id("x") permit (principal, action == Action::"zap", resource);', "zap"),
    "text compared with a number": (
        '@id("x") permit (principal, action, resource) when { principal.authority < 3 };',
        "Long",
    ),
    "a template": ('@id("x") permit (principal == ?principal, action, resource);', "template"),
    "a condition beyond every depth": (
        f'@id("x") permit (principal, action, resource) when {{ {"(" * 5000}true{")" * 5000} }};',
        "deeper than",
    ),
    "a chain beyond every depth": (
        f'@id("x") permit (principal, action, resource) when {{ {"true && " * 900}true }};',
        "too deeply",
    ),
    "a policy that is too long": (
        f'@id("x") permit (principal, action, resource) when {{ {"true && " * 9000}true }};',
        "longer than",
    ),
}


@pytest.mark.parametrize(("rule", "why"), BAD_RULES.values(), ids=BAD_RULES)
def test_a_bad_rule_is_refused_with_file_and_line(procurement, rule, why):
    """The second rule stands on line four, after a comment."""
    files = PolicyFiles({"policy/a.cedar": f'// "one;"\n{GOOD}\n// two\n{rule}'}, procurement.schema)
    with pytest.raises(InvalidPolicyError) as raised:
        CedarAuthorizer({"procurement": files})
    assert ("policy/a.cedar:4", "POLICY_INVALID") == (raised.value.where, raised.value.code)
    assert why in raised.value.message
    assert raised.value.message.startswith("policy of pack procurement: ")


def test_an_invalid_policy_is_an_invalid_pack(procurement):
    """Who loads packs needs to know one error only."""
    with pytest.raises(InvalidPackError):
        CedarAuthorizer({"procurement": PolicyFiles({"policy/a.cedar": "nonsense"}, procurement.schema)})


@pytest.mark.parametrize("text", ["", "// nothing but a comment; really\n"])
def test_a_policy_without_rules_is_refused(procurement, text):
    """Nothing declared is inert."""
    with pytest.raises(InvalidPolicyError, match="there is no rule"):
        CedarAuthorizer({"procurement": PolicyFiles({"policy/a.cedar": text}, procurement.schema)})


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ("entity", "unexpected"),
        ("", "Person or Resource"),
        ("entity Person; entity Resource;", "Person or Resource"),
        ("entity Person { a: " + "Set<" * 50 + "Long" + ">" * 50 + " };", "deeper than"),
    ],
    ids=["broken", "empty", "without attributes", "too deep"],
)
def test_a_bad_schema_is_refused(schema, why):
    """A schema that can't be parsed, or to which no request could conform."""
    with pytest.raises(InvalidPolicyError, match=why) as raised:
        CedarAuthorizer({"p": PolicyFiles({"policy/a.cedar": GOOD}, schema)})
    assert (raised.value.where or "").startswith("policy/schema.cedarschema")


GATE_MISFITS = {
    "an action": ({"action": "validate"}, "validate"),
    "a context value too few": ({"context": {}}, "amount"),
    "a context value too many": (
        {"context": {**COMMITMENT.context, "region": ContextField("text", "region")}},
        "region",
    ),
    "a context value of another type": ({"context": {"amount": ContextField("text", "price")}}, "amount"),
}


def test_a_gate_that_fits_its_schema_is_accepted(procurement):
    """As shipped; a gate of a pack without policy is not this policy's business."""
    gates = [COMMITMENT, msgspec.structs.replace(COMMITMENT, pack="other", action="validate")]
    assert CedarAuthorizer({"procurement": procurement}, gates).rules("procurement")


@pytest.mark.parametrize(("change", "why"), GATE_MISFITS.values(), ids=GATE_MISFITS)
def test_a_gate_that_the_schema_does_not_know_stops_the_load(procurement, change, why):
    """It could only ever be refused, so it is said at the start."""
    with pytest.raises(InvalidPolicyError, match="does not fit the schema") as raised:
        CedarAuthorizer({"procurement": procurement}, [msgspec.structs.replace(COMMITMENT, **change)])
    assert why in raised.value.message


def test_a_file_is_split_at_semicolons_that_end_policies():
    """Semicolons in texts and comments end nothing; comments are left out and lines still counted."""
    text = '// a; b\n\n@id("x;y")\npermit (a); // end;\n forbid (b)\n when { "\\";" };\n'
    expected = [
        PolicyText(3, '@id("x;y")\npermit (a);'),
        PolicyText(5, 'forbid (b)\n when { "\\";" };'),
    ]
    assert expected == split_policies(text)


def test_a_wrong_closing_bracket_does_not_hide_depth():
    """Text that would crash the parser is refused even when brackets do not match."""
    with pytest.raises(PolicyTextError, match="deeper"):
        split_policies("permit (" + "(]" * 40 + ");")


def test_a_file_that_is_too_long_is_refused():
    """No parser sees it."""
    with pytest.raises(PolicyTextError, match="longer than"):
        split_policies(" " * 300_000)
