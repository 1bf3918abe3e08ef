"""A pack that is wrong is refused with one error that names file, line and why."""

import os

import pytest

from converge_cli.core.pack import InvalidPackError
from converge_cli.pack.loader import load_pack

GATES = """\
gates:
  - on: "Strategies:bed:*"
    action: commit
    resource: {kind: water, phase: commitment, id: name}
    context: {amount: integer litres}
    requires: [dry]
    approvals: {gardener: {context: {human_approval_present: true}}}
policy: [policy/water.cedar]
schema: policy/schema.cedarschema
"""


def _refused(path, **options) -> InvalidPackError:
    with pytest.raises(InvalidPackError) as raised:
        load_pack(path, **options)
    return raised.value


IMPORTS = {
    "raises": ("facts_py", "\nraise RuntimeError('no luck')\n", "facts.py:2", "RuntimeError: no luck"),
    "exits": ("facts_py", "import sys\nsys.exit(0)\n", "facts.py:2", "sys.exit"),
    "raises something that is no Exception": (
        "facts_py",
        "class Odd(BaseException): ...\nraise Odd('x')\n",
        "facts.py:2",
        "Odd: x",
    ),
    "is no Python": ("suggestors_py", "x = 1\ndef (:\n", "suggestors.py:2", "SyntaxError"),
    "imports what is not there": ("suggestors_py", "\nfrom .bogus import x\n", "suggestors.py:2", "bogus"),
    "asks the façade for what it does not have": (
        "suggestors_py",
        "from converge_cli import Bogus\n",
        "suggestors.py:1",
        "Bogus",
    ),
    "calls itself for ever": ("facts_py", "def f():\n    f()\nf()\n", "facts.py:2", "RecursionError"),
}


@pytest.mark.parametrize(("file", "text", "place", "why"), IMPORTS.values(), ids=IMPORTS)
def test_a_pack_that_fails_on_import_is_refused(write_pack, file, text, place, why):
    """The error names the line of the pack, not of ours."""
    folder = write_pack(**{file: text})
    error = _refused(folder)
    assert f"{folder}/{place}" == error.where
    assert why in error.message


@pytest.mark.parametrize(
    "text", ["while True:\n    pass\n", "while True:\n    try:\n        pass\n    except Exception:\n        pass\n"]
)
def test_a_pack_that_loops_for_ever_is_stopped(write_pack, text):
    """The watchdog raises in it, and catching Exception does not help it."""
    folder = write_pack(facts_py=text)
    error = _refused(folder, seconds=0.2)
    assert "still importing after 0.2 seconds" in error.message
    assert (error.where or "").startswith(f"{folder}/facts.py:")


def test_a_pack_that_loops_for_ever_is_waited_for_once(write_pack):
    """Whoever asks for it again gets the answer at once, until its files are changed."""
    folder = write_pack(facts_py="import time\nwhile True:\n    time.sleep(0.01)\n")
    first, second = _refused(folder, seconds=0.2), _refused(folder, seconds=30)
    assert "still importing after 0.2 seconds" in first.message
    assert (first.message, first.where) == (second.message, second.where)
    write_pack()
    assert "garden" == load_pack(folder).name


def test_an_import_that_is_stuck_in_c_is_reported_while_it_hangs(write_pack):
    """Nothing can interrupt it, so whoever loads is told and may end the process."""
    stuck = []
    folder = write_pack(facts_py="import time\ntime.sleep(2.6)\n")
    error = _refused(folder, seconds=0.1, on_stuck=stuck.append)
    assert ["import of pack garden"] == stuck
    assert "still importing" in error.message


MANIFESTS = {
    "an unknown key": (("description:", "descripton:"), "pack.yaml:4:1", "descripton", "did you mean description?"),
    "no name": (("name: garden\n", ""), "pack.yaml:1:1", "has no 'name'", "add name:"),
    "another version of the format": (("pack: v1", "pack: v2"), "pack.yaml:1:7", "v1", ""),
    "another name than its folder": (("name: garden", "name: orchard"), "pack.yaml:2:7", "found as 'garden'", ""),
    "a name in capitals": (("name: garden", "name: Garden"), "pack.yaml:2:7", "name", ""),
    "no suggestors": (("[Waterer]", "[]"), "pack.yaml:5:13", "empty", ""),
    "a suggestor that is not there": (("Waterer", "Watered"), "pack.yaml:5:14", "has no Watered", "Waterer"),
    "a suggestor that can't be called": (("Waterer", "__name__"), "pack.yaml:5:14", "not callable", "Suggestor class"),
    "a suggestor twice": (("[Waterer]", "[Waterer, Waterer]"), "pack.yaml:5:23", "listed twice", ""),
    "a model that is not there": (("bed: Bed", "bed: Bad"), "pack.yaml:7:8", "has no Bad", "Bed"),
    "a reserved kind": (("bed: Bed", "approval: Bed"), "pack.yaml:7:3", "built in", ""),
    "a built-in kind": (("bed: Bed", "text: Bed"), "pack.yaml:7:3", "built in", ""),
    "a malformed kind": (("bed: Bed", "'a:b': Bed"), "pack.yaml:7:3", "kinds", ""),
    "parameters that are none": (
        ("parameters: GardenParameters", "parameters: Bed"),
        "pack.yaml:8:13",
        "Parameters",
        "",
    ),
    "a later Converge": ((">=0.1", ">=99"), "pack.yaml:9:22", "needs Converge >=99", ""),
    "a range that is none": ((">=0.1", "new"), "pack.yaml:9:22", "range", ""),
    "policy without gates": (("requires:", "policy: [x.cedar]\nrequires:"), "pack.yaml:9:1", "without gates", ""),
    "YAML that is broken": (("kinds:", "kinds: ["), "pack.yaml:", "", ""),
    "an alias": (("[Waterer]", "&x [Waterer]"), "pack.yaml:5", "refused", ""),
}


@pytest.mark.parametrize(("change", "place", "why", "hint"), MANIFESTS.values(), ids=MANIFESTS)
def test_a_wrong_manifest_is_refused_at_its_line_and_column(write_pack, change, place, why, hint):
    """Each mistake at the place where it stands."""
    folder = write_pack()
    text = (folder / "pack.yaml").read_text()
    assert change[0] in text
    write_pack(pack_yaml=text.replace(*change))
    error = _refused(folder)
    assert (error.where or "").startswith(f"{folder}/{place}")
    assert why in error.message
    assert hint in (error.hint or "")


@pytest.mark.parametrize("key", ["forbidden_terms", "thresholds", "criteria", "hitl", "acceptance", "states"])
def test_business_rules_are_refused_by_name(write_pack, key):
    """The key is named, and where it belongs."""
    folder = write_pack()
    write_pack(pack_yaml=(folder / "pack.yaml").read_text() + f"{key}: [x]\n")
    error = _refused(folder)
    assert f"'{key}' is a business rule, not wiring" == error.message
    assert "it belongs in the feature or the truth's parameters" == error.hint


GATE_MISTAKES = {
    "a malformed selector": (("Strategies:bed:*", "Strategy:bed:*"), "10:9", "does not start with a context key"),
    "an unknown action": (("action: commit", "action: comit"), "11:13", "comit"),
    "an unknown phase": (("phase: commitment", "phase: comitment"), "12:36", "comitment"),
    "a resource field that is not there": (("id: name", "id: nam"), "12:52", "no field nam"),
    "a context field that is not there": (("integer litres", "integer liters"), "13:23", "no field liters"),
    "a context value without a type": (("integer litres", "litres"), "13:23", "money price"),
    "a context value that every request has": (("amount:", "required_gates_met:"), "13:15", "already"),
    "a principal field that is not there": (
        ("    action: commit", "    principal: owner\n    action: commit"),
        "11:16",
        "no field owner",
    ),
    "a condition on a field that is not there": (
        ("    action: commit", "    when: {mood: good}\n    action: commit"),
        "11:18",
        "no field mood",
    ),
    "a grant of nothing": (("{context: {human_approval_present: true}}", "{}"), "15:27", "grants nothing"),
    "a grant of a gate that is not required": (
        ("{context: {human_approval_present: true}}", "{gates: [wet]}"),
        "15:36",
        "wet is not required",
    ),
    "a grant of what no request has": (("human_approval_present: true", "magic: true"), "15:45", "no magic"),
    "a grant of another type": (
        ("human_approval_present: true", "human_approval_present: 1"),
        "15:62",
        "another type",
    ),
    "required gates as a grant": (("human_approval_present: true", "required_gates_met: true"), "15:58", "no req"),
    "no policy": (("policy: [policy/water.cedar]\n", ""), "9:1", "ships a policy"),
    "no schema": (("schema: policy/schema.cedarschema\n", ""), "9:1", "ships a schema"),
    "policy outside the pack": (("policy/water.cedar", "policy/../../x.cedar"), "16:10", "leaves"),
    "policy at an absolute path": (("policy/water.cedar", "/etc/hosts"), "16:10", "leaves"),
    "policy that is not there": (("policy/water.cedar", "policy/rain.cedar"), "16:10", "no file policy/rain.cedar"),
    "thresholds in a gate": (("    requires: [dry]", "    thresholds: [dry]"), "14:5", "business rule"),
}


def _with_gates(write_pack, *change: str):
    folder = write_pack()
    text = (folder / "pack.yaml").read_text().replace('requires: {converge: ">=0.1"}\n', GATES)
    assert not change or change[0] in text
    write_pack(pack_yaml=text.replace(*change) if change else text)
    (folder / "policy").mkdir()
    (folder / "policy" / "water.cedar").write_text('@id("x") permit (principal, action, resource);')
    (folder / "policy" / "schema.cedarschema").write_text("entity Person;")
    return folder


@pytest.mark.parametrize(("change", "place", "why"), GATE_MISTAKES.values(), ids=GATE_MISTAKES)
def test_a_wrong_gate_is_refused_at_its_line_and_column(write_pack, change, place, why):
    """Each mistake at the place where it stands."""
    folder = _with_gates(write_pack, *change)
    error = _refused(folder)
    assert why in error.message
    assert f"{folder}/pack.yaml:{place}" == error.where


def test_a_gate_may_have_four_points_and_no_more(write_pack):
    """Every set of them is tried, so there is a limit."""
    point = "{context: {human_approval_present: true}}"
    four, five = (", ".join(f"p{number}: {point}" for number in range(count)) for count in (4, 5))
    folder = _with_gates(write_pack, f"gardener: {point}", four)
    load_pack(folder)
    write_pack(pack_yaml=(folder / "pack.yaml").read_text().replace(four, five))
    assert "5 approval points" in _refused(folder).message


def test_two_gates_of_one_name_are_refused(write_pack):
    """Resource kind and action name a gate."""
    gate = GATES[GATES.index("  - on") : GATES.index("policy:")]
    folder = _with_gates(write_pack, gate, gate + gate)
    assert "two gates are about commit of water" == _refused(folder).message


@pytest.mark.parametrize("target", ["outside", "nothing"])
def test_a_link_out_of_the_pack_is_refused(write_pack, target):
    """Policy that others can change is not the pack's."""
    folder = _with_gates(write_pack)
    outside = folder.parent / "outside.cedar"
    if target == "outside":
        outside.write_text("x")
    (folder / "policy" / "water.cedar").unlink()
    (folder / "policy" / "water.cedar").symlink_to(outside)
    assert f"{folder}/policy/water.cedar" == _refused(folder).where


def test_a_folder_that_is_a_link_is_refused(write_pack, tmp_path):
    """Not even the folder of the policy may live elsewhere."""
    folder = write_pack()
    (folder / "policy").symlink_to(tmp_path)
    assert f"{folder}/policy" == _refused(folder).where


def test_a_pipe_in_a_pack_is_refused_and_not_waited_for(write_pack):
    """Reading it would never end."""
    folder = write_pack()
    os.mkfifo(folder / "facts_more.py")
    assert "not a plain file" in _refused(folder).message


MODELS = {
    "a list, which others could change": ("litres: list[int]", "could be changed"),
    "a float, which is not exact": ("litres: float", "exact"),
}


@pytest.mark.parametrize(("field", "why"), MODELS.values(), ids=MODELS)
def test_a_model_that_is_not_frozen_through_and_through_is_refused_at_its_class(write_pack, field, why):
    """The line is that of the class."""
    text = (write_pack() / "facts.py").read_text()
    folder = write_pack(facts_py=text.replace("litres: int = 0", field))
    error = _refused(folder)
    assert f"{folder}/facts.py:4" == error.where
    assert why in error.message


def test_a_kind_whose_model_is_no_fact_model_is_refused(write_pack):
    """Any class will not do."""
    text = (write_pack() / "facts.py").read_text()
    error = _refused(write_pack(facts_py=text.replace("class Bed(FactModel):", "class Bed:")))
    assert "not a FactModel" in error.message


def test_a_pack_without_facts_or_suggestors_is_refused(write_pack):
    """What the manifest refers to must be there."""
    error = _refused(write_pack(facts_py=None, suggestors_py="class Waterer: ..."))
    assert "the pack has no facts.py for its kinds" == error.message
    assert "the pack has no suggestors.py for its suggestors" == _refused(write_pack(suggestors_py=None)).message


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    """It is no pack."""
    assert "there is no pack.yaml in the folder" == _refused(tmp_path).message


def test_a_path_that_is_neither_folder_nor_python_is_refused(tmp_path):
    """Nor is this."""
    assert "a pack is a folder with a pack.yaml, or a .py file with a PACK" == _refused(tmp_path / "x.txt").message


HOSTILE = {
    "binary": b"pack: v1\n\0",
    "not UTF-8": b"pack: \xff\xfe\n",
    "empty": b"",
    "deep": b"pack: " + b"[" * 50_000,
    "a list": b"- pack\n",
    "a word": b"pack\n",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_manifest_is_one_clear_error(write_pack, data):
    """No crash, no traceback of another kind."""
    folder = write_pack()
    (folder / "pack.yaml").write_bytes(data)
    assert (_refused(folder).where or "").startswith(f"{folder}/pack.yaml:")


FILE_MISTAKES = {
    "a key that is unknown": (('"kinds"', '"kindz"'), "kindz"),
    "a reserved kind": (('{"bed": "Bed"}', '{"violation": "Bed"}'), "built in"),
    "a suggestor that is not there": (('["Waterer"]', '["Gone"]'), "has no Gone"),
    "a call": (('"0.1.0"', "str(1)"), "not spelt out"),
    "no PACK": (("PACK =", "PACKET ="), "no PACK"),
    "no dict": (("PACK = {", "PACK = 5\nx = {"), "mapping"),
    "a business rule": (('"kinds"', '"hitl"'), "business rule"),
    "no Python": (("PACK =", "PACK = ="), "no Python"),
}


@pytest.mark.parametrize(("change", "why"), FILE_MISTAKES.values(), ids=FILE_MISTAKES)
def test_a_wrong_one_file_pack_is_refused_at_its_line(write_file, change, why):
    """The line of the mistake, as in pack.yaml."""
    file = write_file(change)
    error = _refused(file)
    path, line, _ = (error.where or "").rsplit(":", 2)
    assert why in error.message
    assert str(file) == path
    at = change[1].splitlines()[0]
    assert at.strip("[]{}") in file.read_text().splitlines()[int(line) - 1] or why == "no PACK"


def test_no_code_of_a_pack_runs_before_its_manifest_is_right(write_file, tmp_path):
    """A broken PACK is found without importing the file."""
    ran = tmp_path / "ran"
    file = write_file(("PACK = {", f"open({str(ran)!r}, 'w').close()\nPACK = {{"), ('"kinds"', '"kindz"'))
    _refused(file)
    assert not ran.exists()


def test_a_one_file_pack_may_have_gates_with_policy_beside_it(write_file, tmp_path):
    """The policy's bytes are part of the digest."""
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "water.cedar").write_text("one")
    (tmp_path / "policy" / "schema.cedarschema").write_text("two")
    gates = (
        '"gates": [{"on": "Strategies:bed:*", "action": "commit",'
        ' "resource": {"kind": "water", "phase": "commitment", "id": "name"}}],'
        ' "policy": ["policy/water.cedar"], "schema": "policy/schema.cedarschema",\n    "parameters"'
    )
    file = write_file(('"parameters"', gates))
    pack = load_pack(file)
    assert pack.policy is not None
    assert ({"policy/water.cedar": "one"}, "two") == (dict(pack.policy.policies), pack.policy.schema)
    (tmp_path / "policy" / "water.cedar").write_text("three")
    assert pack.digest != load_pack(file).digest
