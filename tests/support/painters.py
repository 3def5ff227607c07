"""Engines of a few lines, an image for them, and items to edit."""

from __future__ import annotations

import hashlib
import io
import threading
import time

from PIL import Image

from qie_batch.errors import DeviceOutOfMemory, EngineLost, StoreUnavailable
from qie_batch.model import RETRY_POLICY, EditResult, EngineInfo
from qie_batch.steps.edit import edit
from tests.support.ledgers import enqueue, new_items, new_job, spec

PATIENCE = 20.0
BUSY = StoreUnavailable("the store is away")
FULL = DeviceOutOfMemory("the picture does not fit")
BROKEN = EngineLost("the device fell off the bus")


def png(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 24), colour).save(buffer, "PNG")
    return buffer.getvalue()


IMAGE = png("white")
INPUT = hashlib.sha256(IMAGE).hexdigest()


class Painter:
    """Returns the image unchanged; the first edits raise the given errors, one each."""

    info = EngineInfo(name="classic", revision="1")
    device = "cpu"

    def __init__(self, *errors):
        self.errors, self.edits, self.low_memory = list(errors), 0, []

    def edit(self, request, on_step):
        self.edits += 1
        self.low_memory.append(request.low_memory)
        if self.errors:
            raise self.errors.pop(0)
        self.paint(on_step)
        return EditResult(image=request.images[0])

    def paint(self, on_step):
        on_step(1)


class Telegraph(Painter):
    """Begins the shutdown (as on SIGTERM) after `told_at` of its 10 steps, with `grace` seconds."""

    def __init__(self, told_at, grace):
        super().__init__()
        self.told_at, self.grace, self.context, self.steps = told_at, grace, None, 0

    def paint(self, on_step):
        for step in range(1, 11):
            time.sleep(0.01)
            if step == self.told_at:
                self.context.leases.shutdown.begin(self.grace)
            self.steps = step
            on_step(step)


def leaving(make_context, told_at, grace):
    engine = Telegraph(told_at, grace)
    engine.context = make_context(engine)
    return engine


def submit(ledger, *words, **changes):
    """Every item queued."""
    specs = (spec(word, **{"inputs": (INPUT,), **changes}) for word in words)
    ledger.intake.add_job(new_job(), new_items(*specs))
    assert len(enqueue(ledger)) == len(words)


def again(ledger, clock):
    """Queue the items that are due once every backoff is over."""
    clock.turn(RETRY_POLICY.max_delay_seconds + 1)
    enqueue(ledger)


def only(ledger):
    (item,) = ledger.jobs.items("job")
    return item


def results(store):
    return [stored.key for stored in store.list("results/")]


def wait_until(true, what):
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"no {what} within {PATIENCE} s"
        time.sleep(0.01)


def in_thread(*arguments):
    thread = threading.Thread(target=edit, args=arguments, daemon=True)
    thread.start()
    return thread


def ended(*threads):
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
