"""What a decision makes of an item, and what undoing gives back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qie_batch.errors import Conflict
from qie_batch.ledger.verdicts import REJECTED_CODE
from qie_batch.model import WITH_RESULT, Decision, ItemState, cache_key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Row

    from qie_batch.model import Choice, EditSpec

_RESULT = {Decision.APPROVED: ItemState.SUCCEEDED, Decision.REJECTED: ItemState.REJECTED}
#: Columns that a decision may overwrite beside state and review.
_FAILURE = ("error_code", "error")
_EDIT = (*_FAILURE, "spec", "cached", "candidates")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """A decision, and the columns of the item that change with it."""

    decision: Decision
    note: str = ""
    values: Mapping[str, Any]
    #: Of the result: what is decided of it from now on, "" for nothing.
    review: str
    #: The result that the decision is about, None for one about no result.
    result_key: str | None
    #: As JSON: what `undo` gives back beside state and review.
    before: str = "{}"


def changes_of(choice: Choice, item: Row[Any]) -> Changes:
    """Of an approval, a rejection or a note. Conflict where there is no result to decide about."""
    if choice.decision is Decision.NOTED:
        return Changes(
            decision=choice.decision,
            note=choice.note,
            values={},
            review=item.review,
            result_key=item.result_key,
        )
    if item.state not in WITH_RESULT:
        raise Conflict(
            f"item {item.id} is {item.state}, so there is no result to decide about",
            code="item_without_result",
            hint="wait for its result",
            subject=item.id,
        )
    rejected = choice.decision is Decision.REJECTED
    values = {
        "state": _RESULT[choice.decision],
        "review": choice.decision,
        "error_code": REJECTED_CODE if rejected else None,
        "error": choice.note if rejected else None,
    }
    return Changes(
        decision=choice.decision,
        note=choice.note,
        values=values,
        review=choice.decision,
        result_key=item.result_key,
        before=_kept(item, _FAILURE),
    )


def changes_of_reroll(item: Row[Any], spec: EditSpec, note: str) -> Changes:
    """Conflict for an item that is not final, or was cancelled."""
    if item.state not in (*WITH_RESULT, ItemState.FAILED):
        raise Conflict(
            f"item {item.id} is {item.state}, so it cannot be made again",
            code="item_not_made",
            hint="submit its row again" if item.state == ItemState.CANCELLED else "wait for its result",
            subject=item.id,
        )
    text = spec.canonical
    values = {
        "state": ItemState.PENDING,
        "spec": text,
        "cache_key": cache_key_of(text),
        "result_key": None,
        "review": "",
        "cached": False,
        "candidates": "",
        "errors": 0,
        "crashes": 0,
        "preemptions": 0,
        "not_before": 0.0,
        "error_code": None,
        "error": None,
        "finished_at": None,
    }
    return Changes(
        decision=Decision.REROLLED,
        note=note,
        values=values,
        review=item.review,
        result_key=item.result_key,
        before=_kept(item, _EDIT),
    )


def standing(history: Iterable[Row[Any]]) -> list[Row[Any]]:
    """The decisions of an item that were not undone; the history begins with the first one."""
    stand: list[Row[Any]] = []
    for row in history:
        if row.decision != Decision.UNDONE:
            stand.append(row)
        elif stand:
            stand.pop()
    return stand


def changes_of_undo(item: Row[Any], last: Row[Any] | None, now: float) -> Changes:
    """`last` is the latest decision that stands. Conflict where the item has changed since otherwise."""
    if last is None:
        raise Conflict(
            f"nothing was decided about item {item.id} that could be undone",
            code="nothing_to_undo",
            subject=item.id,
        )
    if last.decision == Decision.NOTED:
        return Changes(decision=Decision.UNDONE, values={}, review=item.review, result_key=last.result_key)
    rerolled = last.decision == Decision.REROLLED
    if rerolled and item.state == ItemState.RUNNING:
        raise _too_late(item, "it is being edited right now", "wait for its result")
    if not rerolled and (item.result_key, item.review) != (last.result_key, last.review):
        raise _too_late(item, "it has changed otherwise since", "look at it again")
    values = {"state": last.before_state, "review": last.before_review, **json.loads(last.before)}
    if rerolled:
        key = cache_key_of(values["spec"])
        values |= {"cache_key": key, "result_key": last.result_key, "finished_at": now, "lease_until": None}
    return Changes(
        decision=Decision.UNDONE,
        values=values,
        review=last.before_review,
        result_key=last.result_key,
    )


def _kept(item: Row[Any], names: Iterable[str]) -> str:
    return json.dumps({name: getattr(item, name) for name in names}, ensure_ascii=False)


def _too_late(item: Row[Any], why: str, hint: str) -> Conflict:
    return Conflict(
        f"the last decision about item {item.id} cannot be undone: {why}",
        code="undo_too_late",
        hint=hint,
        subject=item.id,
    )
