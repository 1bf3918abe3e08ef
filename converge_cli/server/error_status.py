"""What an error is to a program: one table from error codes to the statuses of HTTP, that gRPC's are derived from."""

from http import HTTPStatus

from converge_cli.core.errors import ConvergeError

STATUS = {
    "REQUEST_MALFORMED": 400,
    "CREDENTIAL_IN_QUERY": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "ORIGIN_FORBIDDEN": 403,
    "BLOB_NOT_FOUND": 404,
    "FACT_NOT_FOUND": 404,
    "JOB_NOT_FOUND": 404,
    "PACK_NOT_FOUND": 404,
    "REQUEST_UNKNOWN": 404,
    "ROUTE_NOT_FOUND": 404,
    "RUN_NOT_FOUND": 404,
    "TARGET_UNKNOWN": 404,
    "TRUTH_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONCURRENT_APPEND": 409,
    "IDEMPOTENCY_CONFLICT": 409,
    "JOB_NOT_OPEN": 409,
    "LEASE_LOST": 409,
    "PACKS_CHANGED": 409,
    "RECEIPT_REFUSED": 409,
    "REQUEST_AMBIGUOUS": 409,
    "RUN_BUSY": 409,
    "RUN_NOT_BEGUN": 409,
    "RUN_NOT_RESUMABLE": 409,
    "BODY_TOO_LARGE": 413,
    "MEDIA_TYPE_UNKNOWN": 415,
    "TOO_MANY_REQUESTS": 429,
    "INTERNAL": 500,
    "RECORD_CORRUPT": 500,
    "QUEUE_FULL": 503,
    "STOPPING": 503,
    "STORE_UNAVAILABLE": 503,
    "STUCK": 503,
    "UNAVAILABLE": 503,
}
"""Error code -> status; whatever is not here was given in a way that can't be done: 422."""

RETRY_SECONDS = {
    "CONCURRENT_APPEND": 1,
    "QUEUE_FULL": 2,
    "RUN_BUSY": 1,
    "RUN_NOT_BEGUN": 1,
    "STOPPING": 5,
    "STORE_UNAVAILABLE": 5,
    "TOO_MANY_REQUESTS": 1,
}
"""Error code -> seconds after which to try again."""


def status_of(error: ConvergeError) -> int:
    """The status that an error is answered with."""
    return STATUS.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY)
