"""Checks that ledger and store agree, in both directions and by bytes, and that the ledger is consistent."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected
from qie_batch.keys import RESULTS, cache_key_of, input_key
from qie_batch.views import FsckView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.interfaces import Audit, Clock, Intake, ObjectStore, StoredObject
    from qie_batch.model import Result

AT_A_TIME = 8
#: Objects that are looked up in the ledger by one call.
LISTED = 1000

#: A younger object without a ledger row may belong to an edit that is about to end.
ORPHAN_SECONDS = 86_400.0

GONE, OTHER = "is not in the store", "has other bytes than the ledger says"


@dataclass(frozen=True, slots=True, kw_only=True)
class FsckContext:
    audit: Audit
    intake: Intake
    clock: Clock
    store: ObjectStore


def fsck(context: FsckContext, *, repair: bool) -> FsckView:
    """Check everything; with `repair` forget wrong results and delete orphans older than a day.

    Raises LedgerUnavailable and StoreUnavailable.
    """
    faults = list(context.audit.contradictions())
    faults += _missing_inputs(context)
    results = size = 0
    broken: list[Result] = []
    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="fsck") as pool:
        rest = context.audit.results()
        while some := list(islice(rest, 256)):
            for result, fault in zip(
                some, pool.map(lambda result: _fault(result, context.store), some), strict=True
            ):
                results += 1
                size += result.size
                if fault:
                    faults.append(f"result {result.cache_key}: its object {result.object_key} {fault}")
                    broken.append(result)
    orphans = _orphans(context)
    removed = _remove(orphans, context) if repair else 0
    mended, to_retry = _mend(broken, context) if repair else (0, set())
    return FsckView(
        results=results,
        size=size,
        faults=tuple(faults),
        orphans=tuple(orphan.key for orphan in orphans),
        removed=removed,
        mended=mended,
        to_retry=tuple(sorted(to_retry)),
    )


def _fault(result: Result, store: ObjectStore) -> str:
    """What is wrong with the object of a result, "" if length and sha256 are those of the ledger."""
    try:
        data = store.get(result.object_key)
    except Rejected:
        return GONE
    same = len(data) == result.size and hashlib.sha256(data).hexdigest() == result.sha256
    return "" if same else OTHER


def _missing_inputs(context: FsckContext) -> Iterator[str]:
    """A sentence for each input of an unfinished item that is missing in the store."""
    # Read to the end first, so that no ledger transaction stays open during requests to the store.
    inputs = {
        sha256: item_id for item_id, spec in context.audit.unfinished_specs() for sha256 in spec.objects
    }
    for sha256, item_id in inputs.items():
        if context.store.stat(input_key(sha256)) is None:
            yield f"item {item_id}: its picture {input_key(sha256)} is not in the store"


def _orphans(context: FsckContext) -> list[StoredObject]:
    """Objects without a result."""
    orphans: list[StoredObject] = []
    rest = context.store.list(RESULTS)
    while some := list(islice(rest, LISTED)):
        # Looked up after the listing, since edits end meanwhile.
        named = context.intake.known_results(cache_key_of(found.key) for found in some)
        orphans += [found for found in some if cache_key_of(found.key) not in named]
    return orphans


def _remove(orphans: list[StoredObject], context: FsckContext) -> int:
    """Delete the orphans that are old and that no item has adopted meanwhile or could still adopt."""
    latest = context.clock.now() - ORPHAN_SECONDS
    removed = 0
    for orphan in orphans:
        if orphan.modified < latest and not context.audit.is_wanted(cache_key_of(orphan.key)):
            context.store.delete(orphan.key)
            removed += 1
    return removed


def _mend(broken: list[Result], context: FsckContext) -> tuple[int, set[str]]:
    """Forget results whose object is missing or wrong, and delete the wrong object; their number and jobs."""
    mended, jobs = 0, set[str]()
    for found in broken:
        result = context.audit.result(found.cache_key)
        fault = _fault(result, context.store) if result else ""
        if not result or not fault:
            continue  # repaired by another edit meanwhile
        if fault == OTHER:
            # Before the row is deleted; otherwise the next edit of this key would adopt the wrong object.
            context.store.delete(result.object_key)
        jobs.update(context.audit.forget_result(result.cache_key))
        mended += 1
    return mended, jobs
