"""Packs are found by name: the project first, then what is installed, then what is shipped."""

import sys
from pathlib import Path

import pytest

from converge_cli.core.pack import InvalidPackError
from converge_cli.pack.registry import PackRegistry


def test_a_pack_is_found_in_the_nearest_root(write_pack, tmp_path):
    """The first root wins; the second still serves other names."""
    near = write_pack("near")
    write_pack("far")
    write_pack("far", "orchard", pack_yaml=(near / "pack.yaml").read_text().replace("garden", "orchard", 1))
    registry = PackRegistry([tmp_path / "near", tmp_path / "far"])
    assert [near, tmp_path / "far" / "orchard"] == [registry.location("garden"), registry.location("orchard")]
    assert ["garden", "orchard"] == registry.names()
    pack = registry.find("orchard")
    assert pack is not None
    expected = "orchard"
    assert expected == pack.name


@pytest.mark.parametrize("name", ["absent", "../garden", "", "Garden", "garden/", "gar den", "\0"])
def test_a_name_that_is_no_pack_finds_nothing(write_pack, tmp_path, name):
    """Nor does a path that would lead to one."""
    write_pack()
    (tmp_path / "packs" / "sub").mkdir()
    assert PackRegistry([tmp_path / "packs", tmp_path / "packs" / "sub"]).find(name) is None


def test_a_broken_pack_fails_only_when_it_is_asked_for(write_pack, tmp_path):
    """It is listed, and the good one beside it loads."""
    good = write_pack()
    manifest = (good / "pack.yaml").read_text().replace("garden", "broken", 1)
    write_pack(name="broken", pack_yaml=manifest, facts_py="1 / 0")
    registry = PackRegistry([tmp_path / "packs"])
    assert ["broken", "garden"] == registry.names()
    assert registry.find("garden") is not None
    with pytest.raises(InvalidPackError, match="ZeroDivisionError"):
        registry.find("broken")


def test_finding_one_pack_imports_no_other(write_pack, tmp_path):
    """The other's code leaves no mark."""
    mark = tmp_path / "mark"
    good = write_pack()
    manifest = (good / "pack.yaml").read_text().replace("garden", "noisy", 1)
    write_pack(name="noisy", pack_yaml=manifest, facts_py=f"open({str(mark)!r}, 'w')")
    registry = PackRegistry([tmp_path / "packs"])
    registry.names()
    registry.find("garden")
    assert not mark.exists()


def test_a_python_file_is_a_pack_when_it_holds_one(write_file, tmp_path):
    """Other modules in the folder are none, and asking for one says what is missing."""
    file = write_file()
    (tmp_path / "helper.py").write_text("x = 1\n")
    registry = PackRegistry([tmp_path])
    assert (["garden"], file) == (registry.names(), registry.location("garden"))
    with pytest.raises(InvalidPackError, match="no PACK"):
        registry.find("helper")


def test_a_folder_and_a_file_of_one_name_are_refused(write_pack, write_file, tmp_path):
    """Nobody could say which is meant."""
    write_pack(".")
    write_file()
    with pytest.raises(InvalidPackError, match="there twice"):
        PackRegistry([tmp_path]).find("garden")


def test_a_root_that_is_not_there_holds_nothing(tmp_path):
    """A project without packs/ is a project."""
    registry = PackRegistry([tmp_path / "absent"])
    assert ([], None) == (registry.names(), registry.find("garden"))


def _install(site: Path, name: str, value: str) -> None:
    info = site / f"{name}_dist-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-dist\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[converge.packs]\n{name} = {value}\n")


@pytest.fixture
def site(tmp_path, monkeypatch) -> Path:
    """A folder of installed packages."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_an_installed_package_brings_a_pack(write_pack, site):
    """Its entry point names a package with a pack.yaml, which may be called anything."""
    write_pack("site", "garden_of_somebody")
    _install(site, "garden", "garden_of_somebody")
    registry = PackRegistry([])
    pack = registry.find("garden")
    assert pack is not None
    assert ("garden", True) == (pack.name, "garden" in registry.names())
    assert "garden_of_somebody" not in sys.modules


def test_an_installed_module_brings_a_one_file_pack(write_file, site):
    """Its entry point names the module."""
    write_file().rename(site / "gardenmodule.py")
    _install(site, "garden", "gardenmodule")
    pack = PackRegistry([]).find("garden")
    assert pack is not None
    assert str(site / "gardenmodule.py") == pack.folder


def test_the_project_comes_before_installed_and_installed_before_shipped(write_pack, site, tmp_path):
    """In this order, each hides the next."""
    for root in ("packs", "shipped"):
        write_pack(root)
    write_pack("site", "garden_installed")
    _install(site, "garden", "garden_installed")
    project, shipped = [tmp_path / "packs"], [tmp_path / "shipped"]
    expected = [tmp_path / "packs" / "garden", site / "garden_installed", tmp_path / "shipped" / "garden"]
    found = [
        PackRegistry(project, shipped=shipped).location("garden"),
        PackRegistry([], shipped=shipped).location("garden"),
    ]
    (site / "garden_dist-1.0.dist-info" / "entry_points.txt").unlink()
    found.append(PackRegistry([], shipped=shipped).location("garden"))
    assert expected == found


@pytest.mark.parametrize("value", ["bogus_module", "json", "bogus.deep"])
def test_an_entry_point_that_leads_nowhere_is_refused_when_asked_for(site, value):
    """Naming the entry point."""
    _install(site, "garden", value)
    registry = PackRegistry([])
    assert "garden" in registry.names()
    with pytest.raises(InvalidPackError):
        registry.find("garden")
