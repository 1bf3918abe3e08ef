"""The SDK takes the caller's trace along."""

import time
from typing import Any

from converge_cli.client import Client

TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_a_job_belongs_to_the_trace_that_the_client_names(server: Any):
    """As the server's log tells it."""
    with Client(server.url) as client:
        job = client.submit("hello-convergence", trace=f"00-{TRACE}-b7ad6b7169203331-01").job_id
    until = time.monotonic() + 20
    while (wanted := f"submitted run_id={job} trace_id={TRACE} ") not in (told := (server.folder / "told").read_text()):
        assert time.monotonic() < until, (wanted, told)
        time.sleep(0.05)
