"""One edit at a time uses the device, and every lease is renewed during its edit."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from qie_batch.steps.edit import Device, HeldLease
from qie_batch.steps.edit.shutdown import Shutdown
from tests.support.ledgers import WORKER, open_ledger, told
from tests.support.painters import PATIENCE, Painter, ended, in_thread, only, submit, wait_until


def test_an_engine_is_never_entered_twice_at_once(ledger, make_context):
    """Its neighbours claim and fetch beside it all the same."""
    submit(ledger, *"abcd")

    class Single(Painter):
        inside = most = 0

        def paint(self, _on_step):
            self.inside += 1
            self.most = max(self.most, self.inside)
            if self.edits == 1:
                wait_until(lambda: told(ledger) == "rrrr", "second claim")
            self.inside -= 1

    context = make_context(engine := Single())
    ended(*[in_thread(f"job.{number}", context) for number in range(4)])
    assert (told(ledger), engine.most, engine.edits) == ("SSSS", 1, 4)


def test_seconds_on_the_device_are_not_counted_while_waiting_for_it(ledger, make_context):
    submit(ledger, *"abcd")

    class Slow(Painter):
        def paint(self, on_step):
            time.sleep(0.05)
            on_step(1)

    context = make_context(Slow())
    began = time.monotonic()
    ended(*[in_thread(f"job.{number}", context) for number in range(4)])
    assert 0.2 <= ledger.costs.progress("job").seconds <= time.monotonic() - began


def test_seconds_are_read_by_the_heartbeat_at_any_moment(ledger):
    """Never None, which would end the thread that renews every lease, and never counted twice."""
    submit(ledger, "red")
    hold, began = HeldLease(ledger.attempts.claim("job.0", WORKER, 60), Shutdown()), time.monotonic()
    device, over = Device(), threading.Event()

    def read():
        while not over.is_set():
            assert hold.usage.seconds <= time.monotonic() - began

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(read)
            while time.monotonic() < began + 0.5:
                with hold.on_device(device):
                    pass
            over.set()
            reading.result(PATIENCE)
    finally:
        over.set()
        sys.setswitchinterval(interval)


def test_a_lease_is_renewed_while_the_engine_runs(tmp_path, make_context):
    """By the real clock: the edit goes on for several leases."""
    ledger = open_ledger(f"sqlite:///{tmp_path / 'real.sqlite3'}")
    submit(ledger, "red", steps=1)
    may_end = threading.Event()

    class Held(Painter):
        def paint(self, on_step):
            assert may_end.wait(PATIENCE)
            on_step(1)

    lease = 1.0
    context = make_context(engine := Held(), attempts=ledger.attempts, lease_seconds=lease)
    thread = in_thread("job.0", context)
    wait_until(lambda: engine.edits, "edit")
    until = ledger.clock.now() + 2.5 * lease
    while ledger.clock.now() < until:
        assert ledger.recovery.expire_leases() == 0
        time.sleep(0.02)
    assert ledger.costs.progress("job").seconds > 0, "heartbeats carry the seconds so far"
    may_end.set()
    ended(thread)
    assert (told(ledger), only(ledger).attempt) == ("S", 1)
    context.leases.stop()
    ledger.dispose()
