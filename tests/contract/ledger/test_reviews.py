"""What every ledger promises about decisions of people on results."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from qie_batch.errors import Conflict, NotFound
from qie_batch.model import (
    Choice,
    Decision,
    Finding,
    ItemSelection,
    ItemState,
    JobState,
    Priority,
    Show,
    Verdict,
)
from tests.support.ledgers import (
    add,
    at_once,
    enqueue,
    finish,
    new_items,
    new_job,
    result_of,
    spec,
    start,
    told,
    used,
)

APPROVE, REJECT, NOTE = Decision.APPROVED, Decision.REJECTED, Decision.NOTED
BAD = Finding(gate="drift", verdict=Verdict.FAILED, figure=9.0, limit=0.6, sentence="it moved by 9 px")
GOOD = replace(BAD, verdict=Verdict.PASSED, figure=0.1, sentence="")


def item(ledger, item_id="job.0"):
    job_id = item_id.rpartition(".")[0]
    return next(ledger.jobs.items(job_id, ItemSelection(id=item_id)))


def finish_with(ledger, *findings, item_id="job.0"):
    attempt = start(ledger, item_id)
    made = replace(result_of(attempt), findings=findings)
    assert ledger.attempts.succeed(attempt, made, used(1.0))


def decide(ledger, decision, item_id="job.0", version=None, note="", reviewer="maria"):
    seen = item(ledger, item_id).version if version is None else version
    return ledger.reviews.decide(item_id, seen, decision, note=note, reviewer=reviewer)


def reroll(ledger, word="other", reviewer="maria"):
    return ledger.reviews.reroll("job.0", item(ledger).version, spec(word), note="seed 5", reviewer=reviewer)


def undo(ledger, reviewer="maria"):
    return ledger.reviews.undo("job.0", item(ledger).version, reviewer=reviewer)


@pytest.fixture
def waiting(ledger):
    """A job that asks for a review, with one result that waits for it, and another item."""
    add(ledger, "a", "b", review="required")
    finish_with(ledger, BAD)
    yield ledger
    assert list(ledger.audit.contradictions()) == []


def test_an_approved_item_succeeds_and_a_rejected_one_has_the_reason(waiting):
    before = item(waiting)
    assert before.state is ItemState.NEEDS_REVIEW
    approved = decide(waiting, APPROVE)
    assert (approved.state, approved.review) == (ItemState.SUCCEEDED, "approved")
    assert approved.version == before.version + 1
    assert approved.result == before.result
    rejected = decide(waiting, REJECT, note="the logo is gone")
    assert (rejected.state, rejected.review) == (ItemState.REJECTED, "rejected")
    assert (rejected.failure.code, rejected.failure.reason) == ("rejected", "the logo is gone")
    assert decide(waiting, APPROVE).failure is None


def test_a_decision_on_another_version_says_who_decided_what_and_when(waiting):
    seen = item(waiting).version
    decide(waiting, REJECT, version=seen, note="too dark", reviewer="li wei")
    with pytest.raises(Conflict) as caught:
        decide(waiting, APPROVE, version=seen)
    assert caught.value.message == (
        "item job.0 was rejected by li wei at 2027-01-15 08:00 UTC ('too dark') since it was looked at"
    )
    assert item(waiting).state is ItemState.REJECTED


def test_an_approval_of_a_result_that_was_rerolled_meanwhile_loses_nothing(waiting):
    seen = item(waiting).version
    reroll(waiting)
    with pytest.raises(Conflict, match="was sent to be made again by maria"):
        decide(waiting, APPROVE, version=seen)
    finish_with(waiting, GOOD)
    with pytest.raises(Conflict, match="was sent to be made again by maria"):
        decide(waiting, APPROVE, version=seen)
    again = item(waiting)
    assert (again.state, again.review) == (ItemState.NEEDS_REVIEW, "")


def test_a_new_result_without_a_decision_is_a_conflict_too(ledger):
    add(ledger, "a")
    with pytest.raises(Conflict, match=r"item job.0 is pending, so there is no result"):
        decide(ledger, APPROVE, version=0)
    finish_with(ledger, GOOD)
    with pytest.raises(Conflict, match=r"item job.0 has changed since it was looked at"):
        decide(ledger, APPROVE, version=0)


def test_a_reroll_opens_the_job_and_is_an_edit_like_any_other(waiting):
    finish(waiting, "job.1")
    assert waiting.settlement.close("job", as_of=2e9)
    again = reroll(waiting, "greener")
    assert (again.state, again.result, again.spec) == (ItemState.PENDING, None, spec("greener"))
    assert waiting.jobs.get("job").state is JobState.OPEN
    assert told(waiting) == "pN"
    finish_with(waiting, GOOD)
    assert item(waiting).result.cache_key == spec("greener").cache_key
    assert item(waiting).attempt == 2


def test_a_running_or_cancelled_item_is_not_rerolled(waiting):
    start(waiting, "job.1")
    with pytest.raises(Conflict, match="is running"):
        waiting.reviews.reroll("job.1", 0, spec("c"), note="", reviewer="maria")
    waiting.jobs.cancel("job")
    with pytest.raises(Conflict, match="is cancelled"):
        waiting.reviews.reroll("job.1", item(waiting, "job.1").version, spec("c"), note="", reviewer="m")


def test_undo_gives_back_what_was_before_step_by_step(waiting):
    decide(waiting, REJECT, note="too dark")
    decide(waiting, APPROVE)
    decide(waiting, NOTE, note="ask the shop")
    undone = undo(waiting)
    assert (undone.state, undone.review) == (ItemState.SUCCEEDED, "approved")
    undone = undo(waiting)
    assert (undone.state, undone.failure.reason) == (ItemState.REJECTED, "too dark")
    undone = undo(waiting)
    assert (undone.state, undone.review, undone.failure) == (ItemState.NEEDS_REVIEW, "", None)
    with pytest.raises(Conflict, match=r"nothing was decided about item job\.0"):
        undo(waiting)
    decisions = [review.decision for review in waiting.reviews.history("job.0")]
    assert decisions == [REJECT, APPROVE, NOTE, *[Decision.UNDONE] * 3]


def test_undoing_a_reroll_gives_the_earlier_result_back(waiting):
    before = decide(waiting, APPROVE)
    reroll(waiting)
    back = undo(waiting)
    assert (back.state, back.review, back.spec, back.result) == (
        *(before.state, before.review),
        *(before.spec, before.result),
    )
    reroll(waiting)
    attempt = start(waiting)
    with pytest.raises(Conflict, match="being edited right now"):
        undo(waiting)
    waiting.attempts.succeed(attempt, result_of(attempt), used(1.0))
    assert undo(waiting).result == before.result


def test_a_reroll_is_not_undone_once_its_earlier_result_was_deleted(ledger):
    add(ledger, "a")
    finish_with(ledger, BAD)
    key = item(ledger).result.cache_key
    reroll(ledger)
    ledger.audit.forget_result(key)
    with pytest.raises(Conflict, match="its earlier result was deleted"):
        undo(ledger)


def test_who_decided_what_stays_once_the_result_was_deleted(ledger):
    add(ledger, "a")
    finish_with(ledger, BAD)
    reroll(ledger)
    finish_with(ledger, GOOD)
    ((key, _),) = ledger.pruning.unused_results(-1)
    assert ledger.pruning.delete_result(key)
    (review,) = ledger.reviews.history("job.0")
    assert (review.decision, review.reviewer, review.result_key) == (Decision.REROLLED, "maria", "")
    assert list(ledger.reviews.judged("job")) == list(ledger.audit.contradictions()) == []
    with pytest.raises(Conflict, match="its earlier result was deleted"):
        undo(ledger)


def test_many_decisions_are_one_transaction_and_those_that_conflict_are_named(ledger):
    add(ledger, *"abc", review="required")
    for number in range(3):
        finish(ledger, f"job.{number}")
    decide(ledger, REJECT, "job.1", note="no", reviewer="li")
    choices = [Choice(item_id=f"job.{number}", version=1, decision=APPROVE) for number in range(4)]
    refused = ledger.reviews.decide_each(choices, reviewer="maria")
    assert [refusal.item_id for refusal in refused] == ["job.1", "job.3"]
    assert "was rejected by li" in refused[0].reason
    assert "there is no item 'job.3'" in refused[1].reason
    assert told(ledger) == "SRS"


def test_two_reviewers_at_once_lose_and_overwrite_nothing(ledger):
    words = [f"word {number}" for number in range(12)]
    add(ledger, *words, review="required")
    for number in range(12):
        finish(ledger, f"job.{number}")

    def review_all(name, decision):
        won = []
        for number in range(12):
            try:
                decide(ledger, decision, f"job.{number}", version=1, note=name, reviewer=name)
            except Conflict as conflict:
                assert f"by {'li' if name == 'maria' else 'maria'}" in conflict.message  # noqa: PT017
            else:
                won.append(f"job.{number}")
        return won

    maria, li = at_once(partial(review_all, "maria", APPROVE), partial(review_all, "li", REJECT))
    assert sorted(maria + li) == sorted(f"job.{number}" for number in range(12))
    for found in ledger.jobs.items("job"):
        (review,) = ledger.reviews.history(found.id)
        assert review.reviewer == ("maria" if found.id in maria else "li")
        assert found.review == review.decision


def test_another_tenants_items_are_as_those_that_do_not_exist(ledger):
    add(ledger, "a", owner="acme")
    finish(ledger)
    others = ledger.owned_by("other").reviews
    for call in (
        partial(others.decide, "job.0", 1, APPROVE, note="", reviewer="eve"),
        partial(others.reroll, "job.0", 1, spec("b"), note="", reviewer="eve"),
        partial(others.undo, "job.0", 1, reviewer="eve"),
        partial(others.history, "job.0"),
    ):
        with pytest.raises(NotFound, match=r"there is no item 'job.0'"):
            call()
    decide(ledger.owned_by("acme"), APPROVE)
    assert list(others.latest("job")) == list(others.judged("job")) == []
    assert others.counts("job")[Show.ALL] == 0


def test_the_latest_decision_of_each_item_and_how_many_there_are(ledger):
    add(ledger, *"abcd", review="required")
    for number in range(3):
        finish(ledger, f"job.{number}")
    decide(ledger, APPROVE, "job.2")
    decide(ledger, REJECT, "job.0", note="no")
    decide(ledger, APPROVE, "job.0")
    found = [(review.item_id, review.decision) for review in ledger.reviews.latest("job")]
    assert found == [("job.0", APPROVE), ("job.2", APPROVE)]
    assert [review.item_id for review in ledger.reviews.latest("job", ["job.2"])] == ["job.2"]
    counts = {show: number for show, number in ledger.reviews.counts("job").items() if number}
    assert counts == {Show.APPROVED: 2, Show.WAITING: 1, Show.ALL: 3}


def test_results_are_judged_by_the_latest_decision_that_stands(ledger):
    add(ledger, *"abc")
    finish_with(ledger, BAD)
    finish_with(ledger, GOOD, item_id="job.1")
    finish_with(ledger, GOOD, item_id="job.2")
    reroll(ledger)
    finish_with(ledger, GOOD)
    decide(ledger, APPROVE)
    decide(ledger, NOTE, note="nice")
    decide(ledger, REJECT, "job.1", note="no")
    ledger.reviews.undo("job.1", item(ledger, "job.1").version, reviewer="maria")
    judged = {(each.decision, each.findings) for each in ledger.reviews.judged("job")}
    assert judged == {(Decision.REROLLED, (BAD,)), (APPROVE, (GOOD,))}


def test_a_decision_on_a_closed_job_asks_for_its_tables_anew_without_a_second_notice(ledger, clock):
    add(ledger, "a", notify="https://hooks.test/")
    finish(ledger)
    clock.turn(1)
    assert ledger.settlement.close("job", as_of=clock())
    told_once = ledger.outbox.latest()
    assert ledger.settlement.reviewed() == []
    decide(ledger, APPROVE)
    (job,) = ledger.settlement.reviewed()
    decide(ledger, REJECT, note="no")
    assert ledger.settlement.shown("job", job.reviewed_at) is False
    (job,) = ledger.settlement.reviewed()
    assert ledger.settlement.shown("job", job.reviewed_at) is True
    assert ledger.settlement.reviewed() == ledger.settlement.ready() == []
    assert ledger.outbox.latest() == told_once


def test_interactive_jobs_have_no_tables_to_write_anew(ledger):
    assert ledger.intake.add_job(
        new_job(priority=Priority.INTERACTIVE), new_items(spec("a"), priority=Priority.INTERACTIVE)
    )
    enqueue(ledger, interactive=True)
    finish(ledger)
    ledger.settlement.close("job", as_of=2e9)
    decide(ledger, APPROVE)
    assert ledger.settlement.reviewed() == []
