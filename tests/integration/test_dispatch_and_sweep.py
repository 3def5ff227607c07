"""Items are sent over a real Valkey, and sent again when the broker loses them."""

from __future__ import annotations

import base64
import json

import pytest
from redis import Redis

from qie_batch.errors import QueueUnavailable
from qie_batch.local.ports import free_port
from qie_batch.local.valkey import answers, start_valkey
from qie_batch.model import JobState, Priority, Rate
from qie_batch.queues.celery import CeleryQueue, celery_app, queue_name
from qie_batch.steps.dispatch import dispatch, dispatch_interactive
from qie_batch.steps.sweep import MESSAGE_GRACE
from tests.support.ledgers import (
    BROKEN,
    SECOND_MICROS,
    WORKER,
    add,
    dispatching,
    result_of,
    sweep,
    told,
    used,
)

QUEUE = queue_name("classic")


@pytest.fixture
def queue(broker_url):
    app = celery_app(broker_url)
    yield CeleryQueue(app)
    app.close()


@pytest.fixture
def redis(broker_url):
    with Redis.from_url(broker_url) as client:
        yield client


def take(redis) -> str:
    """The item id of the next message, as a worker pops it."""
    message = json.loads(redis.rpop(QUEUE))
    (item_id,), _, _ = json.loads(base64.b64decode(message["body"]))
    return item_id


def work_off(ledger, redis, seconds: float = 1.0) -> int:
    """Edit everything that is in the broker; how many messages were worth a claim."""
    edited = 0
    while redis.llen(QUEUE):
        attempt = ledger.attempts.claim(take(redis), WORKER, 60)
        if attempt:
            edited += ledger.attempts.succeed(attempt, result_of(attempt), used(seconds))
    return edited


def words(number: int) -> list[str]:
    return [f"shade {each}" for each in range(number)]


def test_the_window_is_kept_and_the_backlog_stays_in_the_ledger(ledger, queue, redis):
    add(ledger, *words(10))
    assert dispatch(dispatching(ledger, queue, window=4)) == 4
    assert dispatch(dispatching(ledger, queue, window=4)) == 0
    assert (queue.depth("classic"), told(ledger)) == (4, "qqqqpppppp")
    assert work_off(ledger, redis) == 4
    assert dispatch(dispatching(ledger, queue, window=4)) == 4
    work_off(ledger, redis)
    assert dispatch(dispatching(ledger, queue, window=4)) == 2
    work_off(ledger, redis)
    assert dispatch(dispatching(ledger, queue, window=4)) == 0
    assert told(ledger) == "S" * 10


def test_each_engine_gets_its_own_messages(ledger, queue):
    add(ledger, "a", job_id="here")
    add(ledger, "b", "c", job_id="there", engine="qwen")
    assert dispatch(dispatching(ledger, queue, window=9, rate=Rate())) == 3
    assert (queue.depth("classic"), queue.depth("qwen")) == (1, 2)


def test_interactive_items_go_to_a_queue_of_their_own(ledger, queue):
    add(ledger, *words(3))
    add(ledger, "x", job_id="asked", priority=Priority.INTERACTIVE)
    assert dispatch(dispatching(ledger, queue, window=2)) == 3
    assert (queue.depth("classic"), queue.depth("classic", interactive=True)) == (2, 1)
    assert queue.take_interactive("classic", 1.0) == "asked.0"


def test_interactive_items_of_one_engine_go_at_once(ledger, queue):
    add(ledger, *words(3))
    add(ledger, "x", job_id="asked", priority=Priority.INTERACTIVE)
    add(ledger, "y", job_id="elsewhere", priority=Priority.INTERACTIVE, engine="qwen")
    context = dispatching(ledger, queue, window=9)
    assert dispatch_interactive("classic", context) == 1
    assert dispatch_interactive("classic", context) == 0
    assert (told(ledger), told(ledger, "asked"), told(ledger, "elsewhere")) == ("ppp", "q", "p")
    assert queue.take_interactive("classic", 1.0) == "asked.0"


def test_a_budget_holds_for_interactive_items_too(ledger, queue):
    add(ledger, "x", job_id="asked", priority=Priority.INTERACTIVE, budget_micros=SECOND_MICROS)
    assert dispatch_interactive("classic", dispatching(ledger, queue, window=9)) == 0
    assert ledger.jobs.get("asked").pause_reason == "budget"


def test_a_lost_interactive_message_is_sent_again_into_its_own_queue(ledger, queue, clock):
    """However many messages of the other queue wait."""
    add(ledger, *words(3))
    add(ledger, "x", job_id="asked", priority=Priority.INTERACTIVE)
    dispatch(dispatching(ledger, queue, window=9))
    assert queue.take_interactive("classic", 1.0) == "asked.0"
    clock.turn(MESSAGE_GRACE + 1)
    assert sweep(ledger, queue) == 1
    assert queue.take_interactive("classic", 1.0) == "asked.0"
    assert queue.depth("classic") == 3


def test_all_is_well_so_the_sweep_sends_nothing(ledger, queue, clock):
    add(ledger, *words(5))
    dispatch(dispatching(ledger, queue, window=9))
    assert sweep(ledger, queue) == 0
    clock.turn(1000)
    assert sweep(ledger, queue) == 0
    assert queue.depth("classic") == 5


def test_a_wiped_broker_gets_everything_again_at_once(ledger, queue, redis):
    add(ledger, *words(20))
    sweep(ledger, queue)
    dispatch(dispatching(ledger, queue, window=15))
    running = ledger.attempts.claim(take(redis), WORKER, 60)
    redis.flushdb()
    assert sweep(ledger, queue) == 14
    assert sweep(ledger, queue) == 0
    assert queue.depth("classic") == 14
    ledger.attempts.succeed(running, result_of(running), used(1.0))
    work_off(ledger, redis)
    dispatch(dispatching(ledger, queue, window=15))
    work_off(ledger, redis)
    assert told(ledger) == "S" * 20
    assert ledger.costs.progress("job").attempts == 20


def test_one_lost_message_is_sent_again_after_its_grace(ledger, queue, redis, clock):
    add(ledger, *words(3))
    sweep(ledger, queue)
    dispatch(dispatching(ledger, queue, window=9))
    lost = take(redis)
    clock.turn(MESSAGE_GRACE - 0.5)
    assert sweep(ledger, queue) == 0
    clock.turn(1)
    assert sweep(ledger, queue) == 1
    delivered = [take(redis) for _ in range(redis.llen(QUEUE))]
    assert delivered[-1] == lost
    assert sorted(delivered) == ["job.0", "job.1", "job.2"]


def test_the_latest_of_several_messages_is_sent_again_once_its_turn_comes(ledger, queue, redis, clock):
    add(ledger, *words(3))
    dispatch(dispatching(ledger, queue, window=9))
    redis.lpop(QUEUE)  # the last one sent; workers pop at the other end
    for _ in range(3):
        clock.turn(MESSAGE_GRACE + 1)
        sweep(ledger, queue)
        work_off(ledger, redis)
    assert told(ledger) == "SSS"


def test_a_message_for_nothing_is_dropped_by_the_claim(ledger, queue, redis):
    add(ledger, *words(3))
    dispatch(dispatching(ledger, queue, window=9))
    queue.publish("classic", ledger.dispatch.unclaimed("classic", 0.0))
    assert redis.llen(QUEUE) == 6
    assert work_off(ledger, redis) == 3
    assert ledger.costs.progress("job").attempts == 3


def test_what_a_dead_worker_held_is_edited_by_another(ledger, queue, redis, clock):
    add(ledger, *words(3))
    dispatch(dispatching(ledger, queue, window=9))
    ledger.attempts.claim(take(redis), WORKER, 60)
    clock.turn(61)
    assert sweep(ledger, queue) == 1
    dispatch(dispatching(ledger, queue, window=9))
    work_off(ledger, redis)
    assert told(ledger) == "SSS"


def test_a_budget_pauses_before_it_is_exceeded(ledger, queue, redis):
    budget = 100 * SECOND_MICROS
    add(ledger, *words(20), budget_micros=budget)
    for _ in range(20):
        dispatch(dispatching(ledger, queue, window=4))
        work_off(ledger, redis, seconds=15.0)
    job, progress = ledger.jobs.get("job"), ledger.costs.progress("job")
    assert (job.state, job.pause_reason) == (JobState.PAUSED, "budget")
    assert budget - 15 * SECOND_MICROS < progress.spent_micros <= budget
    assert told(ledger) == "S" * 6 + "p" * 14
    ledger.jobs.resume("job", 3 * budget)
    for _ in range(20):
        dispatch(dispatching(ledger, queue, window=4))
        work_off(ledger, redis, seconds=15.0)
    assert told(ledger) == "S" * 20


def test_failed_attempts_use_up_the_budget_too(ledger, queue, redis, clock):
    add(ledger, *words(20), budget_micros=100 * SECOND_MICROS)
    for _ in range(20):
        dispatch(dispatching(ledger, queue, window=4))
        while redis.llen(QUEUE):
            ledger.attempts.retry_later(
                ledger.attempts.claim(take(redis), WORKER, 60), BROKEN, used(15.0), 1.0
            )
        clock.turn(2)
    assert ledger.jobs.get("job").pause_reason == "budget"
    assert ledger.costs.progress("job").spent_micros <= 100 * SECOND_MICROS


def test_a_budget_below_one_edit_starts_nothing(ledger, queue):
    add(ledger, *words(3), budget_micros=SECOND_MICROS)
    add(ledger, "another", job_id="rich")
    assert dispatch(dispatching(ledger, queue, window=4)) == 1
    assert ledger.jobs.get("job").pause_reason == "budget"
    assert told(ledger) == "ppp"


def test_what_a_device_does_for_nothing_needs_no_budget(ledger, queue):
    add(ledger, *words(3), budget_micros=0)
    assert dispatch(dispatching(ledger, queue, window=4, rate=Rate())) >= 1


def test_a_broker_that_is_away_loses_nothing(ledger, tmp_path):
    """Accepted while it is down; sent by the first sweep that reaches it."""
    port = free_port()
    url = f"redis://:secret@127.0.0.1:{port}/0"
    app = celery_app(url)
    app.conf.broker_connection_timeout = 0.2  # seconds that a connection is tried again
    queue = CeleryQueue(app)
    add(ledger, *words(5))
    with pytest.raises(QueueUnavailable):
        dispatch(dispatching(ledger, queue, window=3))
    with pytest.raises(QueueUnavailable):
        sweep(ledger, queue)
    assert told(ledger) == "qqqpp"
    valkey = start_valkey(tmp_path / "valkey", log_path=tmp_path / "log", port=port, password="secret")
    try:
        valkey.wait_until(lambda: answers(url), 10)
        assert sweep(ledger, queue) == 3
        with Redis.from_url(url) as redis:
            assert work_off(ledger, redis) == 3
            assert dispatch(dispatching(ledger, queue, window=3)) == 2
            assert work_off(ledger, redis) == 2
    finally:
        app.close()
        valkey.stop()
    assert told(ledger) == "SSSSS"
