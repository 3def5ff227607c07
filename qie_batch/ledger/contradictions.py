"""The invariants of the ledger: for each a query that finds the rows that break the invariant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, or_, select

from qie_batch.ledger.tables import attempts, items, jobs, results, reviews
from qie_batch.ledger.verdicts import APPROVED, REJECTED, REQUIRED
from qie_batch.model import FINAL, WITH_RESULT, ItemState, JobState, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Micro-dollars that a cost may differ: 0.5 by rounding to whole ones, the rest by float arithmetic.
ROUNDING = 0.6


def _numbers() -> dict[str, Select[Any]]:
    latest = select(func.coalesce(func.max(attempts.c.number), 0)).where(attempts.c.item_id == items.c.id)
    return {
        "job {}: its items are not numbered 0 to n-1": select(items.c.job_id)
        .group_by(items.c.job_id)
        .having((func.max(items.c.ordinal) != func.count() - 1) | (func.min(items.c.ordinal) != 0)),
        "item {}: its attempts are not numbered 1 to n": select(attempts.c.item_id)
        .group_by(attempts.c.item_id)
        .having((func.max(attempts.c.number) != func.count()) | (func.min(attempts.c.number) != 1)),
        "item {}: its attempt number is not that of its latest attempt": select(items.c.id).where(
            items.c.attempt != latest.scalar_subquery()
        ),
    }


def _states() -> dict[str, Select[Any]]:
    final = items.c.state.in_(list(FINAL))
    return {
        "job {}: its state is none that there is": select(jobs.c.id).where(
            jobs.c.state.not_in(list(JobState))
        ),
        "item {}: its state is none that there is": select(items.c.id).where(
            items.c.state.not_in(list(ItemState))
        ),
        "item {}: an attempt of it ended in no way that there is": select(attempts.c.item_id).where(
            attempts.c.outcome.not_in(list(Outcome))
        ),
        "item {}: an ended attempt of it has no end": select(attempts.c.item_id).where(
            attempts.c.outcome != Outcome.RUNNING, attempts.c.ended_at.is_(None)
        ),
        "item {}: it is final but has no end": select(items.c.id).where(final, items.c.finished_at.is_(None)),
        "item {}: it failed without a reason": select(items.c.id).where(
            items.c.state == ItemState.FAILED, items.c.error_code.is_(None)
        ),
        "item {}: its job is closed over it": select(items.c.id)
        .join(jobs, jobs.c.id == items.c.job_id)
        .where(jobs.c.state == JobState.CLOSED, ~final),
    }


def _successes() -> dict[str, Select[Any]]:
    succeeded = items.c.state.in_(WITH_RESULT)
    by_a_person = select(1).where(reviews.c.item_id == attempts.c.item_id, reviews.c.decision == "rerolled")
    successful = attempts.c.outcome == Outcome.SUCCEEDED
    its_success = select(1).where(attempts.c.item_id == items.c.id, successful)
    return {
        "item {}: it succeeded more than once": select(attempts.c.item_id)
        .where(successful, ~by_a_person.exists())
        .group_by(attempts.c.item_id)
        .having(func.count() > 1),
        "item {}: it succeeded but names no result": select(items.c.id).where(
            succeeded, items.c.result_key.is_(None)
        ),
        "item {}: it names a result but did not succeed": select(items.c.id).where(
            items.c.result_key.is_not(None), ~succeeded
        ),
        "item {}: it names the result of another edit": select(items.c.id).where(
            items.c.result_key != items.c.cache_key
        ),
        "item {}: it is cached but did not succeed": select(items.c.id).where(items.c.cached, ~succeeded),
        "item {}: it succeeded uncached without a successful attempt": select(items.c.id).where(
            succeeded, ~items.c.cached, ~its_success.exists()
        ),
    }


def _reviews() -> dict[str, Select[Any]]:
    approved, rejected = items.c.review == APPROVED, items.c.state == ItemState.REJECTED
    succeeded = items.c.state == ItemState.SUCCEEDED
    return {
        "item {}: what was decided of it is nothing that there is": select(items.c.id).where(
            items.c.review.not_in(("", APPROVED, REJECTED))
        ),
        "item {}: it was approved but did not succeed": select(items.c.id).where(approved, ~succeeded),
        "item {}: it is rejected by its state or by its review alone": select(items.c.id).where(
            rejected != (items.c.review == REJECTED)
        ),
        "item {}: it was rejected without a reason": select(items.c.id).where(
            rejected, items.c.error_code.is_(None)
        ),
        "item {}: it succeeded without the approval that its job asks for": select(items.c.id)
        .join(jobs, jobs.c.id == items.c.job_id)
        .where(jobs.c.review == REQUIRED, succeeded, ~approved),
        "item {}: a decision about it is of a version that it never had": select(items.c.id)
        .join(reviews, reviews.c.item_id == items.c.id)
        .where(reviews.c.version >= items.c.version),
        "item {}: a decision about it is in another job": select(items.c.id)
        .join(reviews, reviews.c.item_id == items.c.id)
        .where(reviews.c.job_id != items.c.job_id),
    }


def _running() -> dict[str, Select[Any]]:
    runs = attempts.c.outcome == Outcome.RUNNING
    running = items.c.state == ItemState.RUNNING
    its_attempt = select(1).where(attempts.c.item_id == items.c.id, runs)
    return {
        "item {}: an attempt runs though the item does not": select(attempts.c.item_id)
        .join(items, items.c.id == attempts.c.item_id)
        .where(runs, ~running),
        "item {}: it runs without an attempt that does": select(items.c.id).where(
            running, ~its_attempt.exists()
        ),
        "item {}: it runs without a lease": select(items.c.id).where(running, items.c.lease_until.is_(None)),
    }


def _money() -> dict[str, Select[Any]]:
    by_hour = attempts.c.seconds * attempts.c.hour_micros / 3600.0
    price = by_hour + attempts.c.images * attempts.c.image_micros
    return {
        "item {}: an attempt of it has negative seconds, images or costs": select(attempts.c.item_id).where(
            or_(attempts.c.seconds < 0, attempts.c.images < 0, attempts.c.cost_micros < 0)
        ),
        "item {}: an attempt of it does not cost its seconds and images at its rate": select(
            attempts.c.item_id
        ).where(func.abs(attempts.c.cost_micros - price) > ROUNDING),
        "item {}: an attempt of it is in the sums of another job": select(items.c.id)
        .join(attempts, attempts.c.item_id == items.c.id)
        .where(attempts.c.job_id != items.c.job_id),
        "result {}: it has negative seconds or costs": select(results.c.cache_key).where(
            or_(results.c.seconds < 0, results.c.cost_micros < 0)
        ),
    }


#: Sentence with `{}` for the row's id -> query of those ids.
IMPOSSIBLE: Mapping[str, Select[Any]] = (
    _numbers() | _states() | _successes() | _reviews() | _running() | _money()
)
