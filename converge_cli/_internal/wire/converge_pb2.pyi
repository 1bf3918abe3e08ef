from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class JobStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JOB_STATUS_UNSPECIFIED: _ClassVar[JobStatus]
    JOB_STATUS_QUEUED: _ClassVar[JobStatus]
    JOB_STATUS_RUNNING: _ClassVar[JobStatus]
    JOB_STATUS_PAUSED: _ClassVar[JobStatus]
    JOB_STATUS_ENDED: _ClassVar[JobStatus]
    JOB_STATUS_FAILED: _ClassVar[JobStatus]
    JOB_STATUS_CANCELLED: _ClassVar[JobStatus]
JOB_STATUS_UNSPECIFIED: JobStatus
JOB_STATUS_QUEUED: JobStatus
JOB_STATUS_RUNNING: JobStatus
JOB_STATUS_PAUSED: JobStatus
JOB_STATUS_ENDED: JobStatus
JOB_STATUS_FAILED: JobStatus
JOB_STATUS_CANCELLED: JobStatus

class Error(_message.Message):
    __slots__ = ("code", "message", "hint", "where", "data")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    hint: str
    where: str
    data: bytes
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., hint: _Optional[str] = ..., where: _Optional[str] = ..., data: _Optional[bytes] = ...) -> None: ...

class Job(_message.Message):
    __slots__ = ("job_id", "run_id", "truth", "title", "owner", "status", "outcome", "cycles", "facts", "pending", "seq", "head", "created_at", "updated_at", "error")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    TRUTH_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    CYCLES_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    run_id: str
    truth: str
    title: str
    owner: str
    status: JobStatus
    outcome: str
    cycles: int
    facts: int
    pending: int
    seq: int
    head: str
    created_at: str
    updated_at: str
    error: Error
    def __init__(self, job_id: _Optional[str] = ..., run_id: _Optional[str] = ..., truth: _Optional[str] = ..., title: _Optional[str] = ..., owner: _Optional[str] = ..., status: _Optional[_Union[JobStatus, str]] = ..., outcome: _Optional[str] = ..., cycles: _Optional[int] = ..., facts: _Optional[int] = ..., pending: _Optional[int] = ..., seq: _Optional[int] = ..., head: _Optional[str] = ..., created_at: _Optional[str] = ..., updated_at: _Optional[str] = ..., error: _Optional[_Union[Error, _Mapping]] = ...) -> None: ...

class Input(_message.Message):
    __slots__ = ("name", "text", "data", "rows", "folder")
    class Folder(_message.Message):
        __slots__ = ("files",)
        class FilesEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: Input
            def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Input, _Mapping]] = ...) -> None: ...
        FILES_FIELD_NUMBER: _ClassVar[int]
        files: _containers.MessageMap[str, Input]
        def __init__(self, files: _Optional[_Mapping[str, Input]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    name: str
    text: str
    data: bytes
    rows: bytes
    folder: Input.Folder
    def __init__(self, name: _Optional[str] = ..., text: _Optional[str] = ..., data: _Optional[bytes] = ..., rows: _Optional[bytes] = ..., folder: _Optional[_Union[Input.Folder, _Mapping]] = ...) -> None: ...

class Budget(_message.Message):
    __slots__ = ("cycles", "facts", "time", "tokens", "cost_usd")
    CYCLES_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_USD_FIELD_NUMBER: _ClassVar[int]
    cycles: int
    facts: int
    time: str
    tokens: int
    cost_usd: str
    def __init__(self, cycles: _Optional[int] = ..., facts: _Optional[int] = ..., time: _Optional[str] = ..., tokens: _Optional[int] = ..., cost_usd: _Optional[str] = ...) -> None: ...

class EarlyApproval(_message.Message):
    __slots__ = ("point", "fact", "by", "reason")
    POINT_FIELD_NUMBER: _ClassVar[int]
    FACT_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    point: str
    fact: str
    by: str
    reason: str
    def __init__(self, point: _Optional[str] = ..., fact: _Optional[str] = ..., by: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class SubmitJobRequest(_message.Message):
    __slots__ = ("truth", "template", "inputs", "parameters", "seeds", "budget", "approvals", "principal", "strict", "idempotency_key", "traceparent")
    class InputsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Input
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Input, _Mapping]] = ...) -> None: ...
    TRUTH_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    APPROVALS_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    STRICT_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    truth: str
    template: str
    inputs: _containers.MessageMap[str, Input]
    parameters: bytes
    seeds: _containers.RepeatedScalarFieldContainer[str]
    budget: Budget
    approvals: _containers.RepeatedCompositeFieldContainer[EarlyApproval]
    principal: str
    strict: bool
    idempotency_key: str
    traceparent: str
    def __init__(self, truth: _Optional[str] = ..., template: _Optional[str] = ..., inputs: _Optional[_Mapping[str, Input]] = ..., parameters: _Optional[bytes] = ..., seeds: _Optional[_Iterable[str]] = ..., budget: _Optional[_Union[Budget, _Mapping]] = ..., approvals: _Optional[_Iterable[_Union[EarlyApproval, _Mapping]]] = ..., principal: _Optional[str] = ..., strict: _Optional[bool] = ..., idempotency_key: _Optional[str] = ..., traceparent: _Optional[str] = ...) -> None: ...

class SubmitJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class GetJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class GetJobResponse(_message.Message):
    __slots__ = ("job", "exit_code", "outcome_digest", "result")
    JOB_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_DIGEST_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    job: Job
    exit_code: int
    outcome_digest: str
    result: bytes
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ..., exit_code: _Optional[int] = ..., outcome_digest: _Optional[str] = ..., result: _Optional[bytes] = ...) -> None: ...

class ListJobsRequest(_message.Message):
    __slots__ = ("truth", "status", "before", "limit")
    TRUTH_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    truth: str
    status: JobStatus
    before: str
    limit: int
    def __init__(self, truth: _Optional[str] = ..., status: _Optional[_Union[JobStatus, str]] = ..., before: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class ListJobsResponse(_message.Message):
    __slots__ = ("jobs", "next")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[Job]
    next: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[Job, _Mapping]]] = ..., next: _Optional[str] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("job_id", "seq", "type", "data")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    seq: int
    type: str
    data: bytes
    def __init__(self, job_id: _Optional[str] = ..., seq: _Optional[int] = ..., type: _Optional[str] = ..., data: _Optional[bytes] = ...) -> None: ...

class GetEventsRequest(_message.Message):
    __slots__ = ("job_id", "after", "limit")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    after: int
    limit: int
    def __init__(self, job_id: _Optional[str] = ..., after: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class GetEventsResponse(_message.Message):
    __slots__ = ("events", "last", "next_after")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    NEXT_AFTER_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    last: int
    next_after: int
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., last: _Optional[int] = ..., next_after: _Optional[int] = ...) -> None: ...

class CancelRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class DecisionRequest(_message.Message):
    __slots__ = ("job_id", "target", "reason", "by", "everything", "decided_at", "signature")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    EVERYTHING_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    target: str
    reason: str
    by: str
    everything: bool
    decided_at: str
    signature: bytes
    def __init__(self, job_id: _Optional[str] = ..., target: _Optional[str] = ..., reason: _Optional[str] = ..., by: _Optional[str] = ..., everything: _Optional[bool] = ..., decided_at: _Optional[str] = ..., signature: _Optional[bytes] = ...) -> None: ...

class SubscribeRequest(_message.Message):
    __slots__ = ("job_id", "resume_from", "until", "heartbeat_ms")
    class Until(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNTIL_STOP: _ClassVar[SubscribeRequest.Until]
        UNTIL_PAUSE: _ClassVar[SubscribeRequest.Until]
    UNTIL_STOP: SubscribeRequest.Until
    UNTIL_PAUSE: SubscribeRequest.Until
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    RESUME_FROM_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MS_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    resume_from: int
    until: SubscribeRequest.Until
    heartbeat_ms: int
    def __init__(self, job_id: _Optional[str] = ..., resume_from: _Optional[int] = ..., until: _Optional[_Union[SubscribeRequest.Until, str]] = ..., heartbeat_ms: _Optional[int] = ...) -> None: ...

class StreamRequest(_message.Message):
    __slots__ = ("id", "submit", "cancel", "approve", "reject", "subscribe")
    ID_FIELD_NUMBER: _ClassVar[int]
    SUBMIT_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    APPROVE_FIELD_NUMBER: _ClassVar[int]
    REJECT_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIBE_FIELD_NUMBER: _ClassVar[int]
    id: str
    submit: SubmitJobRequest
    cancel: CancelRequest
    approve: DecisionRequest
    reject: DecisionRequest
    subscribe: SubscribeRequest
    def __init__(self, id: _Optional[str] = ..., submit: _Optional[_Union[SubmitJobRequest, _Mapping]] = ..., cancel: _Optional[_Union[CancelRequest, _Mapping]] = ..., approve: _Optional[_Union[DecisionRequest, _Mapping]] = ..., reject: _Optional[_Union[DecisionRequest, _Mapping]] = ..., subscribe: _Optional[_Union[SubscribeRequest, _Mapping]] = ...) -> None: ...

class Decided(_message.Message):
    __slots__ = ("job_id", "requests", "refusals", "pending", "data")
    class Refusal(_message.Message):
        __slots__ = ("request", "by", "code", "detail")
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        BY_FIELD_NUMBER: _ClassVar[int]
        CODE_FIELD_NUMBER: _ClassVar[int]
        DETAIL_FIELD_NUMBER: _ClassVar[int]
        request: str
        by: str
        code: str
        detail: str
        def __init__(self, request: _Optional[str] = ..., by: _Optional[str] = ..., code: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    requests: _containers.RepeatedScalarFieldContainer[str]
    refusals: _containers.RepeatedCompositeFieldContainer[Decided.Refusal]
    pending: int
    data: bytes
    def __init__(self, job_id: _Optional[str] = ..., requests: _Optional[_Iterable[str]] = ..., refusals: _Optional[_Iterable[_Union[Decided.Refusal, _Mapping]]] = ..., pending: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("job_id", "seq")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    seq: int
    def __init__(self, job_id: _Optional[str] = ..., seq: _Optional[int] = ...) -> None: ...

class StreamResponse(_message.Message):
    __slots__ = ("id", "job", "decided", "error", "event", "paused", "ended", "heartbeat")
    ID_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    DECIDED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    id: str
    job: Job
    decided: Decided
    error: Error
    event: Event
    paused: Job
    ended: Job
    heartbeat: Heartbeat
    def __init__(self, id: _Optional[str] = ..., job: _Optional[_Union[Job, _Mapping]] = ..., decided: _Optional[_Union[Decided, _Mapping]] = ..., error: _Optional[_Union[Error, _Mapping]] = ..., event: _Optional[_Union[Event, _Mapping]] = ..., paused: _Optional[_Union[Job, _Mapping]] = ..., ended: _Optional[_Union[Job, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ...) -> None: ...

class GetCapabilitiesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Truth(_message.Message):
    __slots__ = ("key", "title")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    key: str
    title: str
    def __init__(self, key: _Optional[str] = ..., title: _Optional[str] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("message_bytes", "json_depth", "jobs_per_page", "events_per_page", "queued_jobs", "subscriptions_per_stream", "streams_per_caller", "requests_per_caller", "requests_per_second")
    MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    JSON_DEPTH_FIELD_NUMBER: _ClassVar[int]
    JOBS_PER_PAGE_FIELD_NUMBER: _ClassVar[int]
    EVENTS_PER_PAGE_FIELD_NUMBER: _ClassVar[int]
    QUEUED_JOBS_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTIONS_PER_STREAM_FIELD_NUMBER: _ClassVar[int]
    STREAMS_PER_CALLER_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PER_CALLER_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    message_bytes: int
    json_depth: int
    jobs_per_page: int
    events_per_page: int
    queued_jobs: int
    subscriptions_per_stream: int
    streams_per_caller: int
    requests_per_caller: int
    requests_per_second: float
    def __init__(self, message_bytes: _Optional[int] = ..., json_depth: _Optional[int] = ..., jobs_per_page: _Optional[int] = ..., events_per_page: _Optional[int] = ..., queued_jobs: _Optional[int] = ..., subscriptions_per_stream: _Optional[int] = ..., streams_per_caller: _Optional[int] = ..., requests_per_caller: _Optional[int] = ..., requests_per_second: _Optional[float] = ...) -> None: ...

class GetCapabilitiesResponse(_message.Message):
    __slots__ = ("version", "protocols", "transports", "truths", "limits", "auth", "storage")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PROTOCOLS_FIELD_NUMBER: _ClassVar[int]
    TRANSPORTS_FIELD_NUMBER: _ClassVar[int]
    TRUTHS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    AUTH_FIELD_NUMBER: _ClassVar[int]
    STORAGE_FIELD_NUMBER: _ClassVar[int]
    version: str
    protocols: _containers.RepeatedScalarFieldContainer[str]
    transports: _containers.RepeatedScalarFieldContainer[str]
    truths: _containers.RepeatedCompositeFieldContainer[Truth]
    limits: Limits
    auth: _containers.RepeatedScalarFieldContainer[str]
    storage: str
    def __init__(self, version: _Optional[str] = ..., protocols: _Optional[_Iterable[str]] = ..., transports: _Optional[_Iterable[str]] = ..., truths: _Optional[_Iterable[_Union[Truth, _Mapping]]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., auth: _Optional[_Iterable[str]] = ..., storage: _Optional[str] = ...) -> None: ...
