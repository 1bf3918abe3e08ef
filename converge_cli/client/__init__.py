"""The SDK: work with a server of Converge from a program. Needs no store, no packs and no truths on this machine.

from converge_cli.client import Client

with Client("https://converge.example.org", key="...") as client:
    job = client.submit("vendor-selection", inputs={"vendors": Path("bids.csv")})
    for event in client.stream(job.job_id, until="pause"):
        print(event.seq, event.type)
"""

from converge_cli.client.answers import Job, StreamEvent
from converge_cli.client.client import Client
from converge_cli.client.errors import ServerAddressError, ServerAnswerError, ServerError, ServerUnreachableError

__all__ = [
    "Client",
    "Job",
    "ServerAddressError",
    "ServerAnswerError",
    "ServerError",
    "ServerUnreachableError",
    "StreamEvent",
]
