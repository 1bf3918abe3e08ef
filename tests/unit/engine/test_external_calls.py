"""External calls are recorded before they are used: an attempt that is repeated pays nothing twice."""

import asyncio
from collections.abc import Awaitable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from engine_kit import Bench, Script, at_least, criterion, job, note, run

from converge_cli import Budget, ContextView, Effect
from converge_cli.core.budget import BudgetChange
from converge_cli.core.call import KeptCall
from converge_cli.core.errors import ConvergeError, RecordCorruptError
from converge_cli.core.event import BudgetCharged, SuggestorExecuted, SuggestorFailed
from converge_cli.store.memory import MemoryExperience
from converge_cli.store.unavailable import StoreUnavailableError

NEEDS_IT = job(criteria=(criterion("heard", at_least("Signals", "note:heard")),))


class Service:
    """The outside world: answers every request, and counts what it is paid for."""

    def __init__(self) -> None:
        self.paid: list[str] = []
        self.keys: list[str] = []

    def ask(self, view: ContextView, request: str) -> Awaitable[bytes]:
        async def send(key: str) -> bytes:
            await asyncio.sleep(0)
            self.paid.append(request)
            self.keys.append(key)
            return f"{request}:{len(self.paid)}".encode()

        return view.call({"q": request}, send)


def asks(service: Service, *requests: str, then: Any = None) -> Script:
    """A suggestor that asks one thing after another and says what it heard."""

    async def do(view: ContextView) -> Effect:
        heard = [(await service.ask(view, request)).decode() for request in requests]
        if then is not None:
            await then()
        return Effect([note("Signals", "note:heard", " ".join(heard))])

    return Script("asker", do)


class Stage:
    """Something goes wrong the first time that it is reached."""

    def __init__(self, trouble: BaseException | None = None, seconds: float = 0) -> None:
        self.reached = 0
        self._trouble = trouble
        self._seconds = seconds

    async def __call__(self) -> None:
        self.reached += 1
        if self.reached == 1:
            await asyncio.sleep(self._seconds)
            if self._trouble is not None:
                raise self._trouble


def heard(result: Any) -> str:
    """What the asker promoted."""
    return next(fact.payload.text for fact in result.facts if fact.id == "note:heard")


def test_the_event_of_an_execution_names_its_calls_and_the_store_keeps_the_bytes():
    """Request and answer are blobs under the digests that the event states."""
    service = Service()
    bench = Bench(lambda: [asks(service, "a", "b", "a")])
    bench.run()
    made = next(event for event in bench.events() if isinstance(event, SuggestorExecuted))
    store = bench.store
    assert [(b'{"q":"a"}', b"a:1", 0), (b'{"q":"b"}', b"b:2", 0), (b'{"q":"a"}', b"a:3", 1)] == [
        (store.get_blob(call.request), store.get_blob(call.answer), call.occurrence) for call in made.calls
    ]


def test_an_answer_is_kept_before_the_suggestor_has_it():
    """Whatever it does in its very next step, with the process dying amid it, is done on an answer that is kept."""
    service, kept = Service(), []

    async def do(view: ContextView) -> Effect:
        for request in ("a", "b"):
            answer = await service.ask(view, request)
            kept.append([bench.store.get_blob(call.answer) for call in bench.store.calls("r00000001")])
            assert answer == kept[-1][-1]
        return Effect([note("Signals", "note:heard", "both")])

    bench = Bench(lambda: [Script("asker", do)], NEEDS_IT)
    result = bench.run()
    assert ("CriteriaMet", [[b"a:1"], [b"a:1", b"b:2"]]) == (result.reason, kept)


def test_a_cycle_that_dies_after_its_calls_runs_again_on_their_answers():
    """The commit of the cycle fails, as if the process had been killed; a fresh engine pays nothing."""

    class Dying(MemoryExperience):
        left = 1

        def append(self, commit: Any) -> None:
            if any(b"SuggestorExecuted" in event for event in commit.events) and self.left:
                self.left -= 1
                raise StoreUnavailableError("store", "killed", "try again")
            super().append(commit)

    service = Service()
    bench = Bench(lambda: [asks(service, "a", "b")], experience=Dying())
    with pytest.raises(StoreUnavailableError):
        bench.run()
    result = bench.resume()
    undisturbed = run(asks(Service(), "a", "b"))
    assert (["a", "b"], "a:1 b:2", undisturbed.outcome_digest) == (service.paid, heard(result), result.outcome_digest)


@pytest.mark.parametrize(
    ("stage", "code", "paid"),
    [
        (lambda: Stage(seconds=0.6), "TIMEOUT", ["a"]),
        (lambda: Stage(ValueError("unreadable answer")), "EXCEPTION", ["a", "a"]),
    ],
)
def test_an_attempt_after_a_failure_is_given_the_answers_unless_they_were_the_trouble(
    stage: Any, code: str, paid: list[str]
):
    """Out of time: the next attempt goes on with what was paid for. It failed on an answer: it asks anew."""
    service, trouble = Service(), stage()

    def make() -> list[Script]:
        script = asks(service, "a", then=trouble)
        script.timeout = 0.3
        return [script]

    bench = Bench(make, the_job=NEEDS_IT)
    bench.run()
    failed = next(event for event in bench.events() if isinstance(event, SuggestorFailed))
    bench.resume()
    assert (code, paid, len(paid) - 1) == (failed.code, service.paid, len(failed.calls))


def test_when_a_call_itself_fails_the_ones_before_it_are_not_paid_again():
    """The second request never gets an answer in the first attempt."""
    service, trouble = Service(), Stage(ConnectionError("reset"))

    async def do(view: ContextView) -> Effect:
        async def broken(_key: str) -> bytes:
            await trouble()
            return b"late"

        first = await service.ask(view, "a")
        second = await view.call({"q": "b"}, broken)
        return Effect([note("Signals", "note:heard", f"{first.decode()} {second.decode()}")])

    bench = Bench(lambda: [Script("asker", do)], the_job=NEEDS_IT)
    bench.run()
    assert ("a:1 late", ["a"]) == (heard(bench.resume()), service.paid)


def test_answers_are_used_up_by_the_execution_that_is_recorded():
    """The same request of a later execution is a new call, with another key."""
    service = Service()

    async def do(view: ContextView) -> Effect:
        number = len(view.facts("Signals"))
        answer = await service.ask(view, "a")
        return Effect([note("Signals", f"note:{number}", answer.decode())] if number < 2 else [])

    result = run(Script("asker", do, reads=("Signals", "Seeds")), seeds=[note("Seeds", "note:s")])
    assert (["a", "a", "a"], 3) == (service.paid, len(set(service.keys)))
    assert ["a:1", "a:2"] == [fact.payload.text for fact in result.facts if fact.key == "Signals"]


def test_the_key_of_a_call_is_the_same_in_every_attempt():
    """A service that takes an idempotency key can tell a repeated call from a new one."""
    keys: list[str] = []

    async def do(view: ContextView) -> Effect:
        async def send(key: str) -> bytes:
            keys.append(key)
            if len(keys) == 1:
                raise ConnectionError("the answer was lost")
            return b"yes"

        return Effect([note("Signals", "note:heard", (await view.call("a", send)).decode())])

    bench = Bench(lambda: [Script("asker", do)], the_job=NEEDS_IT)
    bench.run()
    bench.resume()
    assert keys == [keys[0]] * 2


def test_calls_that_arrive_in_any_order_leave_the_same_record():
    """Several suggestors wait at the same time, and one asks twice at once: neither outcome nor head can tell."""

    def heads(slow: str) -> tuple[str, str]:
        async def do(view: ContextView, name: str) -> Effect:
            async def send(_key: str) -> bytes:
                await asyncio.sleep(0.02 if name == slow else 0)
                return name.encode()

            both = await asyncio.gather(view.call([name, 1], send), view.call([name, 2], send))
            return Effect([note("Signals", f"note:{name}", b" ".join(both).decode())])

        result = run(*(Script(name, lambda view, name=name: do(view, name)) for name in ("one", "two", "three")))
        return result.outcome_digest, result.head

    assert heads("one") == heads("three")


def test_an_answer_that_cannot_be_kept_is_never_used_and_ends_the_run():
    """A full disk is told as it is, even when the suggestor swallows what is raised in it."""

    class Full(MemoryExperience):
        def put_call(self, run: str, call: KeptCall, request: bytes, answer: bytes) -> None:
            raise StoreUnavailableError("store", "the disk is full", "make room")

    async def do(view: ContextView) -> Effect:
        try:
            await Service().ask(view, "a")
        except Exception:  # noqa: BLE001  what foreign code may do
            return Effect([note("Signals", "note:heard")])
        raise AssertionError("an answer was given")

    with pytest.raises(StoreUnavailableError, match="full"):
        Bench(lambda: [Script("asker", do)], experience=Full()).run()


def test_accepts_may_not_call_and_neither_may_a_view_that_was_kept():
    """Both are errors of the suggestor with codes of their own."""
    seen: list[tuple[ContextView, str]] = []

    async def send(_key: str) -> bytes:
        return b""

    def accepts(view: ContextView) -> bool:
        try:
            view.call("a", send)
        except ConvergeError as error:
            seen.append((view, error.code))
        return False

    run(Script("asker", lambda _view: [], accepts=accepts))
    with pytest.raises(ConvergeError) as raised:
        seen[0][0].call("a", send)
    assert ("CALL_FORBIDDEN", "VIEW_CLOSED") == (seen[0][1], raised.value.code)


def test_a_cancelled_run_goes_on_with_the_answers_that_it_had() -> None:
    """The execution was cut and left no record; its first call had been answered."""
    service = Service()
    cancelled: list[bool] = []

    async def do(view: ContextView) -> Effect:
        first = await service.ask(view, "a")
        if len(service.paid) == 1 and not cancelled:
            cancelled.append(True)
            engine.cancel()
            await asyncio.sleep(10)
        return Effect([note("Signals", "note:heard", first.decode())])

    bench = Bench(lambda: [Script("asker", do)], NEEDS_IT)
    engine = bench.engine()
    cut = asyncio.run(engine.run())
    assert ("Cancelled", ["a"]) == (cut.reason, service.paid)
    assert ("a:1", ["a"]) == (heard(bench.resume()), service.paid)


def test_a_kept_answer_that_is_damaged_ends_the_run_and_is_not_paid_for_again() -> None:
    """The store says what is wrong; nothing is made up, and nothing is sent."""
    service, trouble = Service(), Stage(seconds=0.6)

    def make() -> list[Script]:
        script = asks(service, "a", then=trouble)
        script.timeout = 0.3
        return [script]

    class Failing(MemoryExperience):
        def get_blob(self, digest: str) -> bytes:
            if digest in {call.answer for call in self.calls("r00000001")}:
                raise RecordCorruptError("other bytes are kept", where=digest)
            return super().get_blob(digest)

    bench = Bench(make, the_job=NEEDS_IT, experience=Failing())
    bench.run()
    with pytest.raises(RecordCorruptError):
        bench.resume()
    assert ["a"] == service.paid


def charging(engines: list[Any], service: Service, trouble: Any, *, through_view: bool = True) -> Script:
    """A suggestor that charges 100 tokens before each of two calls; trouble comes with the second."""

    async def do(view: ContextView) -> Effect:
        heard = []
        for request in ("a", "b"):
            engines[-1].meter.charge("asker", 100, Decimal("0.5"))
            if through_view:
                heard.append((await view.call(request, lambda key, said=request: send(said, key))).decode())
            else:
                heard.append((await send(request, "")).decode())
        return Effect([note("Signals", "note:heard", " ".join(heard))])

    async def send(request: str, key: str) -> bytes:
        if request == "b":
            await trouble()
        service.paid.append(request)
        return request.encode()

    return Script("asker", do)


@pytest.mark.parametrize(
    ("through_view", "charged", "paid"), [(True, (200, "1.0"), ["a", "b"]), (False, (400, "2.0"), ["a", "a", "b"])]
)
def test_an_attempt_that_is_made_again_is_charged_for_what_is_new_only(
    through_view: bool, charged: tuple[int, str], paid: list[str]
) -> None:
    """The second call fails: what was charged for it and for the kept answer counts for the next attempt as well.

    Whoever calls out past `view.call` pays each time, and is charged each time: the budget stays a bound.
    """
    service, trouble, engines = Service(), Stage(ConnectionError("gone")), []
    bench = Bench(lambda: [charging(engines, service, trouble, through_view=through_view)], NEEDS_IT)
    failed, ended = drive(bench, engines), drive(bench, engines, resume=True)
    spent = [event for event in bench.events() if isinstance(event, BudgetCharged)]
    assert ("SuggestorFailed", "CriteriaMet", paid) == (failed.reason, ended.reason, service.paid)
    assert charged == (sum(event.tokens for event in spent), str(sum(Decimal(event.cost_usd) for event in spent)))


def test_what_counts_as_done_is_charged_anew_next_time() -> None:
    """It failed on an answer that it had: the next attempt asks again, pays again and is charged again."""
    service, stage, engines = Service(), Stage(ValueError("unreadable")), []

    async def do(view: ContextView) -> Effect:
        engines[-1].meter.charge("asker", 100, Decimal(0))
        answer = await service.ask(view, "a")
        await stage()
        return Effect([note("Signals", "note:heard", answer.decode())])

    bench = Bench(lambda: [Script("asker", do)], NEEDS_IT)
    drive(bench, engines)
    drive(bench, engines, resume=True)
    assert ([100, 100], ["a", "a"]) == (
        [event.tokens for event in bench.events() if isinstance(event, BudgetCharged)],
        service.paid,
    )


def test_a_limit_that_was_crossed_between_two_calls_is_not_reached_twice_by_the_first() -> None:
    """100 of 150 tokens are spent on an answer; with 50 more both calls fit, since the first is kept."""
    service, engines = Service(), []
    bench = Bench(
        lambda: [charging(engines, service, Stage())], msgspec.structs.replace(NEEDS_IT, budget=Budget(tokens=150))
    )
    crossed = drive(bench, engines)
    ended = drive(bench, engines, resume=True, added=BudgetChange(tokens=50))
    assert ("TokenBudgetExhausted", "CriteriaMet", ["a", "b"]) == (crossed.reason, ended.reason, service.paid)


def drive(bench: Bench, engines: list[Any], *, resume: bool = False, **options: Any) -> Any:
    """Run or resume on a fresh engine whose meter the suggestors can reach."""
    engines.append(bench.engine())
    return asyncio.run(engines[-1].resume("r00000001", **options) if resume else engines[-1].run())
