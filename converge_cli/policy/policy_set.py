"""A pack's policy, parsed once and validated: what Cedar is asked with. Must never hold a policy that is not valid."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from converge_cli._internal.canonical_json import decode, encode
from converge_cli._internal.hashing import digest
from converge_cli.core.flow_gate import ContextValue, FlowGateInput, Principal, Resource
from converge_cli.core.pack import InvalidPackError, PolicyFiles
from converge_cli.core.pack_spec import ContextType, GateSpec
from converge_cli.policy.counterfactual import Verdict
from converge_cli.policy.policy_text import PolicyText, PolicyTextError, check_schema, split_policies
from converge_cli.policy.projection import UnjudgeableRequestError, project

if TYPE_CHECKING:
    import cedarpy

RULE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

_SAMPLE = FlowGateInput(
    Principal("sample", "advisory", ("sample",)),
    Resource("sample", "sample", "intent", ("sample",)),
    "commit",
    {"commitment_type": "sample", "human_approval_present": False, "required_gates_met": False},
)
_SAMPLE_VALUES: Mapping[ContextType, ContextValue] = {"money": 0, "integer": 0, "text": "sample", "boolean": False}
_NO_REQUEST = "failed to build request: "
_SCHEMA_FILE = "policy/schema.cedarschema"


class InvalidPolicyError(InvalidPackError):
    """A pack's Cedar policy or schema is at fault; `where` is the file and the line of the policy."""

    code = "POLICY_INVALID"


class PackPolicy:
    """The rules of one pack.

    Attributes:
        hash: SHA-256 of the canonical JSON of the policy files and the schema.
        rules: rule id -> `file:line` where it stands.

    Raises:
        InvalidPolicyError: a file can't be parsed, a rule has no id of its own, or does not fit the schema.
        ImportError: the Cedar engine is not there.
    """

    def __init__(self, pack: str, files: PolicyFiles) -> None:
        import cedarpy  # noqa: PLC0415  only who has a policy pays for the engine

        self.pack = pack
        self.hash = digest({"policies": dict(files.policies), "schema": files.schema})
        self.rules: dict[str, str] = {}
        self._cedar = cedarpy
        self._schema = self._parse_schema(files.schema)
        self._principal = lru_cache(maxsize=256)(self._parse_principal)
        self._entities = lru_cache(maxsize=1024)(self._add_resource)
        self._check_projection()
        policies = dict(self._parse(files))
        if not policies:
            raise self._invalid(
                "there is no rule, so everything would be refused", next(iter(files.policies), "policy")
            )
        self._policies = self._build(policies)

    def judge(self, asked: FlowGateInput) -> Verdict:
        """What the rules say; anything but a clean Allow or Deny is a verdict with an error."""
        try:
            projected = project(asked)
            entities = self._entities(projected.principal, projected.resource)
        except (UnjudgeableRequestError, ValueError) as error:
            return Verdict(False, (), str(error))
        # The schema goes with each request: without it Cedar skips a forbid that misses an attribute.
        result = self._cedar.is_authorized(projected.request, self._policies, entities, schema=self._schema)
        errors = result.diagnostics.errors
        if errors:
            return Verdict(False, (), "; ".join(errors))
        if result.allowed:
            return Verdict(True, tuple(sorted(result.diagnostics.reasons)))
        if result.decision is self._cedar.Decision.Deny:
            return Verdict(False, tuple(sorted(result.diagnostics.reasons)))
        return Verdict(False, (), "Cedar gave no decision")

    def check_gate(self, gate: GateSpec) -> None:
        """Refuse a gate whose requests the schema does not know, before anything is asked.

        Raises:
            InvalidPolicyError: naming the gate and what does not fit.
        """
        context = {**_SAMPLE.context, **{name: _SAMPLE_VALUES[field.type] for name, field in gate.context.items()}}
        projected = project(msgspec.structs.replace(_SAMPLE, action=gate.action, context=context))
        entities = self._entities(projected.principal, projected.resource)
        result = self._cedar.is_authorized(projected.request, self._policies, entities, schema=self._schema)
        for error in result.diagnostics.errors:
            # Rules may stumble over sample values; a request that can't be built never will be.
            if error.startswith(_NO_REQUEST):
                raise self._invalid(
                    f"gate {gate.name} does not fit the schema: {error.removeprefix(_NO_REQUEST)}",
                    _SCHEMA_FILE,
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
            raise self._invalid(str(error), _SCHEMA_FILE, error.line) from error
        except ValueError as error:
            raise self._invalid(str(error), _SCHEMA_FILE) from error

    def _check_projection(self) -> None:
        """Refuse a schema to which no request could ever conform."""
        try:
            sample = project(_SAMPLE)
            self._entities(sample.principal, sample.resource)
        except ValueError as error:
            raise self._invalid(
                f"Person or Resource does not have the attributes that requests bring ({error})",
                _SCHEMA_FILE,
                hint="Person: authority String, domains Set<String>, policy_version String; "
                "Resource: kind String, phase String, gates_passed Set<String>",
            ) from error

    def _parse(self, files: PolicyFiles) -> Iterator[tuple[str, Any]]:
        for file, text in files.policies.items():
            try:
                policies = split_policies(text)
            except PolicyTextError as error:
                raise self._invalid(str(error), file, error.line) from error
            for policy in policies:
                yield self._rule(file, policy)

    def _rule(self, file: str, policy: PolicyText) -> tuple[str, Any]:
        body = self._parse_one(file, policy)
        rule = body.get("annotations", {}).get("id") or ""
        if not RULE_ID.fullmatch(rule):
            raise self._invalid(
                f"the rule has the id {rule!r}" if rule else "the rule has no id",
                file,
                policy.line,
                hint='write @id("a-readable-name") above it: letters, digits, dots, dashes',
            )
        if rule in self.rules:
            raise self._invalid(f"the id {rule} is taken by {self.rules[rule]}", file, policy.line)
        for problem in self._cedar.validate_policies(policy.text, self._schema).errors:
            raise self._invalid(f"rule {rule}: {_reason(problem.error)}", file, policy.line)
        self.rules[rule] = f"{file}:{policy.line}"
        return rule, body

    def _parse_one(self, file: str, policy: PolicyText) -> Any:
        try:
            parsed = decode(self._cedar.policies_to_json_str(policy.text))
            static = parsed["staticPolicies"]
            self._build(static)
        except RecursionError as error:
            raise self._too_deep(file, policy) from error
        except ValueError as error:
            # Cedar reads its JSON form only to a depth that its text form may exceed.
            if "JSON" in str(error):
                raise self._too_deep(file, policy) from error
            raise self._invalid(str(error), file, policy.line) from error
        if parsed["templates"] or len(static) != 1:
            raise self._invalid(
                "a template permits nothing by itself",
                file,
                policy.line,
                hint="replace ?principal and ?resource by conditions",
            )
        return next(iter(static.values()))

    def _build(self, policies: dict[str, Any]) -> "cedarpy.PolicySet":
        """The rules under their own names: from text, Cedar would call them policy0, policy1 ..."""
        whole = {"templates": {}, "staticPolicies": policies, "templateLinks": []}
        return self._cedar.PolicySet.from_json_str(encode(whole).decode())

    def _too_deep(self, file: str, policy: PolicyText) -> InvalidPolicyError:
        return self._invalid("the rule is nested too deeply", file, policy.line, hint="split it into several rules")

    def _invalid(self, why: str, file: str, line: int | None = None, *, hint: str | None = None) -> InvalidPolicyError:
        where = f"{file}:{line}" if line is not None else file
        return InvalidPolicyError(f"policy of pack {self.pack}: {why}", hint=hint, where=where)


def _reason(message: str) -> str:
    """Cedar's message without the positional name that it gives to the policy."""
    return re.sub(r"^for policy `policy\d+`, ", "", message)
