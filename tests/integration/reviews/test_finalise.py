"""Drafts of all rows, then only the approved ones at the final preset."""

from __future__ import annotations

import pytest

from qie_batch import wiring
from qie_batch.errors import Conflict, UsageError
from qie_batch.model import FIRST_PRESET, Decision, JobState
from qie_batch.steps.collect import collect
from qie_batch.steps.finalise import FinaliseRequest, finalise, savings
from qie_batch.steps.settle import settle
from tests.support.ledgers import SECOND_MICROS

DRAFTS = {"engine": "qwen", "final_preset": FIRST_PRESET}


@pytest.fixture
def context(settings, ledger):
    return wiring.finalise_context(settings, ledger)


def approve(ledger, *item_ids):
    for item_id in item_ids:
        ledger.reviews.decide(item_id, 1, Decision.APPROVED, note="", reviewer="maria")


def test_only_what_is_approved_is_made_for_good_with_its_seed_and_instruction(
    enter, work, ledger, context, settings, decoders, tmp_path
):
    job = enter(5, **DRAFTS)
    drafts = list(ledger.jobs.items(job))
    assert {(item.spec.params.preset, item.spec.params.steps) for item in drafts} == {("draft", 4)}
    work(engine="qwen", seconds=2.0)
    with pytest.raises(Conflict, match=r"nothing of job .* is approved yet"):
        finalise(FinaliseRequest(job_id=job), context)
    approve(ledger, f"{job}.1", f"{job}.3")
    made = finalise(FinaliseRequest(job_id=job), context)
    final = ledger.jobs.get(made.job_id)
    assert (final.parent, final.order.preset, final.order.review, made.items) == (job, "reference", "", 2)
    for item, draft in zip(ledger.jobs.items(made.job_id), (drafts[1], drafts[3]), strict=True):
        params = item.spec.params
        assert (params.preset, params.steps, params.cfg) == ("reference", 40, 4.0)
        assert (params.seed, params.instruction) == (draft.spec.params.seed, draft.spec.params.instruction)
        assert (item.line, item.row_id, item.spec.inputs) == (draft.line, draft.row_id, draft.spec.inputs)
    work(engine="qwen", seconds=20.0)
    assert settle(wiring.settle_context(settings, ledger, decoders)) == 2
    assert ledger.jobs.get(made.job_id).state is JobState.CLOSED
    store = wiring.store(settings)
    brought = collect(ledger.jobs.get(made.job_id), tmp_path, "{id}", jobs=ledger.jobs, store=store)
    assert sorted(each.path.name for each in brought) == ["sku-1.png", "sku-3.png"]
    found = savings(FinaliseRequest(job_id=job), context)
    assert (found.drafts, found.approved, found.waiting) == (5, 2, 3)
    assert (found.draft_seconds, found.final_seconds, found.all_seconds) == (10.0, 40.0, 100.0)
    assert found.saved_seconds == 50.0
    assert found.saved_micros == 50 * SECOND_MICROS


def test_finalising_again_takes_what_was_approved_since(enter, work, ledger, context):
    job = enter(3, **DRAFTS)
    work(engine="qwen")
    approve(ledger, f"{job}.0")
    first = finalise(FinaliseRequest(job_id=job), context)
    with pytest.raises(Conflict, match=f"is in {first.job_id} already"):
        finalise(FinaliseRequest(job_id=job), context)
    approve(ledger, f"{job}.2")
    second = finalise(FinaliseRequest(job_id=job), context)
    assert [item.row_id for item in ledger.jobs.items(second.job_id)] == ["sku-2"]


@pytest.mark.slow
def test_a_job_without_drafts_is_finalised_only_at_a_preset_that_is_named(enter, work, ledger, context):
    job = enter(1, engine="qwen", preset="fast", review="required")
    work(engine="qwen")
    approve(ledger, f"{job}.0")
    with pytest.raises(UsageError, match="was not submitted as drafts"):
        finalise(FinaliseRequest(job_id=job), context)
    made = finalise(FinaliseRequest(job_id=job, preset="balanced"), context)
    (item,) = ledger.jobs.items(made.job_id)
    assert item.spec.params.preset == "balanced"
