"""A pack or a policy that is edited while a run waits: the run goes on with it only when somebody agrees."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = ("run", "bids", "--no-input", "--json")


@pytest.fixture
def site(converge, tmp_path):
    """A project with a copy of the procurement pack and of its truth."""
    folder = tmp_path / "site"
    converge("init", folder)
    shutil.copytree(ROOT / "packs" / "procurement", folder / "packs" / "procurement")
    shutil.copytree(ROOT / "truths" / "vendor-selection", folder / "truths" / "bids")
    truth = folder / "truths" / "bids" / "truth.yaml"
    truth.write_text(truth.read_text().replace("key: vendor-selection", "key: bids"))
    shutil.copy(ROOT / "features" / "vendor-selection.feature", folder / "features" / "bids.feature")
    shutil.copy(ROOT / "truths" / "people.yaml", folder / "truths" / "people.yaml")
    return folder


def edit_policy(site, text="\n// looked at again\n"):
    (policy,) = sorted((site / "packs" / "procurement" / "policy").glob("*.cedar"))[:1]
    policy.write_text(policy.read_text() + text)
    return f"policy/{policy.name} changed"


def approve(converge, run, site):
    return converge("approve", run, "vendor_commitment", "--as", "mona", "--reason", "ok", "--json", cwd=site)


def test_an_edited_policy_is_not_used_unless_somebody_agrees(converge, site):
    """Exit 2, nothing recorded, and what changed is named; agreed to, the new pack stands in the record, once."""
    run = converge(*RUN, cwd=site).data["run_id"]
    approve(converge, run, site)
    changed = edit_policy(site)
    head = converge("show", run, "--json", cwd=site).data["head"]
    refused = converge("resume", run, "--json", cwd=site)
    assert (2, "PACKS_CHANGED") == (refused.code, refused.error["code"])
    assert changed in refused.error["message"]
    assert f"converge resume {run} --accept-changes" in refused.error["hint"]
    assert head == converge("show", run, "--json", cwd=site).data["head"]
    assert 0 == converge("resume", run, "--accept-changes", "--json", cwd=site).code


def test_what_was_agreed_to_is_not_asked_again_and_the_next_change_is(converge, site):
    """Compared with what the run was driven with last; going back to the first packs is a change as well."""
    run = converge(*RUN, cwd=site).data["run_id"]
    edit_policy(site)
    codes = [converge("resume", run, *words, "--json", cwd=site).code for words in (["--accept-changes"], [], [])]
    edit_policy(site, "\n// and again\n")
    codes.append(converge("resume", run, "--json", cwd=site).code)
    shutil.rmtree(site / "packs" / "procurement")
    shutil.copytree(ROOT / "packs" / "procurement", site / "packs" / "procurement")
    codes.append(converge("resume", run, "--json", cwd=site).code)
    assert [4, 4, 4, 2, 2] == codes


def test_a_run_that_has_ended_says_so_whatever_became_of_its_packs(converge, site):
    """Nobody is asked to agree to what can't go on."""
    run = converge(*RUN, "--approve", "vendor_commitment=mona", cwd=site).data["run_id"]
    edit_policy(site)
    assert "RUN_NOT_RESUMABLE" == converge("resume", run, "--json", cwd=site).error["code"]


def test_whatever_changed_meanwhile_the_run_replays_to_its_head(converge, site):
    """Policy edited and agreed to, a person added who then decides: the record alone is enough, the project gone."""
    run = converge(*RUN, cwd=site).data["run_id"]
    edit_policy(site)
    converge("resume", run, "--accept-changes", "--json", cwd=site)
    people = site / "truths" / "people.yaml"
    people.write_text(
        people.read_text() + "  - {id: nils, name: Nils, roles: [procurement_manager], authority: supervisory}\n"
    )
    refused = converge("approve", run, "vendor_commitment", "--as", "petra", "--reason", "mine", "--json", cwd=site)
    decided = converge("approve", run, "vendor_commitment", "--as", "nils", "--reason", "ok", "--json", cwd=site)
    ended = converge("resume", run, "--json", cwd=site)
    shutil.rmtree(site)
    replayed = converge("replay", run, "--verify", "--json")
    assert (8, 0, 0, 0) == (refused.code, decided.code, ended.code, replayed.code), replayed.out


def test_people_who_changed_are_told_need_no_consent_and_replay_comes_out_the_same(converge, site):
    """A decision counts for the person as known when it is made; whom each was judged with stands in the record."""
    run = converge(*RUN, cwd=site).data["run_id"]
    people = site / "truths" / "people.yaml"
    whole = people.read_text()
    people.write_text(whole.replace("procurement_manager", "clerk"))
    lacking = approve(converge, run, site)
    people.write_text(whole.replace("sovereign", "supervisory", 1))  # sofia, the first of them
    decided = approve(converge, run, site)
    went_on = converge("resume", run, "--trace", "plain", cwd=site)
    people.unlink()
    replayed = converge("replay", run, "--verify", "--json", cwd=site)
    page = converge("replay", run, cwd=site).out
    assert (8, ["ROLE_MISSING"]) == (lacking.code, [item["code"] for item in lacking.data["refusals"]])
    assert "mona: roles procurement_manager -> clerk" in lacking.data["people_changed"]
    assert (0, ["sofia: authority sovereign -> supervisory"]) == (decided.code, decided.data["people_changed"])
    assert (0, 0) == (went_on.code, replayed.code), went_on.out + replayed.out
    assert "people have changed since: sofia: authority sovereign -> supervisory" in went_on.err
    assert "people are others than at the start" in page


def test_people_who_are_as_they_were_are_not_mentioned(converge, site):
    """Neither by a decision nor by a resume."""
    run = converge(*RUN, cwd=site).data["run_id"]
    ran = [approve(converge, run, site), converge("resume", run, "--json", cwd=site)]
    assert [False, False] == ["people_changed" in item.data for item in ran]
