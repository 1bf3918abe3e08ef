"""Every pack that we ship with gates has a policy that is valid and fits them."""

from pathlib import Path

import pytest

from converge_cli.pack.loader import load_pack
from converge_cli.policy.cedar import CedarAuthorizer

ROOT = Path(__file__).parents[3]
PACKS = [path.parent for path in sorted((ROOT / "packs").glob("*/pack.yaml")) if "\ngates:" in path.read_text()]


@pytest.mark.parametrize("folder", PACKS, ids=lambda folder: folder.name)
def test_the_policy_of_a_pack_fits_its_gates(folder):
    """Loaded as a run loads it: the files of the pack, and the gates of the pack."""
    pack = load_pack(folder)
    assert pack.policy is not None
    assert pack.gates
    assert CedarAuthorizer({pack.name: pack.policy}, pack.gates).rules(pack.name)
