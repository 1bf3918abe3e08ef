"""Cedar rules read one by one, each with its own id and line. Must never keep a rule that is not valid."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from converge_cli._internal.canonical_json import decode, encode
from converge_cli.core.pack import InvalidPackError, PolicyFiles
from converge_cli.policy.policy_text import PolicyText, PolicyTextError, split_policies

if TYPE_CHECKING:
    import cedarpy

RULE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class InvalidPolicyError(InvalidPackError):
    """A pack's Cedar policy or schema is at fault; `where` is the file and the line of the policy."""

    code = "POLICY_INVALID"

    def __init__(self, pack: str, why: str, file: str, line: int | None = None, *, hint: str | None = None) -> None:
        where = f"{file}:{line}" if line is not None else file
        super().__init__(f"policy of pack {pack}: {why}", hint=hint, where=where)


class RuleReader:
    """Reads the rules of one pack.

    Attributes:
        rules: rule id -> `file:line` where it stands.
        bodies: rule id -> its JSON form.
        problems: what is wrong, rule by rule; the others are read all the same.
    """

    def __init__(self, pack: str, schema: "cedarpy.Schema") -> None:
        import cedarpy  # noqa: PLC0415  only who has a policy pays for the engine

        self.pack = pack
        self.rules: dict[str, str] = {}
        self.bodies: dict[str, Any] = {}
        self.problems: list[InvalidPolicyError] = []
        self._cedar = cedarpy
        self._schema = schema

    def read(self, files: PolicyFiles) -> None:
        """Read every file."""
        for file, text in files.policies.items():
            try:
                policies = split_policies(text)
            except PolicyTextError as error:
                self.problems.append(self._invalid(str(error), file, error.line))
                continue
            for policy in policies:
                try:
                    self._read(file, policy)
                except InvalidPolicyError as error:
                    self.problems.append(error)
        if not self.bodies and not self.problems:
            first = next(iter(files.policies), "policy")
            self.problems.append(self._invalid("there is no rule, so everything would be refused", first))

    def _read(self, file: str, policy: PolicyText) -> None:
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
        self.bodies[rule] = body

    def _parse_one(self, file: str, policy: PolicyText) -> Any:
        try:
            parsed = decode(self._cedar.policies_to_json_str(policy.text))
            static = parsed["staticPolicies"]
            build_policies(self._cedar, static)
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

    def _too_deep(self, file: str, policy: PolicyText) -> InvalidPolicyError:
        return self._invalid("the rule is nested too deeply", file, policy.line, hint="split it into several rules")

    def _invalid(self, why: str, file: str, line: int | None = None, *, hint: str | None = None) -> InvalidPolicyError:
        return InvalidPolicyError(self.pack, why, file, line, hint=hint)


def build_policies(cedar: Any, policies: Mapping[str, Any]) -> "cedarpy.PolicySet":
    """Rules in JSON form as a set that is ready to be asked; from text Cedar would call them policy0, policy1 ..."""
    whole = {"templates": {}, "staticPolicies": dict(policies), "templateLinks": []}
    made: cedarpy.PolicySet = cedar.PolicySet.from_json_str(encode(whole).decode())
    return made


def _reason(message: str) -> str:
    """Cedar's message without the positional name that it gives to the policy."""
    return re.sub(r"^for policy `policy\d+`, ", "", message)
