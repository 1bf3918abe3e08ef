"""Run in other processes and folders: prints the outcome digest of one rich run."""

import asyncio
import sys

from engine_programs import SEED, Act, Program, engine

from converge_cli import Budget

PROGRAMS = [
    Program(("Seeds",), (Act("propose", "Signals", "a", "x"), Act("count", "Evaluations", "b", "")), 2),
    Program(("Seeds", "Evaluations:note:*"), (Act("revise", "Evaluations", "c", "yy"), Act("nan", "", "", "")), 1),
    Program(("Signals",), (Act("cite", "Strategies", "a", "x"), Act("ghost", "", "", "")), None),
    Program((), (Act("unsure", "Strategies", "b", "x"), Act("surrogate", "", "", "")), 0),
]

if __name__ == "__main__":
    result = asyncio.run(engine(PROGRAMS, Budget(cycles=6)).run([SEED]))
    sys.stdout.write(f"{result.reason} {len(result.facts)} {result.outcome_digest}\n")
