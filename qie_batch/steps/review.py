"""What people decide about results: what there is to look at, decisions one by one and many at once.

Each function raises NotFound for a job or an item that is not there. A decision raises Conflict where the
item has another version than the one that was looked at: nothing is overwritten that was not seen.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from qie_batch.errors import NotFound, UsageError
from qie_batch.model import WITH_RESULT, Choice, Decision, ItemSelection, ItemState, Show, Verdict
from qie_batch.steps.rerolls import rerolled
from qie_batch.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from qie_batch.interfaces import EngineCatalog, Jobs, Reviews
    from qie_batch.model import ImageHeader, Item, Refusal, Review

#: Characters of a note, and of a reviewer's name.
MAX_NOTE, MAX_REVIEWER = 1000, 500
#: Decisions of one transaction.
CHUNK = 200
#: States of the items, and what was decided of them; None for whatever it is.
_SHOWN: Mapping[Show, tuple[frozenset[ItemState], str | None]] = {
    Show.WAITING: (frozenset({ItemState.NEEDS_REVIEW}), None),
    Show.PASSED: (frozenset({ItemState.SUCCEEDED}), ""),
    Show.APPROVED: (frozenset({ItemState.SUCCEEDED}), Decision.APPROVED),
    Show.REJECTED: (frozenset({ItemState.REJECTED}), None),
    Show.ALL: (frozenset(WITH_RESULT), None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewContext:
    jobs: Jobs
    reviews: Reviews
    engines: EngineCatalog
    #: What the header of an input image says, by its sha256.
    header_of: Callable[[str], ImageHeader]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewQuery:
    """Which results of a job to look at."""

    job_id: str
    show: Show = Show.WAITING
    #: Only those that this gate failed.
    gate: str = ""
    row_id: str = ""
    #: From 0 to 1: of the results that no gate failed only this share, the same ones at each call.
    sample: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """In the order of the catalog."""

    items: tuple[Item, ...]
    #: The latest decision by item id, of those that have one.
    latest: Mapping[str, Review]
    #: `after` of the next page, None on the last one.
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A decision about one item as it was looked at."""

    item_id: str
    #: `Item.version`.
    version: int
    decision: Decision
    #: The reason of a rejection; any text with another decision.
    note: str = ""
    #: Of a re-roll: "" keeps the instruction, None takes the next seed.
    instruction: str = ""
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAnswer:
    """What became of many decisions."""

    decided: int
    #: Those that changed nothing, with the reason.
    refused: tuple[Refusal, ...]


def queue(query: ReviewQuery, context: ReviewContext, *, after: int = -1, limit: int = 50) -> QueuePage:
    """The next results to look at."""
    page = tuple(islice(wanted(query, context.jobs, after), limit))
    ids = [item.id for item in page]
    latest = context.reviews.latest(query.job_id, ids) if ids else ()
    return QueuePage(
        items=page,
        latest={review.item_id: review for review in latest},
        next=page[-1].ordinal if len(page) == limit else None,
    )


def wanted(query: ReviewQuery, jobs: Jobs, after: int = -1) -> Iterator[Item]:
    """All that the query asks for, in the order of the catalog."""
    jobs.get(query.job_id)
    states, _ = _SHOWN[query.show]
    selection = ItemSelection(after=after, states=states, row_id=query.row_id, page=200)
    return (item for item in jobs.items(query.job_id, selection) if _is_wanted(item, query))


def decide(asked: Asked, context: ReviewContext, *, reviewer: str) -> Item:
    """Write one decision; the item as it is after it.

    UsageError for a rejection without a reason, or for a re-roll that would give the same image again.
    """
    note, who, reviews = checked_note(asked.decision, asked.note), checked_reviewer(reviewer), context.reviews
    match asked.decision:
        case Decision.UNDONE:
            return reviews.undo(asked.item_id, asked.version, reviewer=who)
        case Decision.REROLLED:
            item = find_item(asked.item_id, context.jobs)
            spec, changes = rerolled(item, asked.instruction, asked.seed, context.engines, context.header_of)
            said = f"{changes}: {note}" if note else changes
            return reviews.reroll(asked.item_id, asked.version, spec, note=said, reviewer=who)
        case decision:
            return reviews.decide(asked.item_id, asked.version, decision, note=note, reviewer=who)


def decide_where(
    query: ReviewQuery, decision: Decision, context: ReviewContext, *, note: str, reviewer: str
) -> BulkAnswer:
    """Approve, reject or note all that the query finds, as they are found."""
    said = checked_note(decision, note)
    choices = (
        Choice(item_id=item.id, version=item.version, decision=decision, note=said)
        for item in wanted(query, context.jobs)
        if item.review != decision
    )
    return decide_each(choices, context.reviews, reviewer=reviewer)


def decide_each(choices: Iterable[Choice], reviews: Reviews, *, reviewer: str) -> BulkAnswer:
    """Write the decisions, a chunk in each transaction."""
    who, rest = checked_reviewer(reviewer), iter(choices)
    decided = 0
    refused: list[Refusal] = []
    while chunk := list(islice(rest, CHUNK)):
        found = reviews.decide_each(chunk, reviewer=who)
        decided += len(chunk) - len(found)
        refused += found
    return BulkAnswer(decided=decided, refused=tuple(refused))


def history(item_id: str, context: ReviewContext) -> list[Review]:
    """All decisions of an item, the first one first."""
    find_item(item_id, context.jobs)
    return context.reviews.history(item_id)


def find_item(item_id: str, jobs: Jobs) -> Item:
    job_id = item_id.rpartition(".")[0]
    found = next(jobs.items(job_id, ItemSelection(id=item_id)), None) if job_id else None
    if found is None:
        raise NotFound(f"there is no item {quoted(item_id)}", code="item_unknown", subject=item_id)
    return found


def is_sampled(item_id: str, share: float) -> bool:
    """Whether the item is among this share of all items; those of a share are among those of a larger one."""
    number = int.from_bytes(hashlib.sha256(item_id.encode()).digest()[:8], "big")
    return number < share * 2**64


def _is_wanted(item: Item, query: ReviewQuery) -> bool:
    _, review = _SHOWN[query.show]
    if item.result is None or (review is not None and item.review != review):
        return False
    failed = {finding.gate for finding in item.result.findings if finding.verdict is Verdict.FAILED}
    if query.gate and query.gate not in failed:
        return False
    return bool(failed) or is_sampled(item.id, query.sample)


def checked_note(decision: Decision, note: str) -> str:
    """UsageError for a decision without the text that it needs."""
    text = note.strip()
    if not text and decision in (Decision.REJECTED, Decision.NOTED):
        what = "a rejection needs a reason" if decision is Decision.REJECTED else "a note needs a text"
        raise UsageError(what, code="note_missing", hint="say what is wrong with the result")
    if len(text) > MAX_NOTE:
        raise UsageError(f"the note has {len(text):,} characters", hint=f"shorten it to {MAX_NOTE:,}")
    return text


def checked_reviewer(name: str) -> str:
    """UsageError for what is no name."""
    text = name.strip()
    if not text or len(text) > MAX_REVIEWER or printable(text, MAX_REVIEWER) != text:
        raise UsageError(
            f"{quoted(name)} is not the name of a reviewer",
            hint=f"1 to {MAX_REVIEWER} characters that can be printed",
        )
    return text
