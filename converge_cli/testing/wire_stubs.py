"""Generates the code of our protocol definitions: `python -m converge_cli.testing.wire_stubs` writes it beside them.

Needs grpcio-tools of exactly the version below: the protobuf that OR-Tools allows refuses what a newer one writes. It
works in a process of its own: what it and OR-Tools are built on can't be loaded into one, which then aborts.
"""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import converge_cli
from converge_cli.core.errors import ConvergeError

TOOLS = "1.81.1"
ROOT = Path(converge_cli.__file__).parents[1]
PROTOS = ("converge_cli/_internal/wire/converge.proto", "converge_cli/_internal/wire/ledger.proto")


def generate(target: Path) -> list[Path]:
    """Write the code of every definition below a folder, under the same names as in the package; returns the files.

    Raises:
        ConvergeError: grpcio-tools is missing, of another version, or refuses a definition.
    """
    try:
        found = version("grpcio-tools")
    except PackageNotFoundError:
        raise ConvergeError("grpcio-tools is not installed", hint=f"pip install grpcio-tools=={TOOLS}") from None
    if found != TOOLS:
        raise ConvergeError(f"grpcio-tools is {found}", hint=f"pip install grpcio-tools=={TOOLS}")
    flags = [f"--{kind}_out={target}" for kind in ("python", "pyi", "grpc_python")]
    for proto in PROTOS:
        command = [sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={ROOT}", *flags, proto]
        if subprocess.run(command, check=False).returncode:  # noqa: S603  our own interpreter and definitions
            raise ConvergeError(f"{proto} is refused; see above", where=proto)
    return sorted(target.rglob("*_pb2*.py*")) if target != ROOT else []


if __name__ == "__main__":
    generate(ROOT)
    sys.exit(0)
