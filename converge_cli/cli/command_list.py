"""Every command with its module and one line of help, so that help needs none of them imported."""

from typing import NamedTuple


class Listed(NamedTuple):
    """A command: the module below `converge_cli.cli` that holds its `app`, and its line in the help."""

    module: str
    help: str


COMMANDS = {
    "init": Listed("init", "Start a project: truths, packs, features, settings, a CI job."),
    "run": Listed("run", "Run a truth to convergence, with a live trace."),
    "plan": Listed("plan", "Show what a run would read, do and ask. Nothing runs."),
    "validate": Listed("validate", "Check truths, features, packs and policies (for CI)."),
    "explain": Listed("explain", "Explain a run, a fact, a criterion, a gate, or a code."),
    "runs": Listed("runs", "List recorded runs."),
    "show": Listed("show", "Show a recorded run."),
    "inbox": Listed("inbox", "List what waits for a person."),
    "approve": Listed("approve", "Approve what waits."),
    "reject": Listed("reject", "Reject what waits."),
    "resume": Listed("resume", "Go on with a run that paused."),
    "replay": Listed("replay", "Compute a recorded run anew, or print its trace."),
    "truths": Listed("truths", "List, show, begin or compile truths."),
    "packs": Listed("packs", "List, show or begin packs."),
    "policy": Listed("policy", "Ask, check or test the policies of packs."),
    "receipt": Listed("receipt", "Write the file that proves a run."),
    "verify": Listed("verify", "Verify receipts, or a context of a ledger."),
    "identity": Listed("identity", "Make and list the keys that people sign with."),
    "ledger": Listed("ledger", "Append to, read, copy, watch or serve a ledger."),
    "serve": Listed("serve", "Serve jobs to programs over HTTP."),
    "keys": Listed("keys", "Make, list and revoke the keys of a server's callers."),
    "experience": Listed("experience", "Query, count and export recorded runs."),
    "steps": Listed("steps", "List every sentence that a feature or truth may use."),
    "schema": Listed("schema", "Print the JSON Schema of a YAML file, for an editor."),
    "doctor": Listed("doctor", "Check that this installation works."),
    "completion": Listed("completion", "Print the script that makes a shell complete words."),
    "version": Listed("version", "Print the version."),
}
