from __future__ import annotations

import asyncio
import threading
import time

from qie_batch.errors import QueueUnavailable
from qie_batch.gateway.readiness import Readiness


def asked(checks, times=1, timeout=0.3):
    async def ask():
        readiness = Readiness(checks, timeout)
        answers = await asyncio.gather(*(readiness.services() for _ in range(times)))
        readiness.close()
        return answers[0]

    return asyncio.run(ask())


def test_a_service_that_answers_is_ok_and_one_that_fails_shows_its_code_alone():
    def broken():
        raise QueueUnavailable("redis://secret@host did not answer")

    assert asked({"ledger": lambda: None, "broker": broken}) == {
        "ledger": "ok",
        "broker": "queue_unavailable",
    }


def test_a_service_that_hangs_is_late_for_itself_alone():
    release = threading.Event()
    began = time.monotonic()
    answers = asked({"ledger": lambda: None, "store": lambda: release.wait(30)})
    release.set()
    assert answers == {"ledger": "ok", "store": "timeout"}
    assert time.monotonic() - began < 5


def test_a_hundred_questions_are_one():
    calls = []
    asked({"ledger": lambda: calls.append(1)}, times=100)
    assert calls == [1]


def test_a_check_that_still_runs_is_not_started_again():
    calls = []
    release = threading.Event()

    def hangs():
        calls.append(1)
        release.wait(30)

    async def ask_thrice():
        readiness = Readiness({"store": hangs}, timeout=0.05)
        for _ in range(3):
            readiness._asked = -1e9
            assert await readiness.services() == {"store": "timeout"}
        release.set()
        readiness.close()

    asyncio.run(ask_thrice())
    assert calls == [1]
