"""`converge approve`."""

from converge_cli.cli import options
from converge_cli.cli.decide import Everything, Reason, Target, Who, decide

app = options.app()


@app.command()
def approve(
    run: options.Run,
    target: Target,
    who: Who,
    reason: Reason,
    everything: Everything = False,
    server: options.Server = None,
    as_json: options.Json = False,
) -> None:
    """Approve what waits: one request, all requests of a proposal that you may decide, or (--all) all of a point."""
    decide("approved", run, target, who, reason, everything=everything, server=server, as_json=as_json)
