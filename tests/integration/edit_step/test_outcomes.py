"""How the edit of one item ends, on a real ledger and a real store, with engines of a few lines."""

from __future__ import annotations

import hashlib
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from PIL import Image

from qie_batch.errors import EngineLost, Rejected
from qie_batch.model import RETRY_POLICY, Preset
from qie_batch.steps.edit import edit
from qie_batch.stores.s3 import S3Store
from tests.support.ledgers import WORKER, enqueue, told
from tests.support.painters import (
    BROKEN,
    BUSY,
    FULL,
    PATIENCE,
    Painter,
    again,
    ended,
    only,
    results,
    submit,
    wait_until,
)


def test_success_is_in_the_store_and_in_the_ledger(ledger, store, make_context):
    submit(ledger, "red")
    edit("job.0", make_context(Painter()))
    item = only(ledger)
    data = store.get(f"results/{item.spec.cache_key}")
    assert told(ledger) == "S"
    assert (item.result.sha256, item.result.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert Image.open(io.BytesIO(data)).size == (item.result.width, item.result.height) == (40, 24)
    assert (item.attempt, item.cached, item.result.engine, item.result.device) == (1, False, "classic", "cpu")
    assert item.result.seconds == item.seconds > 0
    assert list(ledger.audit.contradictions()) == []


def test_a_rejected_row_is_never_retried(ledger, store, clock, make_context):
    submit(ledger, "red")
    engine = Painter(Rejected("no such colour", code="not_understood"))
    edit("job.0", make_context(engine))
    again(ledger, clock)
    assert (told(ledger), engine.edits, only(ledger).attempt) == ("F", 1, 1)
    assert (only(ledger).failure.code, only(ledger).failure.reason) == ("not_understood", "no such colour")
    assert results(store) == []


def test_a_picture_that_is_gone_fails_its_row(ledger, make_context):
    submit(ledger, "red", inputs=("ab" * 32,))
    edit("job.0", make_context(engine := Painter()))
    assert (told(ledger), only(ledger).failure.code, engine.edits) == ("F", "object_missing", 0)


def test_bytes_that_are_no_picture_fail_their_row(ledger, store, make_context):
    store.put(f"inputs/{'cd' * 32}", b"<svg/>", "image/png")
    submit(ledger, "red", inputs=("cd" * 32,))
    edit("job.0", make_context(engine := Painter()))
    assert (told(ledger), engine.edits) == ("F", 0)
    assert only(ledger).failure.code.startswith("image_")


def test_another_revision_waits_for_a_worker_that_has_it_and_fails_in_the_end(ledger, clock, make_context):
    submit(ledger, "red", revision="2")
    engine = Painter()
    engine.info = replace(engine.info, revision_settings=("QIE_VRAM_PLAN",))
    context = make_context(engine)
    for number in range(1, RETRY_POLICY.max_errors + 1):
        edit("job.0", context)
        assert told(ledger) == ("F" if number == RETRY_POLICY.max_errors else "p")
        again(ledger, clock)
    assert (only(ledger).failure.code, engine.edits) == ("engine_revision", 0)
    assert "the same QIE_VRAM_PLAN" in only(ledger).failure.reason


@pytest.mark.parametrize(
    ("wanted", "recipe", "has", "edits"),
    [
        ("lightning-4 winter@0123 1.0", "", {"winter": "winter@0123 1.0"}, 1),
        ("lightning-4 cache=0.1 winter@0123 1.0", "cache=0.1", {"winter": "winter@0123 1.0"}, 1),
        ("lightning-4 winter@0123 1.0", "cache=0.1", {"winter": "winter@0123 1.0"}, 0),
        ("lightning-4 winter@0123 1.0", "", {"winter": "winter@0123 1.0 snow"}, 0),
        ("lightning-4 winter@0123 1.0", "", {"summer": "winter@0123 1.0"}, 0),
        ("lightning-8 winter@0123 1.0", "", {"winter": "winter@0123 1.0"}, 0),
    ],
)
def test_an_item_waits_for_a_worker_that_runs_its_preset_and_lora_as_they_were_submitted(
    wanted, recipe, has, edits, ledger, make_context
):
    submit(ledger, "red", lora=wanted, lora_name="winter", preset="draft")
    engine = Painter()
    draft = Preset(name="draft", steps=4, cfg=1.0, lora="lightning-4", recipe=recipe, seconds=1.0)
    engine.info = replace(engine.info, own_loras=has, presets={"draft": draft})
    edit("job.0", make_context(engine))
    assert (told(ledger), engine.edits) == ("S" if edits else "p", edits)


@pytest.mark.parametrize(
    "junk",
    [
        *(
            "",
            "job",
            "job.",
            "job.x",
            "../job.0",
            "job.0; DROP TABLE items",
            "a" * 65 + ".0",
            "job.0\n",
            "作.0",
        ),
        *(None, 5, ["job.0"], {"id": "job.0"}),
    ],
)
def test_what_is_no_item_id_is_dropped(ledger, make_context, junk):
    submit(ledger, "red")
    edit(junk, make_context(engine := Painter()))
    assert (told(ledger), engine.edits) == ("q", 0)


def test_an_item_that_is_not_there_is_dropped(make_context):
    edit("nobody.0", make_context(engine := Painter()))
    assert engine.edits == 0


def test_what_passes_is_tried_again_after_a_pause(ledger, clock, make_context):
    submit(ledger, "red")
    context = make_context(Painter(BUSY))
    edit("job.0", context)
    assert (told(ledger), enqueue(ledger)) == ("p", [])
    again(ledger, clock)
    edit("job.0", context)
    assert (told(ledger), only(ledger).attempt, only(ledger).failure) == ("S", 2, None)


def test_what_never_passes_fails_after_eight_tries(ledger, clock, make_context):
    submit(ledger, "red")
    context = make_context(engine := Painter(*[BUSY] * 20))
    for number in range(1, RETRY_POLICY.max_errors + 1):
        edit("job.0", context)
        assert told(ledger) == ("F" if number == RETRY_POLICY.max_errors else "p")
        again(ledger, clock)
    assert engine.edits == RETRY_POLICY.max_errors == 8
    assert only(ledger).failure.code == "store_unavailable"
    assert BUSY.message in only(ledger).failure.reason


def test_out_of_memory_is_tried_once_more_with_less(ledger, clock, make_context):
    submit(ledger, "red")
    context = make_context(engine := Painter(*[FULL] * 20))
    edit("job.0", context)
    assert told(ledger) == "p"
    again(ledger, clock)
    edit("job.0", context)
    assert (told(ledger), only(ledger).failure.code) == ("F", "device_out_of_memory")
    assert engine.low_memory == [False, True]


def test_a_lost_engine_is_charged_and_ends_the_process_and_the_third_is_poison(ledger, clock, make_context):
    submit(ledger, "red")
    for number in range(1, RETRY_POLICY.max_crashes + 1):
        with pytest.raises(EngineLost):
            edit("job.0", make_context(Painter(BROKEN)))
        assert told(ledger) == ("F" if number == RETRY_POLICY.max_crashes else "p")
        again(ledger, clock)
    assert only(ledger).failure.code == "poison"
    assert BROKEN.message in only(ledger).failure.reason
    assert only(ledger).attempt == RETRY_POLICY.max_crashes == 3


def test_whoever_waits_for_a_device_that_breaks_is_not_charged(ledger, clock, make_context):
    submit(ledger, "red", "blue")
    waiting = threading.Event()

    class Breaking(Painter):
        def paint(self, on_step):
            on_step(1)
            assert waiting.wait(PATIENCE)
            raise BROKEN

    context = make_context(engine := Breaking())
    with ThreadPoolExecutor(2) as pool:
        culprit = pool.submit(edit, "job.0", context)
        wait_until(lambda: engine.edits, "edit")
        neighbour = pool.submit(edit, "job.1", context)
        wait_until(lambda: len(context.leases.held()) == 2, "second claim")
        waiting.set()
        assert isinstance(culprit.exception(), EngineLost)
        neighbour.result()
    assert (told(ledger), engine.edits) == ("pp", 1)
    again(ledger, clock)
    assert [ledger.attempts.claim(f"job.{number}", WORKER, 60).crashes for number in range(2)] == [1, 0]


def test_a_finished_edit_waits_for_a_store_that_does_not_write(ledger, store, make_context):
    submit(ledger, "red")

    class Full(S3Store):
        refused = 0

        def put_new(self, *object_):
            if self.refused < 2:
                self.refused += 1
                raise BUSY
            return super().put_new(*object_)

    full = Full(store._client, store._bucket)
    edit("job.0", make_context(engine := Painter(), store=full))
    assert (told(ledger), only(ledger).attempt, engine.edits, full.refused) == ("S", 1, 1, 2)


def test_late_and_doubled_messages_are_harmless(ledger, make_context):
    submit(ledger, *(f"shade {number}" for number in range(12)))
    benches = [make_context(Painter()) for _ in range(8)]
    messages = [item.id for item in ledger.jobs.items("job")] * 5

    def work(context, mine):
        for item_id in mine:
            edit(item_id, context)

    shares = enumerate(benches)
    threads = [threading.Thread(target=work, args=(context, messages[first::8])) for first, context in shares]
    for thread in threads:
        thread.start()
    ended(*threads)
    progress = ledger.costs.progress("job")
    assert (told(ledger), progress.attempts) == ("S" * 12, 12)
    assert sum(context.engine.edits for context in benches) == 12
    edit("job.0", benches[0])
    assert ledger.costs.progress("job").attempts == 12
    assert list(ledger.audit.contradictions()) == []


def test_a_bug_is_a_bug(ledger, clock, make_context):
    """It comes out as it is; the lease gives the item back."""
    submit(ledger, "red")
    with pytest.raises(ZeroDivisionError):
        edit("job.0", make_context(Painter(ZeroDivisionError())))
    assert told(ledger) == "r"
    clock.turn(61)
    assert ledger.recovery.expire_leases() == 1
