"""Reviews from the queue to the tables of the job, on real services."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from qie_batch import wiring
from qie_batch.errors import Conflict, NotFound, UsageError
from qie_batch.keys import job_key
from qie_batch.model import Decision, Finding, ItemState, Show, Verdict
from qie_batch.steps import review
from qie_batch.steps.decisions import import_decisions
from qie_batch.steps.quiet_jobs import LONGEST_SECONDS, QuietJobs
from qie_batch.steps.review import Asked, ReviewQuery
from qie_batch.steps.settle import RESULTS, settle
from qie_batch.steps.sheet import SheetRequest, make_sheet
from tests.support.ledgers import Clock, told

BAD = Finding(gate="drift", verdict=Verdict.FAILED, figure=9.0, limit=0.6, sentence="it moved by 9 px")
ITEM = re.compile(rb'<script type="application/json" class="review-item">(.*?)</script>', re.DOTALL)


@pytest.fixture
def context(settings, ledger, decoders):
    return wiring.review_context(settings, ledger, decoders)


def found(query, context):
    return [item.row_id for item in review.queue(query, context).items]


def decide(context, item, decision, **asked):
    return review.decide(
        Asked(item_id=item.id, version=item.version, decision=decision, **asked), context, reviewer="maria"
    )


def table(settings, job_id):
    text = wiring.store(settings).get(job_key(job_id, RESULTS)).decode("utf-8-sig")
    return [(row["qie_status"], row["qie_error"]) for row in csv.DictReader(io.StringIO(text))]


def test_the_queue_shows_what_is_asked_for_page_by_page(enter, work, context):
    job = enter(5)
    work(BAD)
    first = review.queue(ReviewQuery(job_id=job), context, limit=3)
    second = review.queue(ReviewQuery(job_id=job), context, after=first.next, limit=3)
    assert [item.row_id for item in (*first.items, *second.items)] == [f"sku-{n}" for n in range(5)]
    assert (first.latest, second.next) == ({}, None)
    decide(context, first.items[0], Decision.APPROVED)
    assert found(ReviewQuery(job_id=job, show=Show.APPROVED), context) == ["sku-0"]
    assert found(ReviewQuery(job_id=job, gate="drift", row_id="sku-3"), context) == ["sku-3"]
    assert found(ReviewQuery(job_id=job, gate="text"), context) == []
    everything = review.queue(ReviewQuery(job_id=job, show=Show.ALL), context)
    assert [each.reviewer for each in everything.latest.values()] == ["maria"]
    with pytest.raises(NotFound):
        review.queue(ReviewQuery(job_id="nothing"), context)


def test_a_sample_leaves_out_nothing_that_a_gate_failed(enter, work, context):
    job = enter(12)
    work()
    passed = ReviewQuery(job_id=job, show=Show.PASSED, sample=0.3)
    some = found(passed, context)
    assert 0 < len(some) < 12
    assert found(passed, context) == some
    failed = enter(2, "make it darker")
    work(BAD)
    assert len(found(ReviewQuery(job_id=failed, sample=0.01), context)) == 2


def test_many_are_decided_by_a_filter_and_those_that_conflict_are_named(enter, work, context, ledger):
    job = enter(3, review="required")
    work()
    ledger.reviews.decide(f"{job}.1", 1, Decision.REJECTED, note="dark", reviewer="li")
    answer = review.decide_where(
        ReviewQuery(job_id=job, show=Show.WAITING), Decision.APPROVED, context, note="", reviewer="maria"
    )
    assert (answer.decided, answer.refused, told(ledger, job)) == (2, (), "SRS")


def test_a_reroll_with_another_instruction_is_checked_and_edited_again(enter, work, context, ledger):
    job = enter(1, review="required")
    work(BAD)
    (item,) = ledger.jobs.items(job)
    with pytest.raises(UsageError, match="dance"):
        decide(context, item, Decision.REROLLED, instruction="make it dance")
    again = decide(context, item, Decision.REROLLED, instruction="make it warmer", note="too cold")
    assert (again.state, again.spec.params.instruction) == (ItemState.PENDING, "make it warmer")
    with pytest.raises(Conflict, match="was sent to be made again by maria"):
        decide(context, item, Decision.APPROVED)
    work()
    (after,) = ledger.jobs.items(job)
    assert (after.state, after.result.cache_key) == (ItemState.NEEDS_REVIEW, again.spec.cache_key)
    assert [each.note for each in review.history(item.id, context)] == [
        "instruction 'make it warmer': too cold"
    ]


def test_the_tables_of_a_closed_job_follow_its_decisions(enter, work, context, ledger, settings, decoders):
    job = enter(2, review="required")
    work()
    clock = Clock()
    settling = replace(wiring.settle_context(settings, ledger, decoders), quiet=QuietJobs(clock))
    assert settle(settling) == 1
    assert table(settings, job) == [("needs_review", "")] * 2
    first, second = ledger.jobs.items(job)
    decide(context, first, Decision.APPROVED)
    decide(context, second, Decision.REJECTED, note="the logo is gone")
    assert settle(settling) == 0
    clock.turn(LONGEST_SECONDS)
    assert settle(settling) == 1
    assert table(settings, job) == [("succeeded", ""), ("rejected", "the logo is gone")]
    assert settle(settling) == 0


def csv_of(path, *rows):
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        columns = "job", "item", "version", "decision", "note", "instruction", "seed", "reviewer", "at"
        writer.writerows([columns, *rows])
    return path


def test_decisions_of_a_sheet_come_back_and_stale_ones_are_named(
    enter, work, context, ledger, settings, decoders, tmp_path
):
    job = enter(4, review="required")
    work(BAD)
    request = SheetRequest(query=ReviewQuery(job_id=job), most=10, side=64)
    sheet = make_sheet(request, wiring.sheet_context(settings, ledger, decoders))
    page = b"".join(sheet.parts)
    shown = [json.loads(text) for text in ITEM.findall(page)]
    assert (sheet.items, sheet.is_all, [each["row_id"] for each in shown]) == (
        *(4, True),
        [f"sku-{number}" for number in range(4)],
    )
    for each in shown:
        assert each["before"].startswith("data:image/jpeg;base64,")
        assert each["after"].startswith("data:image/jpeg;base64,")
        assert each["findings"][0]["sentence"] == "it moved by 9 px"
    nothing = replace(request, query=ReviewQuery(job_id=job, show=Show.APPROVED))
    with pytest.raises(Conflict, match="has nothing like that to look at"):
        make_sheet(nothing, wiring.sheet_context(settings, ledger, decoders))
    decide(context, list(ledger.jobs.items(job))[1], Decision.REJECTED, note="no")
    at = "2026-11-27T08:15:00Z"
    path = csv_of(
        tmp_path / "decisions.csv",
        (job, f"{job}.0", "1", "approved", "", "", "", "maria", at),
        (job, f"{job}.1", "1", "approved", "", "", "", "maria", at),
        (job, f"{job}.2", "1", "rerolled", "", "make it warmer", "", "li", at),
        (job, f"{job}.9", "1", "noted", "hm", "", "", "li", at),
    )
    found = import_decisions(path, context, importer="tom")
    assert (found.decided, found.already, told(ledger, job)) == (2, 0, "SRpN")
    stale = {line.number: line.reason for line in found.stale}
    assert list(stale) == [3, 5]
    assert "was rejected by maria" in stale[3]
    assert "there is no item" in stale[5]
    again = import_decisions(path, context, importer="tom")
    assert (again.decided, again.already, len(again.stale)) == (0, 2, 2)
    (review_,) = ledger.reviews.history(f"{job}.0")
    assert review_.reviewer == "maria (sheet, by tom)"
