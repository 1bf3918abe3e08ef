"""W3C trace context over gRPC: a job belongs to the trace of the call that submitted it."""

from pathlib import Path
from typing import Any

import pytest
from grpc_served import GrpcServed

from converge_cli._internal.wire import converge_pb2 as wire

CALL, NAMED = (f"00-{digit * 32}-b7ad6b7169203331-01" for digit in "ab")


@pytest.mark.parametrize(
    ("metadata", "field", "expected"),
    [
        ((("traceparent", CALL),), "", CALL),
        ((("traceparent", CALL),), NAMED, NAMED),
        ((("traceparent", "no trace"),), "", ""),
        ((), "", ""),
    ],
    ids=["that of the call", "the one it names", "none of that form", "none"],
)
def test_a_job_belongs_to_the_trace_of_its_call(metadata: Any, field: str, expected: str, tmp_path: Path):
    """What stands in the request itself comes first."""
    with GrpcServed(tmp_path).running() as served:
        request = wire.SubmitJobRequest(truth="hello-convergence", traceparent=field)
        job = served.stub.SubmitJob(request, timeout=20, metadata=metadata).job.job_id
        assert expected == served.service.setting.queue.job(job).trace
