"""Prove that ledger and store agree: both ways, byte for byte, and the ledger with itself."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.interfaces import Ledger, ObjectStore, StoredObject
    from qie_batch.model import Result

AT_A_TIME = 8

#: A result without a ledger row may belong to an edit that is just ending; a day later it does not.
ORPHAN_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    results: int
    #: Bytes read and hashed.
    size: int
    #: One sentence each; empty is the proof.
    faults: tuple[str, ...]
    #: Objects under results/ that no row of the ledger names: space, not harm.
    orphans: tuple[str, ...]
    removed: int


def fsck(ledger: Ledger, store: ObjectStore, *, repair: bool) -> Findings:
    """Look at everything; with `repair` delete orphans that are older than a day."""
    faults = list(ledger.contradictions())
    faults += _missing_inputs(ledger, store)
    results = size = 0
    known: set[bytes] = set()
    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="fsck") as pool:
        rest = ledger.all_results()
        while some := list(islice(rest, 256)):
            for result, fault in zip(some, pool.map(lambda result: _fault(result, store), some), strict=True):
                results += 1
                size += result.size
                known.add(bytes.fromhex(result.cache_key))
                if fault:
                    faults.append(fault)
    orphans = [found for found in store.list("results/") if _digest(found.key) not in known]
    removed = _remove(orphans, ledger, store) if repair else 0
    return Findings(
        results=results,
        size=size,
        faults=tuple(faults),
        orphans=tuple(orphan.key for orphan in orphans),
        removed=removed,
    )


def _fault(result: Result, store: ObjectStore) -> str:
    """What is wrong with the object of a result, "" if it is the very bytes that the ledger says."""
    try:
        data = store.get(result.object_key)
    except Rejected:
        return f"result {result.cache_key}: its object {result.object_key} is not in the store"
    if len(data) != result.size or hashlib.sha256(data).hexdigest() != result.sha256:
        return (
            f"result {result.cache_key}: the object {result.object_key} has other bytes than the ledger says"
        )
    return ""


def _missing_inputs(ledger: Ledger, store: ObjectStore) -> Iterator[str]:
    """Items still to be edited whose picture is gone."""
    there: dict[str, bool] = {}
    for item_id, spec in ledger.unfinished_specs():
        for sha256 in spec.inputs:
            if sha256 not in there:
                there[sha256] = store.stat(f"inputs/{sha256}") is not None
            if not there[sha256]:
                yield f"item {item_id}: its picture inputs/{sha256} is not in the store"


def _digest(key: str) -> bytes:
    try:
        return bytes.fromhex(key.removeprefix("results/"))
    except ValueError:
        return b""


def _remove(orphans: list[StoredObject], ledger: Ledger, store: ObjectStore) -> int:
    """Those that are old, and that no item still to be edited would find and adopt."""
    wanted = {bytes.fromhex(spec.cache_key) for _, spec in ledger.unfinished_specs()}
    latest = ledger.now() - ORPHAN_SECONDS
    old = [orphan for orphan in orphans if orphan.modified < latest and _digest(orphan.key) not in wanted]
    for orphan in old:
        store.delete(orphan.key)
    return len(old)
