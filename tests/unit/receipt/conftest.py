"""Fixtures of the tests of receipts: an office, a run that was approved there, and its receipts."""

import pytest
from receipt_kit import Office, open_office


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """People, a store, a key."""
    return open_office(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def run(office: Office) -> str:
    """A run that Mona approved, with her signature."""
    return office.ended()


@pytest.fixture(scope="module")
def plain(office: Office, run: str) -> bytes:
    """Its receipt, unsigned."""
    return office.receipt(run)


@pytest.fixture(scope="module")
def signed(office: Office, run: str) -> bytes:
    """Its receipt, signed by Mona."""
    return office.receipt(run, office.mona)
