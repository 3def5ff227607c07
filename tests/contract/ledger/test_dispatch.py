"""What every ledger promises about what goes to the queue next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from qie_batch.model import ItemState, Message, Priority
from tests.support.ledgers import (
    BROKEN,
    WORKER,
    add,
    at_once,
    enqueue,
    finish,
    new_items,
    new_job,
    result_of,
    spec,
    start,
    told,
    used,
)

INTERACTIVE = Priority.INTERACTIVE


def test_the_window_is_kept(ledger):
    add(ledger, *"abcdef")
    assert enqueue(ledger, window=4) == ["job.0", "job.1", "job.2", "job.3"]
    assert enqueue(ledger, window=4) == []
    assert ledger.attempts.claim("job.1", WORKER, 60)
    assert enqueue(ledger, window=4) == ["job.4"]
    assert told(ledger) == "qrqqqp"


def test_the_newest_job_is_the_newest_open_one(ledger, clock):
    assert ledger.dispatch.newest_job() == 0
    add(ledger, "a", job_id="first")
    first = ledger.dispatch.newest_job()
    clock.turn(5)
    add(ledger, "b", job_id="second")
    assert ledger.dispatch.newest_job() > first > 0
    ledger.jobs.pause("second", "person")
    assert ledger.dispatch.newest_job() == first


def test_a_closing_window_takes_nothing_back(ledger):
    add(ledger, *"abc")
    enqueue(ledger, window=3)
    assert enqueue(ledger, window=1) == []
    assert told(ledger) == "qqq"


def test_high_priority_goes_first(ledger):
    for priority in (Priority.LOW, Priority.NORMAL, Priority.HIGH):
        specs = (spec(f"{priority.name} {number}") for number in range(2))
        ledger.intake.add_job(new_job(priority.name), new_items(*specs, priority=priority))
    assert enqueue(ledger, window=5) == ["HIGH.0", "HIGH.1", "NORMAL.0", "NORMAL.1", "LOW.0"]


def test_jobs_of_one_priority_take_turns(ledger, clock):
    add(ledger, *"abcdef", job_id="long")
    clock.turn(1)
    add(ledger, *"xyz", job_id="short")
    assert enqueue(ledger, window=4) == ["long.0", "short.0", "long.1", "short.1"]


def grouped(ledger, groups, *, job_id="job", priorities=""):
    """A job with an item for each digit, which says with which others it shares its LoRAs."""
    rows = [
        replace(row, lora_group=int(group), priority=Priority.HIGH if high == "h" else row.priority)
        for row, group, high in zip(
            new_items(*(spec(f"{job_id} {number}") for number in range(len(groups)))),
            groups,
            priorities or " " * len(groups),
            strict=True,
        )
    ]
    assert ledger.intake.add_job(new_job(job_id), rows)


def test_items_of_a_job_with_the_same_loras_are_queued_together(ledger):
    grouped(ledger, "01021")
    queued = []
    while ids := enqueue(ledger, window=2):
        queued += ids
        for item_id in ids:
            ledger.attempts.claim(item_id, WORKER, 60)
    assert queued == ["job.0", "job.2", "job.1", "job.4", "job.3"]


def test_priority_goes_before_the_same_loras(ledger):
    grouped(ledger, "0101", priorities=" h  ")
    assert enqueue(ledger) == ["job.1", "job.0", "job.2", "job.3"]


def test_jobs_take_turns_whatever_their_loras(ledger, clock):
    grouped(ledger, "010", job_id="long")
    clock.turn(1)
    grouped(ledger, "11", job_id="short")
    assert enqueue(ledger, window=5) == ["long.0", "short.0", "long.2", "short.1", "long.1"]


def test_twins_of_one_job_are_edited_once(ledger):
    add(ledger, "red", "red", "blue")
    assert enqueue(ledger) == ["job.0", "job.2"]
    assert enqueue(ledger) == []
    ledger.attempts.claim("job.0", WORKER, 60)
    assert enqueue(ledger) == []


def test_a_twin_in_another_job_is_held_back(ledger):
    add(ledger, "red", job_id="one")
    add(ledger, "red", "blue", job_id="two")
    assert sorted(enqueue(ledger)) == ["one.0", "two.1"]


def test_a_twin_goes_once_the_other_has_failed(ledger):
    add(ledger, "red", "red")
    ledger.attempts.fail(start(ledger), BROKEN, used(1.0))
    assert enqueue(ledger) == ["job.1"]


def test_an_allowance_caps_one_job(ledger):
    add(ledger, *"abc", job_id="poor")
    add(ledger, *"xyz", job_id="rich")
    messages = ledger.dispatch.enqueue("classic", 10, {"poor": 1})
    assert sorted(message.item_id for message in messages) == ["poor.0", "rich.0", "rich.1", "rich.2"]
    assert ledger.dispatch.enqueue("classic", 10, {"poor": 0}) == []


def test_each_engine_has_its_own_window(ledger):
    add(ledger, "a", job_id="here")
    add(ledger, "b", job_id="there", engine="qwen")
    assert sorted(ledger.dispatch.engines_waiting()) == ["classic", "qwen"]
    assert ledger.dispatch.engines_queued() == []
    assert enqueue(ledger) == ["here.0"]
    assert ledger.dispatch.engines_waiting() == ["qwen"]
    assert ledger.dispatch.engines_queued() == ["classic"]


def test_back_off_is_waited_for(ledger, clock):
    add(ledger, "a")
    ledger.attempts.retry_later(start(ledger), BROKEN, used(1.0), delay=30.0)
    clock.turn(29.9)
    assert ledger.dispatch.engines_waiting() == []
    assert enqueue(ledger) == []
    clock.turn(0.2)
    assert ledger.dispatch.engines_waiting() == ["classic"]
    assert enqueue(ledger) == ["job.0"]


def test_a_hint_says_what_people_know_it_by(ledger):
    add(ledger, "a")
    assert ledger.dispatch.enqueue("classic", 1, {}) == [
        Message(item_id="job.0", row_id="sku-0", job_name="job.csv")
    ]


def test_eight_dispatchers_queue_each_item_once(ledger):
    add(ledger, *(f"shade {number}" for number in range(64)))
    with ThreadPoolExecutor(8) as pool:
        queued = [item for some in pool.map(lambda _: enqueue(ledger), range(8)) for item in some]
    assert sorted(queued) == sorted({*queued})
    assert len(queued) == 64


def test_an_enqueue_beside_a_pause_leaves_nothing_queued(ledger):
    """It would stay queued, refused by every claim, and hold a place in the window."""
    for number in range(20):
        job_id = f"job-{number}"
        add(ledger, job_id, job_id=job_id)
        at_once(partial(ledger.jobs.pause, job_id, "user"), partial(enqueue, ledger))
        assert told(ledger, job_id) == "p"


def test_what_was_never_sent_is_unclaimed_at_once(ledger):
    add(ledger, "a", "b")
    enqueue(ledger)
    ledger.dispatch.published(["job.0"])
    assert [message.item_id for message in ledger.dispatch.unclaimed("classic", 5.0)] == ["job.1"]


def test_what_was_sent_is_unclaimed_after_its_grace(ledger, clock):
    add(ledger, "a", "b")
    enqueue(ledger)
    ledger.dispatch.published(["job.0", "job.1"])
    assert ledger.dispatch.unclaimed("classic", 5.0) == []
    clock.turn(5.5)
    ledger.attempts.claim("job.0", WORKER, 60)
    assert [message.item_id for message in ledger.dispatch.unclaimed("classic", 5.0)] == ["job.1"]
    assert ledger.dispatch.unclaimed("qwen", 5.0) == []
    ledger.dispatch.published(["job.1"])
    assert ledger.dispatch.unclaimed("classic", 5.0) == []


def test_what_is_queued_anew_was_not_sent_yet(ledger, clock):
    add(ledger, "a")
    enqueue(ledger)
    ledger.dispatch.published(["job.0"])
    clock.turn(1)
    ledger.attempts.release(ledger.attempts.claim("job.0", WORKER, 60), used(0.0))
    enqueue(ledger)
    assert [message.item_id for message in ledger.dispatch.unclaimed("classic", 5.0)] == ["job.0"]


def test_publishing_nothing_or_the_unknown_is_harmless(ledger):
    ledger.dispatch.published([])
    ledger.dispatch.published(["nobody.7"])


def test_an_epoch_is_new_only_when_it_changes(ledger):
    told_new = [ledger.dispatch.remember_epoch(epoch) for epoch in ("one", "one", "two", "two", "one")]
    assert told_new == [False, False, True, False, True]


def test_success_ends_waiting_twins_in_every_job_at_no_cost(ledger):
    add(ledger, "red", "red", job_id="one")
    add(ledger, "blue", "red", job_id="two")
    add(ledger, "red", job_id="paused")
    attempt = start(ledger, "one.0")
    ledger.jobs.pause("paused", "user")
    assert ledger.attempts.succeed(attempt, result_of(attempt), used(3.0))
    assert (told(ledger, "one"), told(ledger, "two"), told(ledger, "paused")) == ("SS", "qS", "S")
    for twin in (
        list(ledger.jobs.items("one"))[1],
        list(ledger.jobs.items("two"))[1],
        *ledger.jobs.items("paused"),
    ):
        assert (twin.cached, twin.cost_micros, twin.attempt) == (True, 0, 0)
        assert twin.result.object_key == f"results/{spec('red').cache_key}"
    progress = ledger.costs.progress("two")
    assert (progress.cached, progress.saved_micros, progress.spent_micros) == (1, 3000, 0)


def test_a_failed_twin_stays_failed(ledger):
    add(ledger, "red", "red")
    ledger.attempts.fail(start(ledger), BROKEN, used(1.0))
    finish(ledger, "job.1")
    assert [item.state for item in ledger.jobs.items("job")] == [ItemState.FAILED, ItemState.SUCCEEDED]


def test_interactive_items_have_a_window_of_their_own(ledger):
    add(ledger, *"abcd")
    add(ledger, *"xyz", job_id="asked", priority=INTERACTIVE)
    assert enqueue(ledger, window=2) == ["job.0", "job.1"]
    assert enqueue(ledger, window=2, interactive=True) == ["asked.0", "asked.1"]
    assert enqueue(ledger, window=2) == enqueue(ledger, window=2, interactive=True) == []
    assert ledger.attempts.claim("asked.0", WORKER, 60)
    assert enqueue(ledger, window=2) == []
    assert enqueue(ledger, window=2, interactive=True) == ["asked.2"]


def test_each_of_the_two_queues_has_its_own_lost_messages(ledger, clock):
    add(ledger, "a")
    add(ledger, "x", job_id="asked", priority=INTERACTIVE)
    enqueue(ledger)
    enqueue(ledger, interactive=True)
    clock.turn(6)
    for interactive, item_id in ((False, "job.0"), (True, "asked.0")):
        found = ledger.dispatch.unclaimed("classic", 5.0, interactive=interactive)
        assert [message.item_id for message in found] == [item_id]


def test_an_interactive_item_goes_before_a_queued_twin(ledger):
    """Else it would wait for all that is queued before that one."""
    add(ledger, "red", "blue")
    enqueue(ledger)
    add(ledger, "red", job_id="asked", priority=INTERACTIVE)
    assert enqueue(ledger, interactive=True) == ["asked.0"]
    assert (told(ledger), enqueue(ledger)) == ("pq", [])
    assert ledger.attempts.claim("job.0", WORKER, 60) is None, "its message changes nothing"
    attempt = ledger.attempts.claim("asked.0", WORKER, 60)
    assert ledger.attempts.succeed(attempt, result_of(attempt), used(1.0))
    assert (told(ledger, "asked"), told(ledger)) == ("S", "Sq")


def test_an_interactive_item_waits_for_a_running_twin_or_another_interactive_one(ledger):
    add(ledger, "red")
    start(ledger)
    add(ledger, "red", "blue", "blue", job_id="asked", priority=INTERACTIVE)
    assert enqueue(ledger, interactive=True) == ["asked.1"]
    assert told(ledger) == "r"


def test_a_queued_item_stays_where_no_interactive_twin_may_run(ledger):
    add(ledger, "red", "blue")
    enqueue(ledger)
    add(ledger, "red", job_id="paused", priority=INTERACTIVE)
    ledger.jobs.pause("paused", "user")
    add(ledger, "blue", job_id="asked", priority=INTERACTIVE)
    assert enqueue(ledger, window=0, interactive=True) == []
    assert told(ledger) == "qq"
    assert enqueue(ledger, interactive=True) == ["asked.0"]
    assert told(ledger) == "qp"


def test_a_twin_is_never_in_flight_twice_beside_a_claim(ledger):
    for number in range(20):
        job_id, asked = f"job-{number}", f"asked-{number}"
        add(ledger, job_id, job_id=job_id)
        enqueue(ledger)
        add(ledger, job_id, job_id=asked, priority=INTERACTIVE)
        claim = partial(ledger.attempts.claim, f"{job_id}.0", WORKER, 60)
        at_once(claim, partial(enqueue, ledger, interactive=True))
        assert (told(ledger, job_id), told(ledger, asked)) in {("r", "p"), ("p", "q")}


def test_an_attempt_knows_whether_somebody_waits(ledger):
    add(ledger, "a")
    add(ledger, "x", job_id="asked", priority=INTERACTIVE)
    assert start(ledger).priority is Priority.NORMAL
    enqueue(ledger, interactive=True)
    assert ledger.attempts.claim("asked.0", WORKER, 60).priority is INTERACTIVE


def test_a_small_job_gets_its_share_of_places_that_come_free_beside_a_large_one(ledger):
    """The window is full of the older job; each of its items that ends makes one place."""
    add(ledger, *(f"large {number}" for number in range(12)), job_id="large")
    assert len(enqueue(ledger, window=4)) == 4
    add(ledger, *(f"small {number}" for number in range(2)), job_id="small")
    chosen = []
    for number in range(3):
        finish_queued(ledger, f"large.{number}")
        chosen += enqueue(ledger, window=4)
    assert chosen == ["small.0", "small.1", "large.4"]


def finish_queued(ledger, item_id):
    """Claim and complete an item that is queued, without another round of dispatch."""
    attempt = ledger.attempts.claim(item_id, WORKER, 60.0)
    assert attempt is not None
    assert ledger.attempts.succeed(attempt, result_of(attempt), used(1.0))
