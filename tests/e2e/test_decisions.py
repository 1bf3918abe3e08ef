"""Decisions that do not count, by command: each has its own code, is recorded, changes nothing; effects happen once."""

import time

import pytest

PEOPLE = """\
people:
  - {id: ann, name: Ann, roles: [chief], authority: advisory, domains: []}
  - {id: ben, name: Ben, roles: [chief], authority: advisory, domains: []}
  - {id: cat, name: Cat, roles: [clerk], authority: advisory, domains: []}
  - {id: pat, name: Pat, roles: [chief], authority: advisory, domains: []}
"""
ASKS = """\
inputs:
  later: {kind: note, id: "note:{text}", as: rows}
authority: {actor: pat, requires_approval: [boss]}
approval_points:
  - id: boss
    role: chief
    approves: 'any proposal under key "Signals" with id "note:*"'
    not_by: [principal]
"""
WRITER = """\
class Writer(Base):
    reads = ("Seeds",)

    def execute(self, view):
        text = "".join(fact.payload.text for fact in view.facts("Seeds") if fact.kind == "note") or "hello"
        return Effect([self.note(view, text, "one"), self.note(view, "hello", "two")])
"""


@pytest.fixture
def asked(converge, project):
    """Starts a run that asks about two notes, with more terms for the point; answers come from the project's folder."""

    def start(terms=""):
        folder = project.write(WRITER, truth=ASKS + terms)
        (folder / "truths" / "people.yaml").write_text(PEOPLE)
        ran = converge("run", project.truth, "--seed", "Seeds:text:go=on", "--no-input", "--json", cwd=folder)
        assert 4 == ran.code, ran.out
        return Asked(converge, folder, ran.data["run_id"])

    return start


class Asked:
    """A run that waits, and people who decide."""

    def __init__(self, converge, folder, run):
        self.run = run
        self._converge = converge
        self._folder = folder

    def __call__(self, command, *words):
        return self._converge(command, self.run, *words, "--json", cwd=self._folder)

    def approves(self, who, target="note:one"):
        """The exit code, and the codes of what was refused."""
        ran = self("approve", target, "--as", who, "--reason", "fine")
        return ran.code, [item["code"] for item in ran.data["refusals"]]

    def request(self, fact):
        """The id of the request about a fact."""
        pending = self("show").data["approvals"]["pending"]
        return next(item["request"] for item in pending if item["fact"] == fact)

    def refused(self):
        """The codes that stand in the record, in order."""
        words = ("experience", "query", "--event", "DecisionRefused", "--json")
        return [item["event"]["code"] for item in self._converge(*words, cwd=self._folder).data["events"]]


def test_who_decides_how_often_and_when_is_checked_and_every_refusal_is_recorded(asked):
    """Two people are needed: not a clerk, not the principal, not one person twice, not again, not after the end."""
    run = asked("    quorum: 2\n")
    first = run.request("note:one")
    said = [run.approves(who) for who in ("cat", "pat", "ann", "ann", "ben", "ben")]
    went_on = run("resume")
    said += [run.approves("ann", first), run.approves("ann", "note:two"), run.approves("ben", "note:two")]
    ended = run("resume")
    said.append(run.approves("ann", first))
    again = run("resume")
    refused = ["ROLE_MISSING", "SELF_APPROVAL", "SAME_PERSON", "ALREADY_DECIDED", "APPROVAL_SPENT", "RUN_ENDED"]
    assert refused == [code for _, codes in said for code in codes] == run.refused()
    assert [8, 8, 0, 8, 0, 8, 8, 0, 0, 8] == [code for code, _ in said]
    assert (4, 0, 1) == (went_on.code, ended.code, again.code)
    assert "ended for good" in again.error["message"]
    notes = [fact["id"] for fact in run("show").data["facts"] if fact["kind"] == "note"]
    assert ["note:one", "note:two"] == sorted(notes)
    assert 0 == run("replay", "--verify").code


def test_what_changed_since_it_was_asked_cannot_be_approved(asked, project):
    """An input that was missing comes, and another text is proposed: the old request is refused, the new one counts."""
    run = asked()
    old = run.request("note:one")
    (project.truth.parent / "later.csv").write_text("text\nother\n")
    assert 4 == run("resume", "--input", f"later={project.truth.parent / 'later.csv'}").code
    assert (8, ["PROPOSAL_CHANGED"]) == run.approves("ann", old)
    assert (0, []) == run.approves("ann", run.request("note:one"))
    texts = [fact["content"]["text"] for fact in run("resume").data["facts"] if fact["id"] == "note:one"]
    assert (["other"], ["PROPOSAL_CHANGED"]) == (texts, run.refused())


def test_nobody_decides_after_the_time_or_in_a_way_that_the_point_forbids(asked):
    """A second too late; and at a terminal where only a pipeline may."""
    late = asked("    timeout: {after: 1s, action: reject}\n")
    time.sleep(1.1)
    assert (8, ["TIMED_OUT"]) == late.approves("ann")
    forbidden = asked("    modes: [ci]\n")
    assert (8, ["MODE_FORBIDDEN"]) == forbidden.approves("ann")
    promoted = [fact["id"] for fact in late("resume").data["facts"] if fact["kind"] == "note"]
    assert (["MODE_FORBIDDEN", "TIMED_OUT"], []) == (forbidden.refused(), promoted)
