"""How a ledger is named."""

from pathlib import Path

import pytest

from converge_cli.core.ledger_address import LedgerAddress, parse_address
from converge_cli.core.ledger_errors import LedgerAddressError

HERE = Path("/project")


@pytest.mark.parametrize(
    ("text", "expected", "shown"),
    [
        ("mirror.db", LedgerAddress("file", "/project/mirror.db"), "/project/mirror.db"),
        ("/data/", LedgerAddress("file", "/data/ledger.db"), "/data/ledger.db"),
        ("memory:", LedgerAddress("memory"), "memory:"),
        ("grpc://localhost:1", LedgerAddress("grpc", "localhost:1"), "grpc://localhost:1"),
        ("grpc://[::1]:50052", LedgerAddress("grpc", "[::1]:50052"), "grpc://[::1]:50052"),
        ("grpcs://h:1?ca=ca.pem", LedgerAddress("grpcs", "h:1", "/project/ca.pem"), "grpcs://h:1"),
        (
            "grpcs://h:1?cert=c.pem&key=/k.pem",
            LedgerAddress("grpcs", "h:1", None, "/project/c.pem", "/k.pem"),
            "grpcs://h:1",
        ),
    ],
)
def test_an_address_is_read(text: str, expected: LedgerAddress, shown: str):
    """Files relative to the folder; what people are shown holds no file names of keys."""
    assert (expected, shown) == (parse_address(text, HERE), parse_address(text, HERE).shown())


@pytest.mark.parametrize(
    "text",
    [
        "", "a\0b", "http://h:1", "grpc://", "grpc://h", "grpc://h:0", "grpc://h:99999", "grpc://h:1/path",
        "grpc://u@h:1", "grpc://h:1?ca=x", "grpcs://h:1?what=x", "grpcs://h:1?ca=", "grpcs://h:1?ca",
        "grpcs://h:1?ca=x&ca=y", "grpcs://h:1?cert=x", "grpc://[::1:5", "grpc://h:1#x",
    ],
)  # fmt: skip
def test_what_names_no_ledger_is_refused(text: str):
    """With what may be given."""
    with pytest.raises(LedgerAddressError) as caught:
        parse_address(text, HERE)
    assert "grpc://HOST:PORT" in caught.value.hint
