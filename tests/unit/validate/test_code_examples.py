"""Each code's example is tried: the bad one gives the code, the mended one does not."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest
from small_site import Site

from converge_cli.app.explain.explain_code import explain_codes
from converge_cli.app.validate.counted import Choice
from converge_cli.app.validate.validate_run import validate_and_run
from converge_cli.truth.code_examples.catalogue import EXAMPLES, SPOKEN
from converge_cli.truth.code_examples.example import Example
from converge_cli.truth.codes import BY_NAME, CATALOGUE, GROUPS

BAD = Path(__file__).parents[2] / "golden" / "truth" / "bad"
HEAD = "Feature: A note is written\n\n"


def put(site: Site, example: Example, text: str, encoding: str = "utf-8") -> None:
    """Write an example into the project: keys of the truth are replaced, scenarios stand below a feature's title."""
    if example.where == "truth.yaml":
        site.write(Site.TRUTH, with_keys((site / Site.TRUTH).read_text(), text).encode(encoding))
    elif example.where == "feature":
        whole = text if "Feature:" in text else HEAD + text
        site.write(Site.FEATURE, (whole + "\n").encode(encoding))
    elif example.where == "wiring.yaml":
        site.write("truths/small/wiring.yaml", text + "\n")
    else:
        shutil.rmtree(site / "packs")
        shutil.copytree(BAD / "invalid-policy" / "packs", site / "packs", ignore=shutil.ignore_patterns("__pycache__"))
        site.write("packs/small/policy/commit.cedar", text if example.where == "policy" else GOOD_RULE)
        (site / "packs/small/policy/forgotten.cedar").unlink()
        if example.where == "pack.yaml":
            site.write("packs/small/pack.yaml", text + "\n")


GOOD_RULE = '@id("free")\npermit (principal, action == Action::"commit", resource)\nwhen { context.amount == 0 };\n'


def with_keys(truth: str, text: str) -> str:
    """A truth with the top keys of a text instead of its own, these in their place and others at its end."""
    blocks = re.split(r"^(?=[a-z_]+:)", truth, flags=re.MULTILINE)
    names = re.findall(r"^([a-z_]+):", text, flags=re.MULTILINE)
    kept = [block for block in blocks if block.partition(":")[0] not in names]
    if "kind" in names and "policy" in text:
        kept = [block for block in kept if block.partition(":")[0] in {"truth", "key", "title"}]
    return "".join(kept) + text + "\n"


def names_in(site: Site, *, run: bool) -> set[str]:
    """The findings of the project, with those of a run when it takes one to see them."""
    if not run:
        return {item.name for item in site.validate().diagnostics}
    ran = asyncio.run(validate_and_run(site.services(), [], Choice()))
    return {item.name for item in ran.validation.diagnostics}


def test_every_code_has_an_example_or_says_why_not() -> None:
    """Told in words only where no text of a few lines gives it."""
    assert set(BY_NAME) == set(EXAMPLES) | set(SPOKEN)
    assert not set(EXAMPLES) & set(SPOKEN)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_bad_example_gives_the_code_and_the_mended_one_does_not(site: Site, name: str) -> None:
    """In a small project, with everything else as it is."""
    example = EXAMPLES[name]
    if name == "duplicate-kind":
        twin = (site / "packs/small.py").read_text().replace('"name": "small"', '"name": "small_too"')
        site.write("packs/small_too.py", twin.replace('name = "writer"', 'name = "author"'))
    before = {path: path.read_bytes() for path in site.folder.rglob("*") if path.is_file()}
    put(site, example, example.bad, example.encoding)
    assert name in names_in(site, run=example.run)
    shutil.rmtree(site.folder)
    for path, data in before.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    put(site, example, example.good)
    assert name not in names_in(site, run=example.run)


def test_a_group_is_explained_code_by_code() -> None:
    """Every code once, whatever groups there are."""
    assert sorted(kind.code for kind in CATALOGUE) == sorted(
        item["code"] for name in GROUPS for item in explain_codes(name)
    )
    assert [] == explain_codes("unknwon-step")
