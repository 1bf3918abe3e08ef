"""The flow gate that asks Cedar. Must never raise from a decision, and never promote what it could not judge."""

from collections.abc import Iterable, Mapping

from converge_cli.core.flow_gate import MAX_POINTS, FlowGateDecision, FlowQuestion, granted
from converge_cli.core.pack import PolicyFiles
from converge_cli.core.pack_spec import GateSpec
from converge_cli.policy.counterfactual import Verdict, changing, find_unlock, in_vain
from converge_cli.policy.policy_set import PackPolicy
from converge_cli.policy.projection import UnjudgeableRequestError, check_computed
from converge_cli.policy.rule_reader import InvalidPolicyError
from converge_cli.policy.self_test import PANIC, self_test

_MAX_DETAIL = 1_000


class CedarAuthorizer:
    """Answers flow gates by the policy of the pack that asks (implements `core.port.FlowGate`).

    Policies are parsed and validated here, once. Without a Cedar engine that works it can still be made: it then
    refuses everything, and says why.

    Args:
        policies: pack name -> its Cedar files and schema.
        gates: what will be asked; each must fit the schema of its pack.

    Raises:
        InvalidPolicyError: a policy that is not valid, or a gate that its schema does not know, stops the load.
    """

    def __init__(self, policies: Mapping[str, PolicyFiles], gates: Iterable[GateSpec] = ()) -> None:
        self._packs: dict[str, PackPolicy] = {}
        self._hashes = {pack: files.hash for pack, files in policies.items()}
        self._unusable = ""
        try:
            for pack, files in policies.items():
                self._packs[pack] = PackPolicy(pack, files)
            for gate in gates:
                if gate.pack in self._packs:
                    self._packs[gate.pack].check_gate(gate)
        except InvalidPolicyError:
            raise
        except ImportError as error:
            self._unusable = f"it can't be imported: {error}"
        except Exception as error:  # noqa: BLE001  law 8: an engine that breaks may keep nobody from being refused
            self._unusable = f"{type(error).__name__}: {error}"
        except BaseException as error:
            if type(error).__name__ != PANIC:
                raise
            self._unusable = f"it panicked: {error}"

    def rules(self, pack: str) -> Mapping[str, str]:
        """Rule id -> `file:line`, of a pack's policy; empty for a pack without one."""
        return dict(self._packs[pack].rules) if pack in self._packs else {}

    def decide(self, question: FlowQuestion) -> FlowGateDecision:
        """PROMOTE, REJECT, or ESCALATE with what would really unlock it; a REJECT of source error on any doubt."""
        try:
            return self._decide(question)
        except Exception as error:  # noqa: BLE001  law 8: whatever went wrong, the answer is no
            return self._refused(question, f"{type(error).__name__}: {error}")
        except BaseException as error:
            # A panic of the Rust engine is not an Exception; an interrupt or the watchdog is not ours to keep.
            if type(error).__name__ == PANIC:
                return self._refused(question, f"the Cedar engine panicked: {error}")
            raise

    def _decide(self, question: FlowQuestion) -> FlowGateDecision:
        policy = self._packs.get(question.pack)
        obstacle = self._obstacle(question)
        if policy is None or obstacle:
            return self._refused(question, obstacle or f"pack {question.pack} has no policy")
        verdict = policy.judge(granted(question.request, question.requires, ()))
        if verdict.error:
            return self._refused(question, verdict.error)
        if verdict.allowed:
            return FlowGateDecision("PROMOTE", rules=verdict.rules, policy_hash=policy.hash)
        return _denied(question, verdict, policy)

    def _obstacle(self, question: FlowQuestion) -> str:
        """Why the question can't be put to Cedar at all, or ""."""
        problems = [self._unusable] if self._unusable else self_test()
        if problems:
            return f"the Cedar engine may not decide: {'; '.join(problems)}"
        if len(question.grants) > MAX_POINTS:
            return f"{len(question.grants)} approval points on one gate; at most {MAX_POINTS} can be weighed"
        try:
            check_computed(question.request)
        except UnjudgeableRequestError as error:
            return str(error)
        return ""

    def _refused(self, question: FlowQuestion, detail: str) -> FlowGateDecision:
        pack = getattr(question, "pack", None)
        policy_hash = self._hashes.get(pack, "") if isinstance(pack, str) else ""
        return FlowGateDecision("REJECT", source="error", detail=detail[:_MAX_DETAIL], policy_hash=policy_hash)


def _denied(question: FlowQuestion, verdict: Verdict, policy: PackPolicy) -> FlowGateDecision:
    passed = set(question.request.resource.gates_passed)
    # What is forbidden for another reason than what could be given stays so: nothing needs to be tried.
    unlock = None if policy.any_holds_still(verdict.rules, changing(question)) else find_unlock(question, policy.judge)
    if unlock is not None:
        return FlowGateDecision(
            "ESCALATE",
            approvals=unlock.approvals,
            authority=unlock.authority,
            in_vain=in_vain(question, unlock, policy.judge),
            # Why it is refused now, and by which rule it would pass.
            rules=tuple(dict.fromkeys((*verdict.rules, *unlock.rules))),
            missing=tuple(gate for gate in question.requires if gate not in passed),
            policy_hash=policy.hash,
        )
    # A gate that an approval could still grant is not what stands in the way.
    grantable = {gate for grant in question.grants.values() for gate in grant.gates}
    return FlowGateDecision(
        "REJECT",
        rules=verdict.rules,
        missing=tuple(gate for gate in question.requires if gate not in passed | grantable),
        detail="" if verdict.rules else _nothing_permits(question),
        policy_hash=policy.hash,
    )


def _nothing_permits(question: FlowQuestion) -> str:
    request = question.request
    who = request.principal
    return (
        f"no rule of pack {question.pack} permits {request.action} of {request.resource.kind} {request.resource.id} "
        # A letter of another script looks like the one that a rule names: it must be seen.
        f"by {who.id} ({who.authority}; {', '.join(map(_plain, who.domains)) or 'no domain'})"
    )


def _plain(name: str) -> str:
    return name if name.isascii() and name.isprintable() else ascii(name)
