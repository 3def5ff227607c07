"""Two reviewers who decide on the same results at once, by HTTP, and what the ledger has of it afterwards.

Both go through the queue in its order and decide on each result at the same moment, having looked at the same
version: who comes second gets a conflict, looks again and then decides on what the other has left.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx2

from tests.support.gateways import token
from tests.support.ledgers import add, at_once, finish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.ledger.sql import SqlLedger
    from qie_batch.settings import Settings

TENANT, JOB = "shop", "reviewed-job"
#: What each decides, in turn: the reviews overturn one another.
TURNS = {
    "maria": (("approved", ""), ("noted", "look at the seam")),
    "chen": (("rejected", "the label is blurred"), ("approved", "")),
}


@dataclass(slots=True)
class Reviewer:
    """One of the two, and what the gateway accepted and refused."""

    name: str
    #: (item, version that was looked at, decision, note) of each answer 200.
    accepted: list[tuple[str, int, str, str]] = field(default_factory=list)
    #: Sentences of each answer 409.
    conflicts: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    reviewers: tuple[Reviewer, ...]
    seconds: float

    @property
    def accepted(self) -> int:
        return sum(len(each.accepted) for each in self.reviewers)

    @property
    def conflicts(self) -> list[str]:
        return [sentence for each in self.reviewers for sentence in each.conflicts]


def fill(ledger: SqlLedger, results: int) -> None:
    """A job of so many results that wait for a review."""
    add(ledger, *map(str, range(results)), job_id=JOB, owner=TENANT, review="required")
    for ordinal in range(results):
        finish(ledger, f"{JOB}.{ordinal}")


def meet(url: str, settings: Settings) -> Meeting:
    reviewers = tuple(map(Reviewer, TURNS))
    together = threading.Barrier(len(reviewers), timeout=60)
    begun = time.monotonic()
    at_once(*(lambda each=each: _review_all(each, url, settings, together) for each in reviewers))
    return Meeting(reviewers=reviewers, seconds=time.monotonic() - begun)


def _review_all(reviewer: Reviewer, url: str, settings: Settings, together: threading.Barrier) -> None:
    bearer = token(settings, TENANT, "jobs:read review", sub=reviewer.name)
    headers = {"Authorization": f"Bearer {bearer}"}
    with httpx2.Client(base_url=f"{url}/api/jobs/{JOB}", headers=headers, timeout=60) as client:
        for item in _queue(client):
            together.wait()
            decision, note = TURNS[reviewer.name][len(reviewer.accepted) % 2]
            while not _decided(reviewer, client, item, decision, note):
                item = client.get(f"/items/{item['id']}/reviews").raise_for_status().json()["item"]  # noqa: PLW2901
                if decision == item["review"]:
                    decision, note = "noted", "as the other has it"


def _queue(client: httpx2.Client) -> Iterator[dict[str, Any]]:
    after: int | None = -1
    while after is not None:
        page = (
            client.get("/reviews", params={"show": "all", "after": after, "limit": 50})
            .raise_for_status()
            .json()
        )
        yield from page["items"]
        after = page["next"]


def _decided(
    reviewer: Reviewer, client: httpx2.Client, item: dict[str, Any], decision: str, note: str
) -> bool:
    asked = {"version": item["version"], "decision": decision, "note": note}
    answer = client.post(f"/items/{item['id']}/reviews", json=asked)
    if answer.status_code == 409:
        reviewer.conflicts.append(answer.json()["detail"])
        return False
    answer.raise_for_status()
    reviewer.accepted.append((item["id"], item["version"], decision, note))
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the ledger has, held to what the reviewers were told."""

    #: Decisions that were accepted and are not in the ledger.
    lost: int
    #: Decisions in the ledger that nobody was told of.
    invented: int
    #: Decisions on a version on which another decision was made, too.
    overwritten_unseen: int


def kept(ledger: SqlLedger, meeting: Meeting) -> Kept:
    told = Counter(
        (item, version, decision, note, each.name)
        for each in meeting.reviewers
        for item, version, decision, note in each.accepted
    )
    found: Counter[tuple[str, int, str, str, str]] = Counter()
    unseen = 0
    for item in ledger.jobs.items(JOB):
        history = ledger.reviews.history(item.id)
        found.update(
            (each.item_id, each.version, each.decision, each.note, each.reviewer) for each in history
        )
        unseen += sum(later.version != earlier.version + 1 for earlier, later in pairwise(history))
        unseen += bool(history) and item.version != history[-1].version + 1
    return Kept(lost=(told - found).total(), invented=(found - told).total(), overwritten_unseen=unseen)
