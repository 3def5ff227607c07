"""Sample jobs and ledgers for tests. A device second costs 1,000 micro-dollars."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from qie_batch.engines.qwen import PRESETS as QWEN_PRESETS
from qie_batch.interfaces import EngineChoice
from qie_batch.ledger.database import Database
from qie_batch.ledger.schema import upgrade
from qie_batch.ledger.sql import SqlLedger
from qie_batch.model import (
    RETRY_POLICY,
    EditParams,
    EditSpec,
    EngineInfo,
    Failure,
    ItemState,
    JobOrder,
    NewItem,
    NewJob,
    Priority,
    Rate,
    Result,
    Usage,
    Worker,
)
from qie_batch.steps.dispatch import DispatchContext
from qie_batch.steps.fsck import FsckContext
from qie_batch.steps.schedule import ScheduleContext
from qie_batch.steps.sweep import send_lost_again, take_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from qie_batch.interfaces import ObjectStore, WorkQueue
    from qie_batch.model import Attempt, Schedule

START = 1_800_000_000.0
SECOND_MICROS = 1_000
WORKER = Worker(name="worker-1", engine="classic", device="cpu", rate=Rate(hour_micros=3600 * SECOND_MICROS))
POISON = RETRY_POLICY.poisoned
WRONG = Failure(code="image_missing", reason="there is no picture")
BROKEN = Failure(code="store_unavailable", reason="the store did not answer")


def used(seconds: float, images: int = 0) -> Usage:
    return Usage(seconds=seconds, images=images)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The results of the calls, each made in its own thread, all started by one barrier."""
    together = threading.Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> Any:
        together.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


class Clock:
    """A clock that a test advances."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += seconds


class Interrupted(Database):
    """Calls `meanwhile` once, between a read and the next write."""

    meanwhile: Callable[[], object] | None = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        with super().write() as connection:
            yield connection


def sweep(ledger: SqlLedger, queue: WorkQueue) -> int:
    """The sweep of `control` without an outage; the number of items and messages."""
    return take_back(ledger.recovery) + send_lost_again(ledger.dispatch, queue)


class Engines:
    """A catalog in which every engine is the same: two seconds an edit, at the given rate."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate

    def choose(self, asked: str) -> EngineChoice:
        return EngineChoice(info=self.info(asked), reason="it was asked for")

    def info(self, name: str) -> EngineInfo:
        return EngineInfo(name=name, revision="1", presets=QWEN_PRESETS)

    def rate(self, _info: EngineInfo, _device: str = "") -> Rate:
        return self._rate

    def preset_names(self) -> list[str]:
        return list(QWEN_PRESETS)


def dispatching(
    ledger: SqlLedger, queue: WorkQueue, *, window: int, rate: Rate = WORKER.rate
) -> DispatchContext:
    return DispatchContext(
        dispatch=ledger.dispatch,
        jobs=ledger.jobs,
        costs=ledger.costs,
        queue=queue,
        engines=Engines(rate),
        window=window,
    )


def scheduling(
    ledger: SqlLedger,
    submit: Callable[[Schedule, str], None],
    working: Callable[[Callable[[], None]], None] | None = None,
) -> ScheduleContext:
    """`working` is called with what renews the lease, before `submit`."""

    def submitted(schedule: Schedule, job_id: str, renew: Callable[[], None]) -> None:
        if working:
            working(renew)
        submit(schedule, job_id)

    return ScheduleContext(
        schedules=ledger.schedules, jobs=ledger.jobs, clock=ledger.clock, submit=submitted, renew_seconds=0.0
    )


def checking(ledger: SqlLedger, store: ObjectStore) -> FsckContext:
    return FsckContext(audit=ledger.audit, intake=ledger.intake, clock=ledger.clock, store=store)


def open_ledger(url: str, clock: Callable[[], float] | None = None) -> SqlLedger:
    """A ledger at the newest schema; the caller disposes of the ledger."""
    database = Database(url, clock)
    to_newest_schema(database)
    return SqlLedger(database)


def to_newest_schema(database: Database) -> None:
    """As `schema.upgrade`, which takes fifty times as long as a copy of a file that was upgraded once."""
    name = database.engine.url.database
    if database.engine.dialect.name == "sqlite" and name and not Path(name).exists():
        Path(name).write_bytes(_upgraded_file())
    else:
        upgrade(database)


@cache
def _upgraded_file() -> bytes:
    with TemporaryDirectory(prefix="qie-schema-") as folder:
        path = Path(folder) / "ledger.sqlite3"
        database = Database(f"sqlite:///{path}")
        upgrade(database)
        database.engine.dispose()  # the last connection moves all into the file
        assert [each.name for each in Path(folder).iterdir()] == [path.name]
        return path.read_bytes()


def spec(word: str, **changes: Any) -> EditSpec:
    """Equal words have equal cache keys; `changes` are fields of the spec or of its parameters."""
    made = EditSpec(
        inputs=("00" * 32,),
        params=EditParams(instruction=f"make it {word}", preset="balanced"),
        engine="classic",
        revision="1",
    )
    own = {name: changes.pop(name) for name in list(changes) if name in EditSpec.__slots__}
    return replace(made, params=replace(made.params, **changes), **own)


def new_job(job_id: str = "job", **changes: Any) -> NewJob:
    """`changes` are fields of the job or of its order."""
    made = NewJob(
        id=job_id,
        order=JobOrder(name=f"{job_id}.csv", engine="classic", preset="balanced"),
        engine_reason="it was asked for",
        manifest_key=f"manifests/{job_id}.csv",
    )
    own = {name: changes.pop(name) for name in list(changes) if name in NewJob.__slots__}
    return replace(made, **{"order": replace(made.order, **changes), **own})


def new_items(*specs: EditSpec | Failure, priority: Priority = Priority.NORMAL) -> list[NewItem]:
    """One row each; a failure is a row that was not understood."""
    return [
        NewItem(
            ordinal=ordinal,
            line=ordinal + 2,
            row_id=f"sku-{ordinal}",
            variant=0,
            priority=priority,
            spec_text=each.canonical if isinstance(each, EditSpec) else None,
            cache_key=each.cache_key if isinstance(each, EditSpec) else None,
            failure=each if isinstance(each, Failure) else None,
        )
        for ordinal, each in enumerate(specs)
    ]


def add(ledger: SqlLedger, *words: str, job_id: str = "job", **changes: Any) -> None:
    """A job with an item for each word."""
    rows = new_items(*map(spec, words), priority=changes.get("priority", Priority.NORMAL))
    assert ledger.intake.add_job(new_job(job_id, **changes), rows)


def enqueue(ledger: SqlLedger, window: int = 1000, *, interactive: bool = False) -> list[str]:
    """Ids of the items that became queued."""
    messages = ledger.dispatch.enqueue("classic", window, {}, interactive=interactive)
    return [message.item_id for message in messages]


def start(ledger: SqlLedger, item_id: str = "job.0", worker: Worker = WORKER, lease: float = 60.0) -> Attempt:
    """Queue every item that can be queued, and claim the item."""
    enqueue(ledger)
    attempt = ledger.attempts.claim(item_id, worker, lease)
    assert attempt is not None
    return attempt


def result_of(attempt: Attempt) -> Result:
    key = attempt.spec.cache_key
    return Result(
        cache_key=key,
        object_key=f"results/{key}",
        sha256="ab" * 32,
        size=1234,
        width=64,
        height=48,
        engine="classic",
        device="cpu",
    )


def finish(ledger: SqlLedger, item_id: str = "job.0", seconds: float = 1.0) -> None:
    attempt = start(ledger, item_id)
    assert ledger.attempts.succeed(attempt, result_of(attempt), used(seconds))


def states(ledger: SqlLedger, job_id: str = "job") -> list[ItemState]:
    return [item.state for item in ledger.jobs.items(job_id)]


def told(ledger: SqlLedger, job_id: str = "job") -> str:
    """The states, a letter for each item: S succeeded, N to review, R rejected, F failed, X cancelled."""
    letters = {
        ItemState.SUCCEEDED: "S",
        ItemState.NEEDS_REVIEW: "N",
        ItemState.REJECTED: "R",
        ItemState.FAILED: "F",
        ItemState.CANCELLED: "X",
    }
    return "".join(letters.get(state, state[0]) for state in states(ledger, job_id))
