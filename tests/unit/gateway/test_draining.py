from __future__ import annotations

import asyncio

import pytest

from qie_batch.gateway.draining import Drain, EndsStreams

SCOPE = {"type": "http"}


def run(app, drain, harm):
    """What the client gets when `harm` comes while the application runs."""
    sent = []
    has_begun = asyncio.Event()

    async def send(message):
        sent.append(message)
        has_begun.set()

    async def story():
        task = asyncio.create_task(EndsStreams(app, drain)(SCOPE, None, send))
        await has_begun.wait()
        harm(task)
        await task

    asyncio.run(story())
    return sent


def streaming(kind):
    async def app(_scope, _receive, send):
        headers = [(b"content-type", kind)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await asyncio.sleep(0.2)
        await send({"type": "http.response.body", "body": b"the end"})

    return app


def begin_and_end(drain):
    drain.begin()
    assert drain.is_over()


def test_a_drain_takes_its_time_and_begins_once():
    drain = Drain(3600)
    assert (drain.has_begun, drain.is_over()) == (False, False)
    drain.begin()
    assert (drain.has_begun, drain.is_over()) == (True, False)


def test_an_event_stream_ends_with_the_drain_and_with_a_time_to_connect_again():
    drain = Drain(0)
    sent = run(streaming(b"text/event-stream; charset=utf-8"), drain, lambda _: begin_and_end(drain))
    assert sent[-1] == {"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": False}


def test_every_other_answer_is_finished():
    drain = Drain(0)
    sent = run(streaming(b"application/zip"), drain, lambda _: begin_and_end(drain))
    assert sent[-1]["body"] == b"the end"


def test_a_stream_that_is_cancelled_for_another_reason_stays_cancelled():
    with pytest.raises(asyncio.CancelledError):
        run(streaming(b"text/event-stream"), Drain(0), lambda task: task.cancel())
