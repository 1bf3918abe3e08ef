"""Which files a validation looks at: every one, each once, in a stable order; and one bad file hides no other."""

import os
import shutil
import time
from pathlib import Path

import pytest
from small_site import GOOD, Site, told

from converge_cli.app.validate.validate_truths import NothingToValidateError

PLAIN = ["truths/small/truth.yaml", "features/small.feature", "truths/people.yaml", "packs/small.py"]
LONE = "Feature: Bids are kept\n\n  @invariant @structural @id:a\n  Scenario: A bid has a price\n    {step}\n"
GUARDED = "authority: {must_not: [{id: silence, text: A note is empty, guarded_by: notes_have_text}]}\n"
GIVEN = 'Given any fact under key "Seeds" with id "bid:*"\n    Then field "price" must be at least 1'


def test_without_paths_the_whole_project_is_looked_at(site: Site) -> None:
    """Truths with their features and people, packs; wherever in the project somebody stands."""
    assert PLAIN == list(site.validate().files)
    assert 4 == len(site.validate(folder=site / "truths/small").files)


@pytest.mark.parametrize(
    ("paths", "files"),
    [
        (["features"], PLAIN[:3]),
        (["features/small.feature"], PLAIN[:3]),
        (["truths/small/truth.yaml"], PLAIN[:3]),
        (["small"], PLAIN[:3]),
        (["packs"], PLAIN[3:]),
        (["packs/small.py"], PLAIN[3:]),
        (["truths/people.yaml"], PLAIN[2:3]),
        ([".", "truths", "features/../truths/small/truth.yaml"], PLAIN),
    ],
)
def test_a_path_means_the_files_below_it_each_once(site: Site, paths: list[str], files: list[str]) -> None:
    """Folders, files, a key, and the same file named in several ways."""
    assert sorted(files) == sorted(site.validate(*paths).files)


@pytest.mark.parametrize("name", ["nothing-here", "empty", "empty/deeper", "x" * 5000, "nul\0byte"])
def test_a_path_without_anything_to_check_is_an_error_even_beside_a_good_one(site: Site, name: str) -> None:
    """A check of nothing must not pass."""
    (site / "empty/deeper").mkdir(parents=True)
    with pytest.raises(NothingToValidateError):
        site.validate("truths", name)


def test_a_feature_outside_of_any_project_is_checked_for_its_sentences(tmp_path: Path, site: Site) -> None:
    """A warning says what could not be checked; a sentence that is no step is an error all the same."""
    lone = tmp_path / "lone.feature"
    lone.write_text(LONE.format(step=GIVEN))
    assert [f"feature-without-truth {lone}:1:1"] == told(site.validate(lone))
    lone.write_text(LONE.format(step="Then it is refused"))
    found = site.validate(lone)
    assert {"unknown-step", "feature-without-truth"} == {item.name for item in found.diagnostics}
    assert 1 == found.errors


def test_a_truth_outside_of_any_project_is_checked_with_the_feature_beside_it(tmp_path: Path, site: Site) -> None:
    """A folder with two files is enough."""
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "truth.yaml").write_bytes((site / Site.TRUTH).read_bytes().replace(b"packs: [small]", b"packs: [hello]"))
    (alone / "small.feature").write_bytes(LONE.format(step="Then it is refused").encode())
    found = site.validate(folder=alone)
    assert ["truth.yaml", "small.feature"] == list(found.files)
    assert "unknown-step" in {item.name for item in found.diagnostics}


def test_a_feature_beside_a_truth_that_does_not_name_it_is_not_taken_for_checked(tmp_path: Path, site: Site) -> None:
    """Otherwise the truth would answer for a file that nobody read."""
    (site / "truths/small/other.feature").write_text(LONE.format(step="Then it is refused"))
    names = {item.name for item in site.validate("truths/small/other.feature").diagnostics}
    assert {"unknown-step", "feature-without-truth"} == names


def test_one_bad_file_never_hides_the_next(site: Site) -> None:
    """Binary, too large, malformed, unreadable, a broken pack, people without names: each has its finding."""
    site.write("truths/binary/truth.yaml", b"truth: v1\n\0")
    site.write("truths/large/truth.yaml", b"# " + b"x" * 6_000_000)
    site.write("truths/people.yaml", "people: [{id: petra}]\n")
    site.write("features/lost.feature", b"\xffeature")
    site.write("packs/broken.py", 'PACK = {"pack": "v1", "name": "broken", "shape": 1}\n')
    site.write("packs/folder/pack.yaml", "pack: v1\nname: folder\ntitle: none\n")
    (site / "truths/gone").mkdir()
    (site / "truths/gone/truth.yaml").symlink_to("nowhere")
    (site / "truths/pipe").mkdir()
    os.mkfifo(site / "truths/pipe/truth.yaml")
    site.replace(Site.FEATURE, 'Then the stop reason is "CriteriaMet"', "Then it is well")
    found = {(item.name, item.file) for item in site.validate().diagnostics}
    assert {
        ("binary", "truths/binary/truth.yaml"),
        ("too-large", "truths/large/truth.yaml"),
        ("missing-key", "truths/people.yaml"),
        ("not-utf8", "features/lost.feature"),
        ("unknown-key", "packs/broken.py"),
        ("unknown-key", "packs/folder/pack.yaml"),
        ("unreadable-file", "truths/gone/truth.yaml"),
        ("unreadable-file", "truths/pipe/truth.yaml"),
        ("unknown-step", "features/small.feature"),
    } <= found


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", [b"# " + b"x" * 6_000_000, b"Feature: Bids are kept\n" + b"Then x\n" * 30_000, b"@a " * 1_000_000]
)
def test_a_feature_that_is_too_large_is_told_at_the_feature(site: Site, text: bytes) -> None:
    """Not at the truth that names it: nobody would find a fault there."""
    site.write(Site.FEATURE, text)
    assert f"too-large {Site.FEATURE}:1:1" in told(site.validate())


def test_a_name_that_is_not_utf8_is_told_in_plain_characters(site: Site) -> None:
    """Such a name can be neither printed nor written down as it is."""
    folder = os.fsencode(site / "features") + b"/\xff"
    os.mkdir(folder)
    with open(folder + b"/bad.feature", "wb") as file:
        file.write(b"Feature: x\n")
    assert "scenario-without-steps features/\\udcff/bad.feature:1:1" in told(site.validate())


def test_a_key_that_is_not_its_folders_name_is_one_finding(site: Site) -> None:
    """The feature bears the folder's name, so it is read; what it declares is not called unknown."""
    site.replace(Site.TRUTH, "budget:", f"{GUARDED}budget:")
    site.replace(Site.TRUTH, "key: small\n", "key: smal\n")
    assert [f"invalid-value {Site.TRUTH}:2:6"] == told(site.validate())


def test_of_a_feature_that_is_missing_nothing_is_called_undefined(site: Site) -> None:
    """What it would declare is not known; the missing file is the one mistake."""
    site.replace(Site.TRUTH, "budget:", f"{GUARDED}budget:")
    assert [] == told(site.validate())
    site.replace(Site.TRUTH, "key: small\n", "key: small\nfeatures: [smal.feature]\n")
    (site / Site.FEATURE).unlink()
    assert [f"missing-file {Site.TRUTH}:3:12"] == told(site.validate())


def test_an_input_that_is_no_file_is_a_finding(site: Site) -> None:
    """A folder, pipe or device can't be read as an input."""
    inputs = "inputs: {note: {file: note.txt, id: 'text:note'}}\n"
    site.replace(Site.TRUTH, "packs: [small]\n", f"packs: [small]\n{inputs}")
    (site / "truths/small/note.txt").mkdir()
    assert [f"missing-file {Site.TRUTH}"] == [
        name.rpartition(":")[0].rpartition(":")[0] for name in told(site.validate())
    ]


def test_links_in_a_circle_end_and_name_no_file_twice(site: Site) -> None:
    """To the folder above, to itself, to a neighbour."""
    (site / "truths/up").symlink_to("..")
    (site / "truths/self").symlink_to("self")
    (site / "truths/twin").symlink_to("small")
    (site / "truths/root").symlink_to("/")
    assert 4 == len(site.validate().files)
    assert [] == told(site.validate())


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_folder_that_may_not_be_read_is_a_finding(site: Site) -> None:
    """Its files are not checked, so it can't be clean."""
    (site / "features/secret").mkdir(mode=0)
    try:
        assert ["unreadable-file features/secret:1:1"] == told(site.validate())
    finally:
        (site / "features/secret").chmod(0o700)


def test_caches_hidden_folders_and_environments_are_passed_over(site: Site) -> None:
    """Nobody wrote them."""
    for folder in (".hidden", "__pycache__", "node_modules", "env"):
        site.write(f"features/{folder}/bad.feature", "Feature: x\n")
    site.write("features/env/pyvenv.cfg", "")
    assert [] == told(site.validate())


def test_a_project_is_its_three_folders(site: Site) -> None:
    """What else lies in it, such as test data, is not meant to be valid; named, it is looked at."""
    site.write("tests/data/bad.feature", "Feature: x\n")
    assert [] == told(site.validate("."))
    assert "scenario-without-steps tests/data/bad.feature:1:1" in told(site.validate("tests"))


def test_a_wide_tree_is_walked_in_no_time(site: Site) -> None:
    """A thousand folders are nothing."""
    for number in range(1000):
        (site / f"features/a{number}").mkdir()
    began = time.perf_counter()
    assert [] == told(site.validate())
    assert time.perf_counter() - began < 2


def test_a_policy_is_checked_with_the_pack_that_names_it(site: Site) -> None:
    """Named alone, in a folder pack or beside a one-file pack; other Python files beside it are no packs."""
    shutil.copytree(GOOD.parents[1] / "bad" / "invalid-policy" / "packs" / "small", site / "packs/more")
    site.write("packs/more/helper.py", "raise SystemExit\n")
    site.replace("packs/more/pack.yaml", "name: small", "name: more")
    found = told(site.validate("packs/more/policy/commit.cedar"))
    assert [f"invalid-policy packs/more/policy/commit.cedar:{line}:1" for line in (2, 7)] == found
    assert ["invalid-policy packs/more/policy/forgotten.cedar:1:1"] == [
        item for item in told(site.validate("packs/more/policy/forgotten.cedar")) if "forgotten" in item
    ]
    gates = (
        '"gates": [{"on": "Signals:note:*", "action": "commit", "resource": {"kind": "note", "phase": "commitment", '
    )
    gates += '"id": "text"}}], "policy": ["rules/a.cedar"], "schema": "rules/a.cedarschema",\n    "kinds"'
    site.replace(Site.PACK, '"kinds"', gates)
    schema = (site / "packs/more/policy/schema.cedarschema").read_text().replace("  amount: Long,\n", "")
    site.write("packs/rules/a.cedarschema", schema)
    site.write("packs/rules/a.cedar", '@id("a") permit (principal, action, resource) when { context.amount > 0 };\n')
    site.write("packs/helper.py", "raise SystemExit\n")
    assert ["invalid-policy packs/rules/a.cedar:1:1"] == told(site.validate("packs/rules/a.cedar"))
    site.write("packs/rules/a.cedarschema", "entity;")
    assert {"packs/rules/a.cedarschema"} == {
        item.file for item in site.validate("packs/rules/a.cedarschema").diagnostics
    }
