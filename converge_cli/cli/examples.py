"""What stands below the help of each command: how it is called, and what it ends with. Imported for help alone.

In an example `RUN` stands for the id of a run, and `# exit N` says how it ends when that is not 0; tests execute all.
"""

from typing import Any, NamedTuple


class Below(NamedTuple):
    """Examples, what the exit codes mean, and the line in the list of a group where the first sentence is too long."""

    examples: tuple[str, ...]
    exits: str = "0 done, 1 it can't be done, 2 wrong usage"
    line: str = ""


_DECIDED = "0 recorded, 8 refused (that is recorded too), 2 wrong usage or not clear what is meant, 1 no such run"
_STOPS = (
    "0 the required criteria are met, 3 unmet, 4 a person or an input is needed, 5 indeterminate, 6 out of budget, "
    "7 an invariant is violated, 8 denied by policy, 1 an error or a failed suggestor, 2 wrong usage, 130 interrupted"
)
_TOLD = "0 told, 1 no such run, 2 wrong usage, 9 a record is damaged"
_LEDGER = "0 done, 1 the ledger can't be reached or refuses, 2 wrong usage"

BELOW = {
    "init": Below(("converge init my-project",)),
    "run": Below(
        (
            "converge run vendor-selection --no-input    # exit 4",
            'converge run vendor-selection --approve vendor_commitment=mona --reason "three bids compared"',
            "converge run vendor-selection --input vendors=bids.csv --budget cycles=20,time=1m --json    # exit 4",
            "converge run vendor-selection --param procurement.weights.price=0.5 --as petra --trace plain    # exit 4",
            "converge run hello-convergence --seed Seeds:text:note=hello --strict --trace jsonl",
            "converge run vendor-selection --no-input --server http://127.0.0.1:8080    # exit 4",
        ),
        _STOPS,
    ),
    "plan": Below(("converge plan vendor-selection --as frank",)),
    "validate": Below(
        (
            "converge validate",
            "converge validate truths/vendor-selection --strict --run",
            "converge validate --select gherkin,CV04 --fail-on warning --format github",
        ),
        "0 clean, 1 findings, 2 wrong usage or nothing to check",
    ),
    "explain": Below(
        (
            "converge explain RUN",
            "converge explain RUN committed",
            "converge explain RUN recommendation:acme --json",
            "converge explain CV014",
        ),
        "0 explained, 1 no such run, 2 nothing of that name, 9 the record is damaged",
    ),
    "runs": Below(("converge runs", "converge runs --truth vendor-selection --status paused"), _TOLD),
    "show": Below(("converge show RUN", "converge show RUN --svg run.svg"), _TOLD),
    "inbox": Below(
        ("converge inbox", "converge inbox --as mona"), "0 told, 1 nobody of that name, 9 a record is damaged"
    ),
    "approve": Below(
        ('converge approve RUN vendor_commitment --as mona --reason "three bids compared"',),
        _DECIDED,
    ),
    "reject": Below(('converge reject RUN vendor_commitment --as mona --reason "too dear"',), _DECIDED),
    "resume": Below(
        ("converge resume RUN --no-input    # exit 4", "converge resume RUN --add-budget cycles=50    # exit 4"), _STOPS
    ),
    "replay": Below(
        ("converge replay RUN", "converge replay RUN --verify"),
        "0 the same came out, 1 no such run, 9 something else came out, or the record is damaged",
    ),
    "truths list": Below(("converge truths list",)),
    "truths show": Below(
        ("converge truths show vendor-selection",), line="Show a truth as a page, with what keeps each clause."
    ),
    "truths new": Below(
        (
            'converge truths new late-bids --title "No late bid is accepted"',
            "converge truths new my-selection --pack procurement",
            "converge truths new late-bids-policy --kind policy --for late-bids",
        ),
        line="Begin a truth with one that works.",
    ),
    "truths compile": Below(
        ("converge truths compile vendor-selection",), line="Print the compiled job as plain data."
    ),
    "packs list": Below(("converge packs list",), line="List the packs here, installed and shipped."),
    "packs show": Below(("converge packs show procurement",)),
    "packs new": Below(
        ('converge packs new shipping --description "Decides what is shipped today"',),
        line="Begin a pack with one that works.",
    ),
    "policy decide": Below(
        ("converge policy decide procurement packs/procurement/policy/tests/request.json    # exit 4",),
        "0 PROMOTE, 4 ESCALATE, 8 REJECT, 1 no such pack or no request, 2 wrong usage",
        "Ask a pack's policy one question.",
    ),
    "policy check": Below(
        ("converge policy check procurement",),
        "0 no error, 1 an error, 2 wrong usage or no policy to check",
        "Check that policies are valid and do something.",
    ),
    "policy test": Below(
        ("converge policy test", "converge policy test procurement --json"),
        "0 every request comes to what its table says, 1 one does not, 2 wrong usage or no table to try",
        "Put the tables of packs to their policies.",
    ),
    "receipt": Below(
        ("converge receipt RUN -o receipt.json", "converge receipt RUN -o receipt.json --embed --unsigned")
    ),
    "verify": Below(
        (
            "converge verify receipt.json",
            "converge verify --script > converge_verify.py",
            "converge verify --ledger notes",
        ),
        "0 it holds, 1 it can't be read, 2 wrong usage, 9 something in it is not as it was made",
    ),
    "identity new": Below(("converge identity new mona",), line="Make a key of a person."),
    "identity list": Below(("converge identity list",)),
    "ledger append": Below(
        (
            """echo '{"seen": true}' | converge ledger append notes facts --id n1 --meta by=mona""",
            "converge ledger append --run RUN",
        ),
        _LEDGER,
    ),
    "ledger get": Below(("converge ledger get notes --key facts --limit 10",), _LEDGER),
    "ledger snapshot": Below(("converge ledger snapshot notes -o notes.zst",), _LEDGER, "Write a context to a file."),
    "ledger load": Below(
        ("converge ledger load notes.zst --ledger copy.db",),
        f"{_LEDGER}, 9 the file is not as it was written",
        "Verify a snapshot, then write it into its context.",
    ),
    "ledger watch": Below(
        ("converge ledger watch notes --for 2s", "converge ledger watch notes --jsonl --limit 1"),
        f"{_LEDGER}, 130 interrupted",
        "Show what a context has, then what comes.",
    ),
    "ledger serve": Below(
        ("converge ledger serve --listen 127.0.0.1:0",), _LEDGER, "Serve a ledger to other processes over gRPC."
    ),
    "serve": Below(
        ("converge serve --port 0 --insecure-local",),
        "0 stopped when it was told to, 1 the address or the store can't be used, 2 wrong usage",
    ),
    "keys new": Below(
        (
            "converge keys new --person mona --role decide --expires 90d",
            "converge keys new --person nightly --role submit --role read --name 'the nightly job' --json",
        ),
        line="Make a key, and print its secret.",
    ),
    "keys list": Below(("converge keys list",), "0 told, 9 a key is damaged", line="List the keys."),
    "keys revoke": Below(
        ("converge keys revoke KEY",), "0 done, 1 no such key, 2 wrong usage", line="Have a key open nothing any more."
    ),
    "experience query": Below(
        (
            "converge experience query --event ApprovalRequested --since 7d",
            'converge experience query --fact "vendor:*"',
        ),
        _TOLD,
    ),
    "experience stats": Below(
        ("converge experience stats --truth vendor-selection",), _TOLD, "Count how runs went, and what was refused."
    ),
    "experience export": Below(
        ("converge experience export RUN -o run.jsonl", "converge experience export --all -o runs.jsonl"),
        _TOLD,
        "Write runs as canonical JSON lines.",
    ),
    "steps": Below(("converge steps", "converge steps --json")),
    "schema": Below(("converge schema truth", "converge schema --out .schemas")),
    "doctor": Below(("converge doctor",), "0 everything is well, 1 something is not"),
    "completion": Below(('eval "$(converge completion bash)"',)),
    "version": Below(("converge version",), "0"),
}


def put_below(name: str, command: Any) -> None:
    """Give a command, or each command of a group, what stands below its help."""
    for path, one in _each(name, command):
        below = BELOW[path]
        lines = "\n".join(f"  {example}" for example in below.examples)
        one.epilog = f"\b\nExamples:\n{lines}\n\nExit codes: {below.exits}."
        one.short_help = below.line or None


def _each(name: str, command: Any) -> list[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    return [(name, command)] if inner is None else [(f"{name} {sub}", one) for sub, one in inner.items()]
