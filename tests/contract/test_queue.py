"""What every WorkQueue promises, proved on a real Valkey."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial

import pytest
from redis import Redis

from qie_batch.errors import QueueUnavailable
from qie_batch.local.ports import free_port
from qie_batch.model import Message
from qie_batch.queues.celery import BATCH, EDIT_TASK, CeleryQueue, celery_app, queue_name


@pytest.fixture
def queue(broker_url):
    app = celery_app(broker_url)
    yield CeleryQueue(app)
    app.close()


@pytest.fixture
def redis(broker_url):
    with Redis.from_url(broker_url) as client:
        yield client


def messages(number: int) -> list[Message]:
    return [
        Message(item_id=f"job.{each}", row_id=f"货号 {each}", job_name="Frühjahr.csv")
        for each in range(number)
    ]


def queued_messages(redis, engine: str = "classic") -> list[dict]:
    return [json.loads(raw) for raw in redis.lrange(queue_name(engine), 0, -1)]


def body(message: dict):
    return json.loads(base64.b64decode(message["body"]))


@pytest.mark.parametrize("number", [0, 1, BATCH + 1])
def test_what_is_published_waits(queue, number):
    queue.publish("classic", messages(number))
    assert queue.depth("classic") == number


def test_each_engine_has_its_own_queue(queue):
    queue.publish("classic", messages(2))
    queue.publish("qwen", messages(3))
    assert [queue.depth(engine) for engine in ("classic", "qwen", "another")] == [2, 3, 0]


def test_interactive_messages_have_a_queue_of_their_own(queue):
    queue.publish("classic", messages(3))
    queue.publish("classic", messages(2), interactive=True)
    assert [queue.depth("classic", interactive=interactive) for interactive in (False, True)] == [3, 2]
    assert [queue.take_interactive("classic", 0.1) for _ in range(3)] == ["job.0", "job.1", None]
    assert [queue.depth("classic", interactive=interactive) for interactive in (False, True)] == [3, 0]


def test_an_interactive_message_is_taken_once_and_as_soon_as_it_comes(queue):
    with ThreadPoolExecutor(4) as pool:
        takers = [pool.submit(queue.take_interactive, "classic", 2.0) for _ in range(4)]
        began = time.monotonic()
        queue.publish("classic", messages(1), interactive=True)
        taken = [taker.result() for taker in as_completed(takers)]
    assert taken == ["job.0", None, None, None]
    assert time.monotonic() - began > 1.0, "the others waited on"


def test_no_engine_takes_the_interactive_messages_of_another(queue):
    queue.publish("classic", messages(1), interactive=True)
    assert queue.take_interactive("qwen", 0.1) is None


def test_a_message_is_the_item_id_and_nothing_else(queue, redis):
    queue.publish("classic", messages(2))
    arguments = [body(message) for message in queued_messages(redis)]
    assert sorted(positional for positional, _, _ in arguments) == [["job.0"], ["job.1"]]
    for _, named, embedded in arguments:
        assert named == {}
        assert not any(embedded.values())


def test_a_message_is_json(queue, redis):
    queue.publish("classic", messages(1))
    (message,) = queued_messages(redis)
    assert message["content-type"] == "application/json"
    assert message["headers"]["task"] == EDIT_TASK


def test_people_who_watch_see_row_and_job(queue, redis):
    queue.publish("classic", messages(1))
    (message,) = queued_messages(redis)
    assert message["headers"]["argsrepr"] == "(job.0, 货号 0, Frühjahr.csv)"


def test_nothing_is_left_to_the_broker_to_time_or_retry(queue, redis):
    queue.publish("classic", messages(1))
    headers = queued_messages(redis)[0]["headers"]
    assert (headers["eta"], headers["expires"], headers["retries"]) == (None, None, 0)


def test_messages_of_one_item_are_told_apart(queue, redis):
    queue.publish("classic", messages(1))
    queue.publish("classic", messages(1))
    assert len({message["headers"]["id"] for message in queued_messages(redis)}) == 2


def test_the_epoch_stays_for_everybody(queue, broker_url):
    app = celery_app(broker_url)
    assert len({queue.epoch(), queue.epoch(), CeleryQueue(app).epoch()}) == 1
    app.close()


def test_a_wiped_broker_has_another_epoch(queue, redis):
    before = queue.epoch()
    queue.publish("classic", messages(1))
    redis.flushdb()
    assert queue.epoch() != before
    assert queue.depth("classic") == 0


def test_threads_may_share_a_queue(queue):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: queue.publish("classic", messages(10)), range(8)))
    assert queue.depth("classic") == 80


def test_where_no_worker_lives_none_answers_and_the_queue_goes_on(queue):
    for number in range(1, 4):
        assert queue.live_workers(0.2) == []
        queue.publish("classic", messages(1), interactive=True)
        assert queue.depth("classic", interactive=True) == number


def test_a_broker_that_is_away_is_unavailable_within_seconds_and_keeps_its_password(broker_url):
    queue = CeleryQueue(celery_app(f"redis://:sekret@127.0.0.1:{free_port()}/0"))
    refused = CeleryQueue(celery_app(f"redis://:sekret@{broker_url.rpartition('@')[2]}"))
    calls = (queue.epoch, partial(queue.depth, "x"), partial(queue.publish, "x", messages(1)), refused.epoch)
    calls += (
        partial(queue.take_interactive, "x", 1.0),
        partial(queue.publish, "x", messages(1), interactive=True),
        partial(queue.live_workers, 1.0),
    )

    def raised(call):
        with pytest.raises(QueueUnavailable) as caught:
            call()
        return f"{caught.value} {caught.value.hint}"

    began = time.monotonic()
    with ThreadPoolExecutor(len(calls)) as pool:
        sentences = list(pool.map(raised, calls))
    assert time.monotonic() - began < 10
    for sentence in sentences:
        assert "sekret" not in sentence
        assert "127.0.0.1" in sentence
