"""What an observer of an edit is told: one event a stage, in order."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from qie_batch.errors import EngineLost, Rejected
from qie_batch.model import Stage
from qie_batch.steps.edit import edit
from tests.support.ledgers import enqueue
from tests.support.painters import BROKEN, BUSY, Painter, leaving, submit

STEP_SECONDS = 0.02


class ThreeSteps(Painter):
    def paint(self, on_step):
        for step in (1, 2, 3):
            time.sleep(STEP_SECONDS)
            on_step(step)


class Witness(list):
    """The events, as an observer."""

    def __call__(self, event):
        self.append(event)

    @property
    def stages(self):
        return [event.stage for event in self]


@pytest.fixture
def seen():
    return Witness()


def test_an_edit_tells_each_stage_once_and_in_order(ledger, make_context, seen):
    submit(ledger, "red")
    began = time.monotonic()
    edit("job.0", make_context(ThreeSteps(), observe=seen))
    ended = time.monotonic()
    assert [(event.stage, event.step, event.outcome) for event in seen] == [
        (Stage.CLAIMED, 0, ""),
        (Stage.FETCHED, 0, ""),
        (Stage.DECODED, 0, ""),
        (Stage.ENTERED, 0, ""),
        (Stage.STEPPED, 1, ""),
        (Stage.STEPPED, 2, ""),
        (Stage.STEPPED, 3, ""),
        (Stage.PAINTED, 3, ""),
        (Stage.CHECKED, 0, ""),
        (Stage.ENCODED, 0, ""),
        (Stage.STORED, 0, ""),
        (Stage.CLOSED, 0, "succeeded"),
    ]
    assert {(event.attempt.item_id, event.attempt.number) for event in seen} == {("job.0", 1)}
    assert 3 * STEP_SECONDS <= sum(event.seconds for event in seen) <= ended - began
    assert all(event.seconds >= STEP_SECONDS for event in seen if event.stage is Stage.STEPPED)


def test_the_usage_of_each_event_is_that_of_the_attempt_so_far(ledger, make_context, seen):
    submit(ledger, "red")
    edit("job.0", make_context(ThreeSteps(), observe=seen))
    for before, after in pairwise(event.usage for event in seen):
        assert before.seconds <= after.seconds
        assert before.images <= after.images
    fetched, painted, closed = (
        next(event.usage for event in seen if event.stage is stage)
        for stage in (Stage.FETCHED, Stage.PAINTED, Stage.CLOSED)
    )
    assert (fetched.seconds, fetched.images) == (0.0, 0)
    assert (painted.seconds, painted.images) == (closed.seconds, closed.images)
    assert closed.images == 1
    assert closed.seconds == next(ledger.jobs.items("job")).seconds >= 3 * STEP_SECONDS


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Rejected("no such colour", code="not_understood"), "failed: not_understood"),
        (BUSY, f"did not succeed: {BUSY.message}"),
        (BROKEN, f"crashed: {BROKEN.message}"),
    ],
)
def test_an_edit_that_fails_is_closed_with_the_reason(ledger, make_context, seen, error, outcome):
    submit(ledger, "red")
    context = make_context(Painter(error), observe=seen)
    if isinstance(error, EngineLost):
        with pytest.raises(EngineLost):
            edit("job.0", context)
    else:
        edit("job.0", context)
    assert seen.stages == [Stage.CLAIMED, Stage.FETCHED, Stage.DECODED, Stage.ENTERED, Stage.CLOSED]
    assert seen[-1].outcome == outcome


def test_an_item_that_is_handed_back_is_closed_as_such(ledger, make_context, seen):
    submit(ledger, "red", steps=10)
    edit("job.0", leaving(lambda engine: make_context(engine, observe=seen), told_at=3, grace=0.0).context)
    assert seen.stages[-2:] == [Stage.STEPPED, Stage.CLOSED]
    assert (seen[-2].step, seen[-1].outcome) == (3, "handed back")


def test_an_attempt_that_the_item_went_on_without_is_fenced(ledger, make_context, seen):
    submit(ledger, "red")

    class Cancelled(Painter):
        def paint(self, on_step):
            ledger.jobs.cancel("job")
            on_step(1)

    edit("job.0", make_context(Cancelled(), observe=seen))
    assert seen.stages[-1] is Stage.FENCED
    assert Stage.CLOSED not in seen.stages


def test_a_result_that_was_there_is_adopted_without_being_painted(ledger, store, make_context, seen):
    submit(ledger, "red")
    key = next(ledger.jobs.items("job")).spec.cache_key
    source = next(iter(store.list("inputs/"))).key
    store.put_new(f"results/{key}", store.get(source), "image/png")
    edit("job.0", make_context(engine := Painter(), observe=seen))
    assert seen.stages == [Stage.CLAIMED, Stage.ADOPTED, Stage.CLOSED]
    assert (engine.edits, seen[-1].usage.images) == (0, 0)


class Telling(ThreeSteps):
    def edit(self, request, on_step):
        painted = super().edit(request, on_step)
        return replace(painted, phases={"steps": 3 * STEP_SECONDS}, ran={"scheduler": "Euler", "steps": 3})


def test_an_attempt_keeps_the_seconds_of_its_phases(ledger, make_context, seen):
    submit(ledger, "red")
    began = time.monotonic()
    edit("job.0", make_context(Telling(), observe=seen))
    whole = time.monotonic() - began
    timing = ledger.costs.timing("job")
    assert [phase.name for phase in timing.phases] == [
        *("fetch", "decode", "wait", "paint", "paint.steps", "paint.rest", "check", "encode", "put"),
    ]
    assert 3 * STEP_SECONDS <= sum(phase.seconds for phase in timing.phases if not phase.is_within) <= whole
    ends = {event.stage: event.seconds for event in seen}
    kept = {phase.name: phase.seconds for phase in timing.phases}
    for stage, name in ((Stage.DECODED, "decode"), (Stage.ENCODED, "encode"), (Stage.STORED, "put")):
        assert kept[name] == pytest.approx(ends[stage], abs=0.002)


def test_an_attempt_that_fails_keeps_the_phase_in_which_it_did(ledger, make_context):
    class Late(Painter):
        def paint(self, on_step):
            on_step(1)
            raise BUSY

    submit(ledger, "red")
    edit("job.0", make_context(Late()))
    names = [phase.name for phase in ledger.costs.timing("job").phases]
    assert names == ["fetch", "decode", "wait", "paint"]


def test_a_result_tells_what_really_ran_to_the_attempt_that_adopts_it(ledger, store, make_context):
    submit(ledger, "red")
    edit("job.0", make_context(Telling()))
    ran = {"scheduler": "Euler", "steps": 3}
    (item,) = ledger.jobs.items("job")
    assert item.result.ran == ran
    assert json.loads(store.stat(item.result.object_key).metadata["ran"]) == ran
    ledger.audit.forget_result(item.result.cache_key)
    ledger.jobs.retry("job")
    enqueue(ledger)
    edit("job.0", make_context(later := Painter()))
    (item,) = ledger.jobs.items("job")
    assert (later.edits, item.result.ran) == (0, ran)


def test_of_what_ran_the_object_keeps_as_much_as_its_metadata_holds(ledger, store, make_context):
    class Wordy(Painter):
        def edit(self, request, on_step):
            told = {"scheduler": "Euler", **{f"library {number}": "1.2.3 " * 20 for number in range(40)}}
            return replace(super().edit(request, on_step), ran=told)

    submit(ledger, "red")
    edit("job.0", make_context(Wordy()))
    (item,) = ledger.jobs.items("job")
    kept = json.loads(store.stat(item.result.object_key).metadata["ran"])
    assert kept["scheduler"] == "Euler"
    assert 1 < len(kept) < len(item.result.ran) == 41
