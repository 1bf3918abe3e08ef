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
