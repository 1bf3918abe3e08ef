"""A pack's policy, parsed once and validated: what Cedar is asked with. Must never hold a policy that is not valid."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from converge_cli.core.flow_gate import ContextValue, FlowGateInput, Principal, Resource
from converge_cli.core.pack import InvalidPackError, PolicyFiles
from converge_cli.core.pack_spec import ALWAYS, ContextType, GateSpec
from converge_cli.core.policy_rule import PolicyRule
from converge_cli.policy.counterfactual import Verdict
from converge_cli.policy.policy_text import PolicyTextError, check_schema
from converge_cli.policy.projection import CedarRequest, UnjudgeableRequestError, project
from converge_cli.policy.rule_reader import InvalidPolicyError, RuleReader, build_policies
from converge_cli.policy.rule_view import decisive_paths, view_of
from converge_cli.policy.self_test import self_test

if TYPE_CHECKING:
    import cedarpy

_SAMPLE_VALUES: Mapping[ContextType, ContextValue] = {
    "money": 0,
    "integer": 0,
    "text": "sample",
    "decimal": "0.0",
    "boolean": False,
}
_SAMPLE = FlowGateInput(
    Principal("sample", "advisory", ("sample",)),
    Resource("sample", "sample", "intent", ("sample",)),
    "commit",
    {name: _SAMPLE_VALUES[kind] for name, kind in ALWAYS.items()},
)
_NO_REQUEST = "failed to build request: "


class InvalidPolicyRulesError(InvalidPolicyError):
    """Rules of a pack are at fault: tells of the first; all are in `problems`."""

    def __init__(self, problems: Sequence[InvalidPolicyError]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        InvalidPackError.__init__(self, first.message, hint=first.hint, where=first.where)


class PackPolicy:
    """The rules of one pack.

    Attributes:
        hash: SHA-256 of the canonical JSON of the policy files and the schema.
        rules: rule id -> `file:line` where it stands.
        bodies: rule id -> its JSON form.

    Raises:
        InvalidPolicyError: a file can't be parsed, a rule has no id of its own, or does not fit the schema.
        ImportError: the Cedar engine is not there.
    """

    def __init__(self, pack: str, files: PolicyFiles) -> None:
        import cedarpy  # noqa: PLC0415  only who has a policy pays for the engine

        self.pack = pack
        self.hash = files.hash
        self._cedar = cedarpy
        self._schema_file = files.schema_file
        self._schema = self._parse_schema(files.schema)
        self._principal = lru_cache(maxsize=256)(self._parse_principal)
        self._entities = lru_cache(maxsize=1024)(self._add_resource)
        self._check_projection()
        reader = RuleReader(pack, self._schema)
        reader.read(files)
        if reader.problems:
            raise InvalidPolicyRulesError(reader.problems)
        self.rules = reader.rules
        self.bodies = reader.bodies
        self._effects = {rule: body["effect"] for rule, body in reader.bodies.items()}
        self._decisive = {rule: decisive_paths(body) for rule, body in reader.bodies.items()}
        self._policies = self.policy_set(reader.bodies)

    def judge(self, asked: FlowGateInput) -> Verdict:
        """What the rules say; anything but a clean Allow or Deny is a verdict with an error."""
        try:
            result = self.ask(project(asked), self._policies)
        except (UnjudgeableRequestError, ValueError) as error:
            return Verdict(False, (), str(error))
        errors = result.diagnostics.errors
        return Verdict(False, (), "; ".join(errors)) if errors else self._verdict(result)

    def _verdict(self, result: "cedarpy.AuthzResult") -> Verdict:
        """What an answer without errors comes to; one that contradicts itself is an error."""
        rules = tuple(sorted(result.diagnostics.reasons))
        decision, decisions = result.decision, self._cedar.Decision
        if decision is decisions.Allow:
            if rules and result.allowed is True and all(self._effects.get(rule) == "permit" for rule in rules):
                return Verdict(True, rules)
            return Verdict(False, (), f"Cedar allows by what permits nothing: {', '.join(rules) or 'no rule'}")
        if decision is decisions.Deny and all(self._effects.get(rule) == "forbid" for rule in rules):
            return Verdict(False, rules)
        return Verdict(False, (), f"Cedar gave no decision that can be used: {decision}")

    def any_holds_still(self, rules: Iterable[str], changing: frozenset[str]) -> bool:
        """Whether one of these rules, which hold, does so whatever values some attributes of the request get."""
        return any(_reads_none(self._decisive[rule], changing) for rule in rules)

    def ask(self, projected: CedarRequest, policies: "cedarpy.PolicySet") -> Any:
        """Cedar's own answer, by these or other rules of the pack."""
        entities = self._entities(projected.principal, projected.resource)
        # The schema goes with each request: without it Cedar skips a forbid that misses an attribute.
        return self._cedar.is_authorized(projected.request, policies, entities, schema=self._schema)

    def ask_all(self, projected: Sequence[CedarRequest], policies: "cedarpy.PolicySet") -> list[Any]:
        """Cedar's own answers to requests of one principal and one resource, in their order; fewer calls, the same."""
        entities = self._entities(projected[0].principal, projected[0].resource)
        requests = [one.request for one in projected]
        return self._cedar.is_authorized_batch(requests, policies, entities, schema=self._schema)

    def policy_set(self, bodies: Mapping[str, Any]) -> "cedarpy.PolicySet":
        """Rules in JSON form, under their own names; as ready for `ask` as the pack's own."""
        return build_policies(self._cedar, bodies)

    def check_gate(self, gate: GateSpec) -> None:
        """Refuse a gate whose requests the schema does not know, before anything is asked.

        Raises:
            InvalidPolicyError: naming the gate and what does not fit.
        """
        context = {name: _SAMPLE_VALUES[kind] for name, kind in gate.context_types.items()}
        result = self.ask(
            project(msgspec.structs.replace(_SAMPLE, action=gate.action, context=context)), self._policies
        )
        for error in result.diagnostics.errors:
            # Rules may stumble over sample values; a request that can't be built never will be.
            if error.startswith(_NO_REQUEST):
                raise self._invalid(
                    f"gate {gate.name} does not fit the schema: {error.removeprefix(_NO_REQUEST)}",
                    self._schema_file,
                    hint=f"declare action {gate.action} with a context of {', '.join(context)}",
                )

    def _parse_principal(self, principal: str) -> "cedarpy.Entities":
        return self._cedar.Entities.from_json_str(principal, self._schema)

    def _add_resource(self, principal: str, resource: str) -> "cedarpy.Entities":
        return self._principal(principal).with_added_json_str(resource, self._schema)

    def _parse_schema(self, text: str) -> "cedarpy.Schema":
        try:
            check_schema(text)
            return self._cedar.Schema.from_str(text)
        except PolicyTextError as error:
            raise self._invalid(str(error), self._schema_file, error.line) from error
        except ValueError as error:
            raise self._invalid(str(error), self._schema_file) from error

    def _check_projection(self) -> None:
        """Refuse a schema to which no request could ever conform."""
        try:
            sample = project(_SAMPLE)
            self._entities(sample.principal, sample.resource)
        except ValueError as error:
            raise self._invalid(
                f"Person or Resource does not have the attributes that requests bring ({error})",
                self._schema_file,
                hint="Person: authority String, domains Set<String>, policy_version String; "
                "Resource: kind String, phase String, gates_passed Set<String>",
            ) from error

    def _invalid(self, why: str, file: str, line: int | None = None, *, hint: str | None = None) -> InvalidPolicyError:
        return InvalidPolicyError(self.pack, why, file, line, hint=hint)


def _reads_none(paths: frozenset[str] | None, changing: frozenset[str]) -> bool:
    if paths is None:
        return False
    inside = tuple(f"{name}." for name in changing)
    return not any(path in changing or path.startswith(inside) for path in paths)


def policy_problems(pack: str, files: PolicyFiles, gates: Iterable[GateSpec]) -> tuple[InvalidPolicyError, ...]:
    """Everything that is wrong with a pack's policy, rule by rule; its gates are looked at when the rules are well."""
    unusable = self_test()
    if unusable:
        return (
            InvalidPolicyError(pack, f"the Cedar engine may not judge it: {'; '.join(unusable)}", files.schema_file),
        )
    try:
        policy = PackPolicy(pack, files)
        for gate in gates:
            policy.check_gate(gate)
    except InvalidPolicyRulesError as error:
        return error.problems
    except InvalidPolicyError as error:
        return (error,)
    return ()


def policy_rules(pack: str, files: PolicyFiles) -> tuple[PolicyRule, ...]:
    """The rules of a pack's policy, in the order of its files; none where the Cedar engine may not judge them.

    Raises:
        InvalidPolicyError: the policy is not valid.
    """
    if self_test():
        return ()
    policy = PackPolicy(pack, files)
    return tuple(view_of(rule, policy.rules[rule], body) for rule, body in policy.bodies.items())
