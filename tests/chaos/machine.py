"""A stateful test of the ledger: one rule a step, all invariants checked after each step."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from qie_batch.errors import Unavailable, UsageError
from qie_batch.model import FINAL, Failure, ItemState, JobState, Priority, Rate, RunState, Schedule
from qie_batch.steps.dispatch import dispatch
from qie_batch.steps.schedule import RUN_LEASE_SECONDS, latest_due, run, run_due
from qie_batch.steps.sweep import MESSAGE_GRACE
from tests.chaos.world import IN_FLIGHT, Broker, judge_change, judge_state
from tests.support.ledgers import (
    BROKEN,
    SECOND_MICROS,
    START,
    WORKER,
    dispatching,
    new_items,
    new_job,
    result_of,
    scheduling,
    spec,
    sweep,
    used,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.model import Attempt, EditSpec, Worker
    from tests.chaos.world import Place

LEASE = 60.0
WORKERS = ("worker-1", "worker-2", "worker-3")
#: An item whose worker crashes at every attempt.
DEADLY = "deadly"
#: A row that was not understood.
BAD = "bad"
#: No more items are submitted beyond this number, so that walks are long in steps, not in rows.
ENOUGH = 20
#: What a worker writes of an attempt, and what people do to a job.
WORKS = ["renew", "succeed", "succeed", "fail", "retry later", "crash", "release"]
ORDERS = ["pause", "resume", "resume", "cancel", "retry", "close", "forget"]
SCHEDULE = Schedule(name="hourly", cron="0 * * * *", timezone="UTC", catalog="catalog.csv")

picks = st.integers(0, 30)
points = st.one_of(st.integers(1, 5), st.integers(1, 16))
#: Messages that the broker accepts before it fails once.
takes = st.one_of(st.none(), st.none(), st.integers(0, 4))
words = st.lists(st.sampled_from(["red", "green", "blue", "pink", DEADLY, BAD]), min_size=1, max_size=6)
#: A concurrent action at the n-th point of this one.
meanwhile = st.tuples(
    points,
    st.sampled_from([*WORKS, *ORDERS, "claim", "sweep", "dispatch"]),
    picks,
)
#: Nothing, a ledger failure at the n-th point, or a concurrent action there.
upsets = st.one_of(st.none(), st.none(), points, meanwhile, meanwhile)
endings = st.tuples(
    picks,
    st.sampled_from(WORKS),
    st.integers(0, 90).map(float),
    upsets,
)


class Event(NamedTuple):
    #: How often it happens, against the others.
    weight: int
    values: st.SearchStrategy[tuple]
    possible: Callable[[LedgerMachine], Any]


EVENTS = {
    "submit": Event(
        2,
        st.tuples(
            words, st.sampled_from(Priority), st.sampled_from([None, None, 50 * SECOND_MICROS]), upsets
        ),
        lambda self: sum(self.rows.values()) < ENOUGH,
    ),
    "dispatch": Event(
        4,
        st.tuples(
            st.integers(1, 6),
            takes,
            st.one_of(upsets, upsets, st.tuples(points, st.sampled_from(["dispatch", "pause"]), picks)),
        ),
        lambda self: self.in_states(ItemState.PENDING),
    ),
    "deliver": Event(
        8,
        st.tuples(picks, st.sampled_from(WORKERS), upsets),
        lambda self: self.broker.messages or self.popped,
    ),
    "write": Event(10, endings, lambda self: self.live()),
    "write_as_a_zombie": Event(3, endings, lambda self: len(self.attempts) > len(self.live())),
    "release_worker": Event(1, st.tuples(st.sampled_from(WORKERS), upsets), lambda self: self.live()),
    "kill": Event(2, st.tuples(picks, st.sampled_from([1, 1, 4]), upsets), lambda self: self.live()),
    "hand_back_at_last": Event(
        1, st.tuples(picks, st.integers(0, 90).map(float), upsets), lambda self: self.live()
    ),
    "sweep": Event(4, st.tuples(takes, upsets), lambda self: self.in_states(*IN_FLIGHT)),
    "sweep_while_late_workers_write": Event(
        2,
        st.tuples(st.tuples(st.integers(1, 6), st.sampled_from([*WORKS, "cancel", "sweep"]), picks)),
        lambda self: self.live(),
    ),
    "turn_the_clock": Event(
        3, st.tuples(st.sampled_from([1.0, 6.0, 20.0, 61.0, 400.0, 1000.0, 3600.0])), lambda self: self.rows
    ),
    "meddle": Event(
        3,
        st.tuples(picks, st.sampled_from(["lost", "doubled", "late", "popped", "copied"])),
        lambda self: self.broker.messages,
    ),
    "wipe": Event(1, st.tuples(st.booleans()), lambda self: self.in_states(*IN_FLIGHT)),
    "order": Event(
        4,
        st.tuples(picks, st.sampled_from(ORDERS), upsets),
        lambda self: self.rows,
    ),
    "take_run": Event(
        3, st.tuples(st.integers(0, 1), upsets), lambda self: latest_due(SCHEDULE, self.clock()) > START
    ),
    "submit_run": Event(
        3,
        st.tuples(st.integers(0, 1), st.booleans(), upsets),
        lambda self: self.controls and sum(self.rows.values()) < ENOUGH,
    ),
}
RARE = [
    "release_worker",
    "kill",
    "hand_back_at_last",
    "turn_the_clock",
    "meddle",
    "wipe",
    "order",
    "take_run",
]


class LedgerMachine(RuleBasedStateMachine):
    place: Place

    def __init__(self) -> None:
        super().__init__()
        self.place.empty()
        self.clock, self.ledger = self.place.clock, self.place.ledger
        self.broker = Broker()
        self.popped: list[Any] = []
        self.copy: list[Any] = []
        self.known_life: int | None = None
        self.attempts: list[Attempt] = []
        #: Rows of each job in the ledger, and of those that are on their way into it.
        self.rows: dict[str, int] = {}
        self.on_the_way: dict[str, int] = {}
        self.spent: dict[tuple[str, int], float] = {}
        self.controls: dict[int, float] = {}
        self.ledger.schedules.add(SCHEDULE)
        self.now = self.place.look()
        self.sound = True

    @initialize(without=st.sets(st.sampled_from(RARE)))
    def begin(self, without):
        """Choose the rules of this walk, as walks without some rules find most errors."""
        self.without = without

    @rule(data=st.data())
    def happen(self, data):
        """One rule for all: Hypothesis leaves out rules by itself, and nothing goes without some of these."""
        possible = [
            name
            for name, event in EVENTS.items()
            if name not in self.without and event.possible(self)
            for _ in range(event.weight)
        ]
        name = data.draw(st.sampled_from(possible), label="event")
        values = data.draw(EVENTS[name].values, label="values")
        self.place.steps += 1
        self.sound = False  # after one that failed, the walk is not brought to its end
        getattr(self, name)(*values)
        self.sound = True

    # what comes in, is queued, claimed and done

    def submit(self, words, priority, budget, upset):
        job_id = f"job{len(self.rows) + len(self.on_the_way)}"
        rows = new_items(*map(_row, words), priority=priority)
        self.on_the_way[job_id] = len(rows)
        self.act(
            "submit", lambda: self.ledger.intake.add_job(new_job(job_id, budget_micros=budget), rows), upset
        )

    def dispatch(self, window, takes, upset):
        self.broker.takes = takes
        before = self.queued()
        rate = Rate(hour_micros=SECOND_MICROS * 3600)
        sent, calm = self.act(
            "dispatch",
            lambda: dispatch(dispatching(self.ledger, self.broker, window=window, rate=rate)),
            upset,
        )
        self.broker.takes = None
        if calm:
            queued = self.queued() - before
            assert queued <= {message.item_id for message in self.broker.messages}
            # More where a queued item was set back for an interactive one that had no room, and queued again.
            assert len(queued) <= sent <= len(self.queued())
            assert len(self.queued()) <= max(2 * window, len(before))

    def deliver(self, pick, worker, upset):
        source = [self.popped, self.broker.messages][pick % 2] or self.popped or self.broker.messages
        item_id = source.pop(pick // 2 % len(source)).item_id
        item = self.now.items[item_id]
        free = item.state == ItemState.QUEUED and self.now.jobs[item.job_id] == JobState.OPEN
        attempt, calm = self.act("claim", lambda: self.claim(self.ledger, item_id, worker), upset)
        assert not calm or (attempt is not None) == free
        assert attempt is None or attempt.number == self.now.items[item_id].attempt or not calm

    def sweep(self, takes, upset):
        self.broker.takes = takes
        before = self.now
        wiped = self.known_life not in (None, self.broker.life)
        _, calm = self.act("sweep", lambda: sweep(self.ledger, self.broker), upset)
        self.broker.takes = None
        self.known_life = self.broker.life if calm else None
        if not calm:
            return
        late = [item for item in self.now.items.values() if (item.lease_until or self.clock()) < self.clock()]
        assert not late, "a lease ran out and was not taken back"
        due = self.clock() - MESSAGE_GRACE
        overdue = [key for key in self.queued() if (before.items[key].published_at or 0.0) <= due]
        assert len(self.broker.messages) >= len(overdue), "lost messages were not sent again"
        if wiped:
            assert self.queued() <= {message.item_id for message in self.broker.messages}, (
                "the wipe went unnoticed"
            )

    def sweep_while_late_workers_write(self, upset):
        self.clock.turn(LEASE + 1)
        self.sweep(None, upset)

    # what goes wrong

    def meddle(self, pick, fate):
        messages = self.broker.messages
        message = messages[pick % len(messages)]
        if fate == "copied":
            self.copy = list(messages)
        if fate in ("lost", "late", "popped"):
            messages.remove(message)
        if fate in ("doubled", "late"):
            messages.append(message)
        if fate == "popped":
            self.popped.append(message)

    def wipe(self, restored):
        self.broker.replace(self.copy if restored else [])

    def write(self, pick, ending, told, upset):
        live = self.live()
        self.end(live[pick % len(live)], ending, told, upset)

    def write_as_a_zombie(self, pick, ending, told, upset):
        live = self.live()
        zombies = [attempt for attempt in self.attempts if attempt not in live]
        self.end(zombies[pick % len(zombies)], ending, told, upset)

    def release_worker(self, worker, upset):
        self.act("release worker", lambda: self.ledger.recovery.release_worker(worker), upset)

    def kill(self, pick, times, upset):
        """Killed from outside, or by the kernel; an item that uses all memory does so in every worker."""
        live = self.live()
        item_id = live[pick % len(live)].item_id
        for _ in range(times):
            if self.now.items[item_id].state != ItemState.RUNNING:
                self.dispatch(ENOUGH, None, None)
                self.act("claim", lambda: self.claim(self.ledger, item_id, WORKERS[0]), None)
            self.kill_worker(self.now.items[item_id].worker, upset)

    def kill_worker(self, worker, upset):
        held = self.now.held_by(worker)
        spared = [key for key in held if self.now.spares(key)]
        told, calm = self.act("kill", lambda: self.ledger.recovery.release_worker(worker, killed=True), upset)
        if calm:
            assert told == len(held)
            for key in held:
                item = self.now.items[key]
                state = ItemState.PENDING if key in spared else ItemState.RUNNING
                assert item.state == state, f"{key} was {'not ' * (key in spared)}spared"
                assert (item.lease_until or 0.0) < self.clock()

    def hand_back_at_last(self, pick, told, upset):
        live = self.live()
        attempt = live[pick % len(live)]
        self.place.wear_out(attempt.item_id)
        self.now = self.place.look()
        self.end(attempt, "release", told, upset)

    def turn_the_clock(self, by):
        self.clock.turn(by)

    # what people and schedules do

    def order(self, pick, deed, upset):
        self.act(deed, self.deed(self.ledger, deed, pick), upset)

    def take_run(self, control, upset):
        due_at = latest_due(SCHEDULE, self.clock())
        found = self.now.runs.get(due_at)
        free = found is None or (found.state == RunState.TAKEN and found.lease_until < self.clock())
        take = functools.partial(self.ledger.schedules.take_run, SCHEDULE.name, due_at, RUN_LEASE_SECONDS)
        taken, calm = self.act("take a run", take, upset)
        assert not calm or taken == free
        if taken:
            self.controls[control] = due_at

    def submit_run(self, control, refused, upset):
        """Submit a run, perhaps after its lease expired and another control took the run."""
        due_at = self.controls.pop(control, None) or self.controls.popitem()[1]
        self.act(
            "submit a run",
            lambda: run(SCHEDULE, due_at, scheduling(self.ledger, _Submit(self, refused))),
            upset,
        )

    # what is always true

    @invariant()
    def nothing_contradicts(self):
        assert list(self.ledger.audit.contradictions()) == []
        if self.rows and self.place.steps % 4 == 0:  # it takes longest
            job_id = sorted(self.rows)[self.place.steps // 4 % len(self.rows)]
            progress = self.ledger.costs.progress(job_id)
            assert progress.total == self.rows[job_id]
            assert progress.spent_micros == self.money(job_id)

    def teardown(self):
        """Without further faults, every item of every job that is not paused becomes final."""
        if not self.sound:
            return
        self.sound = False
        for _ in range(4 * len(self.now.items) + 5):
            self.a_quiet_while()
            if not self.unfinished():
                break
        assert self.unfinished() == [], "left in peace, these were never finished"
        for by in ("day", "sku", "engine"):
            spent = sum(line.spent_micros for line in self.ledger.costs.lines(None, by))
            assert spent == sum(map(self.money, self.rows))
        self.nothing_contradicts()
        run_due(scheduling(self.ledger, _Submit(self)))
        found = self.place.look().runs.get(latest_due(SCHEDULE, self.clock()))
        assert found is None or found.state != RunState.TAKEN

    def a_quiet_while(self):
        self.clock.turn(max(400.0, RUN_LEASE_SECONDS + 1))
        sweep(self.ledger, self.broker)
        dispatch(dispatching(self.ledger, self.broker, window=4, rate=Rate()))
        while self.broker.messages:
            attempt = self.claim(self.ledger, self.broker.messages.pop(0).item_id, WORKERS[0])
            if attempt and DEADLY not in attempt.spec.params.instruction:
                assert self.ledger.attempts.succeed(attempt, result_of(attempt), used(1.0))
                self.spent[attempt.item_id, attempt.number] = 1.0
        before, self.now = self.now, self.place.look()
        judge_state(self.now, self.rows, self.spent)
        assert before.items.keys() == self.now.items.keys()

    def unfinished(self) -> list[str]:
        return [
            key
            for key, item in self.now.items.items()
            if item.state not in FINAL and self.now.jobs[item.job_id] != JobState.PAUSED
        ]

    # how it is done

    def act(self, deed: str, call: Callable[[], Any], upset: Any) -> tuple[Any, bool]:
        """The result of the call, None if a fault ended the call, and whether nothing was concurrent."""
        before, calm, deeds = self.now, True, [deed]
        point, blow = upset if isinstance(upset, int) else 0, None
        if isinstance(upset, tuple):
            point, other, pick = upset

            def blow() -> None:
                nonlocal calm
                calm = False
                deeds.append(other)
                if other == "sweep":
                    self.known_life = None
                _try(self.deed(self.place.beside, other, pick))

        self.place.strikes.arm(point, blow)
        try:
            told = call()
        except Unavailable:
            told, calm = None, False
        finally:  # or an error that nobody expects is hidden by a strike at the next walk's first statement
            self.place.strikes.arm(0, None)
        self.now = self.place.look()
        arrived = [job_id for job_id in self.on_the_way if job_id in self.now.jobs]
        self.rows |= {job_id: self.on_the_way.pop(job_id) for job_id in arrived}
        judge_change(before, self.now, deeds, self.clock())
        judge_state(self.now, self.rows, self.spent)
        return told, calm

    def deed(self, ledger: SqlLedger, name: str, pick: int) -> Callable[[], Any]:
        """What somebody may do to a job or an item, whichever `pick` falls on."""
        jobs = sorted(self.now.jobs)
        items = sorted(self.queued() if name == "claim" else self.now.items)
        live, made = self.live(), sorted({item.result_key for item in self.now.items.values()} - {None})
        job_id = jobs[pick % len(jobs)] if jobs else ""
        budget = None if pick % 2 else 1000 * SECOND_MICROS
        free: Mapping[str, Callable[[], Any]] = {
            "sweep": lambda: sweep(ledger, self.broker),
            "dispatch": lambda: dispatch(dispatching(ledger, self.broker, window=4, rate=Rate())),
            "pause": lambda: ledger.jobs.pause(job_id, "user"),
            "resume": lambda: ledger.jobs.resume(job_id, budget),
            "cancel": lambda: ledger.jobs.cancel(job_id),
            "retry": lambda: ledger.jobs.retry(job_id),
            "close": lambda: ledger.settlement.close(job_id, self.clock()),
            "forget": lambda: made and ledger.audit.forget_result(made[pick % len(made)]),
        }
        if name in free:
            return free[name]
        if name == "claim":
            return lambda: items and self.claim(ledger, items[pick % len(items)], WORKERS[pick % 3])
        # Without seconds, so that the check need not know whether the write was committed.
        return lambda: live and _write(ledger, live[pick % len(live)], name, 0.0)

    def end(self, attempt: Attempt, deed: str, told: float, upset: Any) -> None:
        """A worker's write: it holds if and only if the item is still its own."""
        key, before = (attempt.item_id, attempt.number), self.now
        held = before.holds(*key)
        self.act_on(key, told, deed, lambda: _write(self.ledger, attempt, deed, told), upset, held=held)
        if not held and not isinstance(upset, tuple):
            assert self.now.items == before.items, "a fenced attempt changed an item"
            others = {other: row for other, row in self.now.attempts.items() if other != key}
            assert others == {other: row for other, row in before.attempts.items() if other != key}

    def act_on(self, key, told, deed, call, upset, *, held):
        """The seconds are in the ledger whatever else happened, if the transaction was committed."""

        def committed() -> bool:
            try:
                return call()
            finally:
                if self.place.strikes.commits:
                    self.spent[key] = max(self.spent.get(key, 0.0), told)

        answer, calm = self.act(deed, committed, upset)
        assert not calm or answer is held

    def claim(self, ledger: SqlLedger, item_id: str, worker: str) -> Attempt | None:
        attempt = ledger.attempts.claim(item_id, _worker(worker), LEASE)
        if attempt:
            self.attempts.append(attempt)
        return attempt

    def live(self) -> list[Attempt]:
        return [each for each in self.attempts if self.now.holds(each.item_id, each.number)]

    def in_states(self, *states: ItemState) -> set[str]:
        return {key for key, item in self.now.items.items() if item.state in states}

    def queued(self) -> set[str]:
        return self.in_states(ItemState.QUEUED)

    def money(self, job_id: str) -> float:
        return SECOND_MICROS * sum(s for (key, _), s in self.spent.items() if key.startswith(f"{job_id}."))


class _Submit:
    """What a schedule submits: a job of one item, or a catalog that is refused."""

    def __init__(self, machine: LedgerMachine, refused: bool = False) -> None:  # noqa: FBT001, FBT002
        self.machine, self.refused = machine, refused

    def __call__(self, _schedule: Schedule, job_id: str) -> None:
        if self.refused:
            raise UsageError("the catalog is empty")
        if job_id not in self.machine.rows:
            self.machine.on_the_way[job_id] = 1
        self.machine.ledger.intake.add_job(new_job(job_id), new_items(spec("red")))


def _row(word: str) -> EditSpec | Failure:
    return Failure(code="image_missing", reason="there is no picture") if word == BAD else spec(word)


def _worker(name: str) -> Worker:
    return replace(WORKER, name=name)


def _write(ledger: SqlLedger, attempt: Attempt, deed: str, told: float) -> bool:
    if deed == "renew":
        return ledger.attempts.renew(attempt, LEASE, 1, used(told))
    if deed == "succeed":
        return ledger.attempts.succeed(attempt, result_of(attempt), used(told))
    if deed == "fail":
        return ledger.attempts.fail(attempt, BROKEN, used(told))
    if deed == "release":
        return ledger.attempts.release(attempt, used(told))
    return ledger.attempts.retry_later(attempt, BROKEN, used(told), 30.0, crash=deed == "crash")


def _try(call: Callable[[], Any]) -> None:
    """The action may fail on a lock, and then changes nothing."""
    with contextlib.suppress(Unavailable):
        call()
