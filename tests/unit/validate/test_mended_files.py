"""`--fix` writes what is certain, and nothing else: not one other byte, nor twice."""

import os
import stat
import subprocess
from pathlib import Path

import pytest
from small_site import Site, told

from converge_cli.app.validate.mended_files import NotMendedError

SPOILED = [
    ("a first step", Site.FEATURE, "    Given any fact under", "    Gven any fact under"),
    ("a keyword has a colon", Site.FEATURE, "    When the truth runs", "    When: the truth runs"),
    ("a tag", Site.FEATURE, "@structural", "@strucural"),
    ("a kind", Site.FEATURE, '"note:*"', '"notes:*"'),
    ("a context key", Site.FEATURE, 'key "Signals"', 'key "Signal"'),
    ("a field", Site.TRUTH, 'with id "note:*"', 'with id "note:*" where field "txt" is "hello"'),
    ("a key of the truth", Site.TRUTH, "title:", "titel:"),
    ("a key inside", Site.TRUTH, "    description:", "    desciption:"),
    ("a pack", Site.TRUTH, "packs: [small]", "packs: [smal]"),
    ("a word of people", "truths/people.yaml", "supervisory", "supervisry"),
]  # fmt: skip


def spoil(site: Site, file: str, right: str, wrong: str) -> bytes:
    """Replace the first place in a file; its bytes before."""
    before = (site / file).read_bytes()
    (site / file).write_bytes(before.replace(right.encode(), wrong.encode(), 1))
    assert (site / file).read_bytes() != before
    return before


@pytest.mark.parametrize(("what", "file", "right", "wrong"), SPOILED, ids=[case[0] for case in SPOILED])
def test_what_is_misspelt_beyond_doubt_is_mended(site: Site, what: str, file: str, right: str, wrong: str) -> None:
    """Afterwards the project is clean, and a second time finds nothing to do."""
    before = spoil(site, file, right, wrong)
    assert [] != told(site.validate())
    changes = site.mend()
    assert ([file], []) == ([change[0] for change in changes], told(site.validate()))
    if what != "a field":
        assert before == (site / file).read_bytes()
    assert [] == site.mend()


def test_everything_is_mended_at_once(site: Site) -> None:
    """Several on one line, in several files, and what shows only after the first is mended."""
    for _, file, right, wrong in SPOILED:
        if (site / file).read_text().count(right):
            spoil(site, file, right, wrong)
    site.replace(Site.FEATURE, "Then the stop reason is", "Then: the stop reason is")
    assert len(site.mend()) > len(SPOILED)
    assert [] == told(site.validate())


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        (Site.FEATURE, 'Then the stop reason is "CriteriaMet"', "Then it is well"),
        (Site.FEATURE, '"note:*"', '"thing:*"'),
        (Site.FEATURE, '"CriteriaMet"', '"CriteriaMeet"'),
        (Site.TRUTH, "title: A note is written", "title: A note is perhaps written"),
        (Site.TRUTH, "key: small", "key: small\nkeys: small"),
    ],
)
def test_what_needs_a_person_stays(site: Site, file: str, right: str, wrong: str) -> None:
    """A sentence that is no step, a kind like none, a reason like two, a wording, a key whose neighbour is there."""
    spoil(site, file, right, wrong)
    before = (site / file).read_bytes()
    found = told(site.validate())
    assert ([], found, before) == (site.mend(), told(site.validate()), (site / file).read_bytes())


@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_byte_order_mark_and_permissions_stay(site: Site, ends: str, mark: bytes) -> None:
    """Only the words change; wide letters before them on the line do not shift them."""
    text = (
        (site / Site.TRUTH)
        .read_text()
        .replace("job: {actor: Writer,", "job: {actor: Författare 漢字 😀, fuctional: x,")
    )
    text = text.replace(" functional: Write notes,", "").rstrip("\n")
    site.write(Site.TRUTH, mark + text.replace("\n", ends).encode())
    (site / Site.TRUTH).chmod(0o640)
    assert [(Site.TRUTH, 5, "fuctional", "functional")] == site.mend()
    assert (
        mark + text.replace("\n", ends).replace("fuctional", "functional").encode() == (site / Site.TRUTH).read_bytes()
    )
    assert 0o640 == stat.S_IMODE((site / Site.TRUTH).stat().st_mode)


def test_a_link_stays_a_link(site: Site) -> None:
    """Its target is mended."""
    target = site.folder / "shared.feature"
    (site / Site.FEATURE).rename(target)
    (site / Site.FEATURE).symlink_to("../shared.feature")
    target.write_text(target.read_text().replace("@structural", "@strucural"))
    assert 1 == len(site.mend())
    assert (site / Site.FEATURE).is_symlink()
    assert "@structural" in target.read_text()


def test_a_suppressed_finding_is_not_mended(site: Site) -> None:
    """Somebody has said that it is meant so."""
    site.replace(
        Site.FEATURE,
        "  Scenario: A note has text\n",
        "  Scenario: A note has text\n    # converge: ignore swallowed-line -- a name\n    Thenn is a name.\n\n",
    )
    assert [] == site.mend()


def test_a_file_that_can_not_be_written_is_an_error_and_stays_as_it_is(site: Site) -> None:
    """Nothing is left beside it either."""
    spoil(site, Site.FEATURE, "@structural", "@strucural")
    before = (site / Site.FEATURE).read_bytes()
    folder = site / "features"
    if os.geteuid() == 0:
        # The superuser may write anywhere but into a folder that can't be changed.
        if subprocess.run(["chattr", "+i", folder], capture_output=True, check=False).returncode:
            pytest.skip("no folder can be protected here")
    else:
        folder.chmod(0o500)
    try:
        with pytest.raises(NotMendedError):
            site.mend()
        assert (before, [Path("small.feature")]) == (
            (site / Site.FEATURE).read_bytes(),
            [path.relative_to(folder) for path in folder.iterdir()],
        )
    finally:
        if os.geteuid() == 0:
            subprocess.run(["chattr", "-i", folder], capture_output=True, check=False)
        else:
            folder.chmod(0o700)
