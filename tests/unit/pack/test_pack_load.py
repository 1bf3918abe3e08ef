"""A pack loads from its folder or its one file, into its own modules."""

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from converge_cli.core.context import Context, ContextView
from converge_cli.core.pack import InvalidPackError
from converge_cli.pack.loader import load_pack

SHIPPED = Path(__file__).parents[3] / "packs"


def _litres(pack) -> int:
    """What the pack's suggestor proposes with default parameters."""
    (suggestor,) = pack.suggestors(pack.parse_parameters({}))
    proposal = suggestor.execute(ContextView("waterer", (), Context(), {})).proposals[0]
    return proposal.payload.litres


def test_a_folder_gives_a_pack_with_everything_that_it_declares(write_pack):
    """Name, version, kinds, parameters, suggestors, and a suggestor that works."""
    folder = write_pack()
    pack = load_pack(folder)
    spec = pack.spec(pack.parse_parameters({"litres": 7}))
    assert ("garden", "0.1.0", "Waters beds", str(folder)) == (pack.name, pack.version, pack.description, pack.folder)
    assert {"bed": {"name": "str", "litres": "int?"}} == spec.kinds
    assert ("waterer", ("Strategies:bed:*",)) == (spec.suggestors[0].name, spec.suggestors[0].writes)
    expected = 4
    assert expected == _litres(pack)


def test_one_file_gives_the_same_pack_as_a_folder(write_pack, write_file):
    """A folder and a file that say the same differ in digest only."""
    folder, file = load_pack(write_pack()), load_pack(write_file())
    assert folder.spec(folder.parse_parameters({})).kinds == file.spec(file.parse_parameters({})).kinds
    assert _litres(folder) == _litres(file)


def test_the_same_files_give_the_same_object(write_pack):
    """Loading twice imports once."""
    folder = write_pack()
    assert load_pack(folder) is load_pack(folder)


def test_changed_files_give_a_new_pack_at_once(write_pack):
    """A change of one byte is seen, whatever the clock of the file system says."""
    folder = write_pack()
    before = load_pack(folder)
    stamp = (folder / "facts.py").stat()
    write_pack(facts_py=(folder / "facts.py").read_text().replace("litres: int = 4", "litres: int = 5"))
    os.utime(folder / "facts.py", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    after = load_pack(folder)
    assert [4, 5] == [_litres(before), _litres(after)]
    assert before.digest != after.digest


def test_two_packs_of_one_name_do_not_mix(write_pack):
    """Each keeps its own modules, even for imports that happen while it works."""
    late = """\
from converge_cli import Effect, Suggestor


class Waterer(Suggestor):
    name = "waterer"
    writes = ("Strategies:bed:*",)

    def __init__(self, parameters):
        pass

    def execute(self, view):
        from .amount import LITRES
        from .facts import Bed
        return Effect([view.propose("Strategies", "bed:rose", Bed(name="rose", litres=LITRES))])
"""
    one = load_pack(write_pack("one", suggestors_py=late, amount_py="LITRES = 1\n"))
    two = load_pack(write_pack("two", suggestors_py=late, amount_py="LITRES = 2\n"))
    assert [1, 2, 1] == [_litres(one), _litres(two), _litres(one)]


def test_the_digest_is_of_paths_and_bytes_only(write_pack):
    """Any program can compute it; tests, caches and hidden files do not count."""
    folder = write_pack()
    digest = load_pack(folder).digest
    for name in ("tests", "__pycache__", ".git"):
        (folder / name).mkdir()
        (folder / name / "x.py").write_text("x")
    other = shutil.copytree(folder, folder.parent.parent / "elsewhere" / "garden")
    rows = [
        [name, hashlib.sha256((folder / name).read_bytes()).hexdigest()]
        for name in sorted(["pack.yaml", "facts.py", "suggestors.py"])
    ]
    expected = hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()
    assert [expected, expected, expected] == [digest, load_pack(folder).digest, load_pack(other).digest]


def test_suggestors_may_be_a_package_with_modules_of_its_own(write_pack):
    """Relative imports work between them and up to facts."""
    folder = write_pack(suggestors_py=None)
    inner = folder / "suggestors"
    inner.mkdir()
    (inner / "__init__.py").write_text("from .water import Waterer\n")
    original = write_pack("spare") / "suggestors.py"
    (inner / "water.py").write_text(original.read_text().replace(".facts", "..facts"))
    expected = 4
    assert expected == _litres(load_pack(folder))


def test_a_pack_prints_nothing_to_stdout_while_it_is_imported(write_pack, capsys):
    """So --json stays JSON."""
    load_pack(write_pack(facts_py='print("hello")\n' + (write_pack() / "facts.py").read_text()))
    assert ("", "hello\n") == tuple(capsys.readouterr())


def test_gates_come_out_as_declared_and_policy_as_text():
    """Procurement as shipped."""
    pack = load_pack(SHIPPED / "procurement")
    (gate,) = pack.gates
    assert ("spend.commit", "procurement", "Strategies:commitment:*") == (gate.name, gate.pack, gate.on)
    assert ("money", "price") == (gate.context["amount"].type, gate.context["amount"].field)
    assert {"human_approval_present": True} == gate.approvals["vendor_commitment"].context
    assert pack.policy is not None
    assert ["policy/commit.cedar"] == list(pack.policy.policies)
    assert pack.policy.schema.startswith("//")


@pytest.mark.parametrize("name", sorted(path.parent.name for path in SHIPPED.glob("*/pack.yaml")))
def test_every_shipped_pack_loads(name):
    """And makes its suggestors with default parameters."""
    pack = load_pack(SHIPPED / name)
    assert pack.suggestors(pack.parse_parameters({}) if pack.parameters_model else None)


def test_a_failed_load_leaves_no_module_behind(write_pack):
    """Nothing half-loaded is found by the next load, which succeeds."""
    folder = write_pack(suggestors_py="from .facts import Bed\n1 / 0\n")
    before = set(sys.modules)
    with pytest.raises(InvalidPackError):
        load_pack(folder)
    assert not {name for name in set(sys.modules) - before if name.startswith("converge_packs.")}
    expected = 4
    assert expected == _litres(load_pack(write_pack()))
