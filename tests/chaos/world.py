"""Parts of the ledger machine: a broker made of a list, a ledger with injected faults, the invariants."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import event, update
from sqlalchemy.exc import OperationalError

from qie_batch.errors import QueueUnavailable
from qie_batch.ledger.tables import items, metadata
from qie_batch.model import FINAL, RETRY_POLICY, ItemState, JobState, Outcome, RunState
from tests.support.ledgers import SECOND_MICROS, Clock, open_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Engine

    from qie_batch.model import Message

#: The transitions that each action may make: S succeeded, F failed, X cancelled, p, q, r.
MOVES: Mapping[str, frozenset[str]] = {
    "dispatch": frozenset({"pq", "qp"}),  # back where an interactive item has the cache key
    "claim": frozenset({"qr"}),
    "succeed": frozenset({"rS", "pS", "qS"}),
    "fail": frozenset({"rF"}),
    "retry later": frozenset({"rp"}),
    "crash": frozenset({"rp"}),
    "release": frozenset({"rp", "rF"}),
    "kill": frozenset({"rp"}),
    "sweep": frozenset({"rp", "rF"}),
    "pause": frozenset({"qp"}),
    "cancel": frozenset({"pX", "qX", "rX"}),
    "retry": frozenset({"Fp"}),
    "forget": frozenset({"SF"}),
}

LETTERS = {
    ItemState.PENDING: "p",
    ItemState.QUEUED: "q",
    ItemState.RUNNING: "r",
    ItemState.SUCCEEDED: "S",
    ItemState.FAILED: "F",
    ItemState.CANCELLED: "X",
}
IN_FLIGHT = (ItemState.QUEUED, ItemState.RUNNING)


class Broker:
    """A WorkQueue that loses and repeats messages and fails during a publish."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.interactive: set[str] = set()
        self.life = 1
        #: Messages that are accepted before one failure.
        self.takes: int | None = None

    def publish(self, _engine: str, messages: Sequence[Message], *, interactive: bool = False) -> None:
        for message in messages:
            if interactive:
                self.interactive.add(message.item_id)
            if self.takes == 0:
                self.takes = None
                raise QueueUnavailable("the broker went away")
            if self.takes is not None:
                self.takes -= 1
            self.messages.append(message)

    def depth(self, _engine: str, *, interactive: bool = False) -> int:
        return sum((message.item_id in self.interactive) == interactive for message in self.messages)

    def epoch(self) -> str:
        return f"life {self.life}"

    def replace(self, messages: Sequence[Message]) -> None:
        """Another broker, with what an old copy of it held."""
        self.messages = list(messages)
        self.life += 1


class Strikes:
    """Something happens once, at the given point: before a statement, before a commit or after one."""

    def __init__(self, engine: Engine) -> None:
        self.commits = 0
        self._left = 0
        self._blow: Callable[[], None] = _die
        event.listen(engine, "before_cursor_execute", lambda *_: self._point())
        event.listen(engine, "commit", lambda _: self._point())
        commit = engine.dialect.do_commit

        def commit_and_die(connection: object) -> None:
            commit(connection)
            self.commits += 1
            self._point()

        engine.dialect.do_commit = commit_and_die

    def arm(self, point: int, blow: Callable[[], None] | None) -> None:
        """At the `point`-th point from now, 0 for never; without a blow the connection dies there."""
        self.commits, self._left, self._blow = 0, point, blow or _die

    def _point(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._blow()


def _die() -> None:
    raise OperationalError(None, None, ConnectionError("struck"))


class ItemRow(NamedTuple):
    job_id: str
    state: str
    attempt: int
    worker: str | None
    lease_until: float | None
    cache_key: str | None
    cached: bool
    result_key: str | None
    published_at: float | None
    errors: int
    crashes: int
    preemptions: int
    retries: int
    error_code: str | None
    finished_at: float | None


class AttemptRow(NamedTuple):
    outcome: str
    ended_at: float | None
    error_code: str | None
    seconds: float
    cost_micros: int


class RunRow(NamedTuple):
    state: str
    job_id: str
    lease_until: float


class Picture(NamedTuple):
    """Everything the ledger says, read past it."""

    items: dict[str, ItemRow]
    attempts: dict[tuple[str, int], AttemptRow]
    runs: dict[float, RunRow]
    jobs: dict[str, str]

    def holds(self, item_id: str, number: int) -> bool:
        item = self.items[item_id]
        return item.state == ItemState.RUNNING and item.attempt == number

    def held_by(self, worker: str) -> list[str]:
        return [
            key
            for key, item in self.items.items()
            if item.state == ItemState.RUNNING and item.worker == worker
        ]

    def spares(self, item_id: str) -> bool:
        """Whether the next kill of its worker is not charged to the item."""
        tries = [self.attempts[item_id, number + 1] for number in range(self.items[item_id].attempt)]
        losses = 0
        for attempt in tries:
            losses += attempt.outcome == Outcome.LOST
            if attempt.error_code and attempt.outcome != Outcome.RETRIED:
                losses = 0  # the item failed and was retried by a person
        return (
            losses < RETRY_POLICY.max_kills and self.items[item_id].preemptions < RETRY_POLICY.max_preemptions
        )


class Place:
    """One database with two ledgers: one with injected faults, and one that fails instead of waiting."""

    def __init__(self, url: str) -> None:
        self.clock = Clock()
        self.ledger = open_ledger(url, self.clock)
        postgresql = url.startswith("postgresql")
        self.beside = open_ledger(url, self.clock)
        for ledger in (self.ledger, self.beside):
            if not postgresql:
                event.listen(ledger._db.engine, "connect", _hurry)
            elif ledger is self.beside:
                event.listen(ledger._db.engine, "connect", _wait_for_no_lock)
            ledger.dispose()
        self.strikes = Strikes(self.ledger._db.engine)
        self._eyes = self.ledger._db.engine.raw_connection()
        if postgresql:
            self._eyes.driver_connection.autocommit = True
            for table in metadata.tables:
                # Autovacuum would lock tables at random times, and walks would not be reproducible.
                self._eyes.driver_connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        self.steps = 0

    def dispose(self) -> None:
        self._eyes.close()
        self.ledger.dispose()
        self.beside.dispose()

    def empty(self) -> None:
        self.clock.now = Clock().now
        names = [table.name for table in reversed(metadata.sorted_tables)]
        with self.ledger._db.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"TRUNCATE {', '.join(names)}")
            else:
                for name in names:
                    connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608 - our own names

    def look(self) -> Picture:
        items = self._read(f"SELECT id, {', '.join(ItemRow._fields)} FROM items")  # noqa: S608 - our own names
        attempts = self._read(f"SELECT item_id, number, {', '.join(AttemptRow._fields)} FROM attempts")  # noqa: S608
        runs = self._read(f"SELECT due_at, {', '.join(RunRow._fields)} FROM scheduled_runs")  # noqa: S608
        return Picture(
            items={row[0]: ItemRow(*row[1:]) for row in items},
            attempts={row[:2]: AttemptRow(*row[2:]) for row in attempts},
            runs={row[0]: RunRow(*row[1:]) for row in runs},
            jobs=dict(self._read("SELECT id, state FROM jobs")),
        )

    def wear_out(self, item_id: str) -> None:
        """As if it had been handed back almost too often."""
        with self.ledger._db.write() as connection:
            nearly = (
                update(items)
                .where(items.c.id == item_id)
                .values(preemptions=RETRY_POLICY.max_preemptions - 1)
            )
            connection.execute(nearly)

    def _read(self, query: str) -> list[tuple]:
        cursor = self._eyes.cursor()
        try:
            return cursor.execute(query).fetchall()
        finally:
            cursor.close()


def _wait_for_no_lock(connection, _record) -> None:
    connection.execute("SET lock_timeout = '2ms'")
    connection.commit()


def _hurry(connection, _record) -> None:
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA busy_timeout=0")


def together(*deeds: str) -> frozenset[str]:
    """The transitions that these actions may make together, also in sequence on one item."""
    single = frozenset[str]().union(*(MOVES.get(deed, ()) for deed in deeds))
    return single | {first[0] + then[1] for first in single for then in single if first[1] == then[0]}


def judge_change(before: Picture, after: Picture, deeds: Sequence[str], moment: float) -> None:
    """Only legal transitions; final rows do not change in any column; no row is deleted."""
    closed = {key for key, state in after.jobs.items() if state == JobState.CLOSED != before.jobs.get(key)}
    for item_id, item in after.items.items():
        fresh = item.finished_at is None or item.finished_at >= moment
        assert not (item.job_id in closed and fresh) or "forget" in deeds, f"{item_id} was closed unseen"
    moves = together(*deeds)
    for item_id, old in before.items.items():
        new = after.items[item_id]
        if old.state != new.state:
            move = LETTERS[ItemState(old.state)] + LETTERS[ItemState(new.state)]
            assert move in moves, f"{item_id} went {move} by {deeds}"
            handed_back = deeds == ["release"] and move == "rp"
            assert not handed_back or new.preemptions < RETRY_POLICY.max_preemptions, (
                f"{item_id} was handed back too often"
            )
        elif old.state in FINAL and "retry" not in deeds:
            assert old == new, f"{item_id} is final and changed"
        claims = "claim" in deeds
        assert new.attempt - old.attempt in ((0, 1) if claims else (0,)), f"attempts of {item_id}"
    for key, old in before.attempts.items():
        new = after.attempts[key]
        assert new.seconds >= old.seconds
        if old.outcome == Outcome.SUCCEEDED and "forget" in deeds:
            assert new.outcome in (Outcome.SUCCEEDED, Outcome.LOST)
        elif old.outcome != Outcome.RUNNING:
            assert new[:3] == old[:3], f"attempt {key} ended twice"
    for due_at, old in before.runs.items():
        if old.state == RunState.SUBMITTED:
            assert after.runs[due_at][:2] == old[:2], "a submitted run was ended again"


def judge_state(now: Picture, rows: Mapping[str, int], spent: Mapping[tuple[str, int], float]) -> None:
    """What is always true; `rows` are each job's items and `spent` the seconds told of each attempt."""
    assert Counter(item.job_id for item in now.items.values()) == Counter(rows), "items came or went"
    running = sorted(key for key, attempt in now.attempts.items() if attempt.outcome == Outcome.RUNNING)
    holders = sorted(
        (key, item.attempt) for key, item in now.items.items() if item.state == ItemState.RUNNING
    )
    assert running == holders, "an attempt for each running item, and for no other"
    won = Counter(key for (key, _), attempt in now.attempts.items() if attempt.outcome == Outcome.SUCCEEDED)
    assert not won or max(won.values()) == 1, "an item succeeded twice"
    flying = Counter(item.cache_key for item in now.items.values() if item.state in IN_FLIGHT)
    assert not flying or max(flying.values()) == 1, "twins are in flight together"
    for item_id, item in now.items.items():
        assert (item.lease_until is not None) == (item.state == ItemState.RUNNING), f"lease of {item_id}"
        job = now.jobs[item.job_id]
        assert not (job == JobState.PAUSED and item.state == ItemState.QUEUED), (
            f"{item_id} queued, job paused"
        )
        assert not (job == JobState.CLOSED and item.state not in FINAL), f"{item_id} open, job closed"
        given_up = item.error_code == RETRY_POLICY.preempted.code
        assert (
            item.preemptions >= RETRY_POLICY.max_preemptions
            if given_up
            else item.preemptions <= RETRY_POLICY.max_preemptions
        )
    for key, attempt in now.attempts.items():
        told = spent.get(key, 0.0)
        assert (attempt.seconds, attempt.cost_micros) == (told, told * SECOND_MICROS), f"money of {key}"
    for run in now.runs.values():
        assert run.state != RunState.SUBMITTED or run.job_id in now.jobs, "a run without its job"
