"""Deletes jobs that were closed long ago, and what is left over in the store of them and of nothing else.

Rows of the ledger go first. The store is then swept: whatever no row names and is old enough goes. A process
that is killed in the middle leaves objects that no row names, which the next run finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from qie_batch.errors import UsageError
from qie_batch.keys import INPUTS, JOBS, MANIFESTS, RESULTS, cache_key_of, job_of_key, sha256_of_input
from qie_batch.views import PruneView

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from qie_batch.interfaces import Audit, Clock, Intake, ObjectStore, Pruning, StoredObject

#: A younger job may be looked at, retried or downloaded yet, and a younger object belong to what begins now.
LEAST_SECONDS = 86_400.0
#: Objects between two looks at the jobs that were submitted meanwhile.
CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneContext:
    pruning: Pruning
    audit: Audit
    intake: Intake
    clock: Clock
    store: ObjectStore


def prune(context: PruneContext, seconds: float, *, dry_run: bool) -> PruneView:
    """Delete, or only count with `dry_run`, what was closed or stored more than `seconds` ago.

    UsageError for less than a day; LedgerUnavailable and StoreUnavailable, after which another run goes on.
    """
    if seconds < LEAST_SECONDS:
        raise UsageError("nothing younger than a day is deleted", hint="give --older-than 1d or more")
    old = context.pruning.old_jobs(seconds)
    if not dry_run:
        old = [job for job in old if context.pruning.delete_job(job.id, seconds)]
    gone = {job.id for job in old}
    results = list(context.pruning.unused_results(seconds, besides=gone))
    if not dry_run:
        results = [(key, size) for key, size in results if context.pruning.delete_result(key)]
    sweep = _Sweep(
        context, context.clock.now() - seconds, gone, {key for key, _ in results} if dry_run else ()
    )
    objects = [found.size for found in (sweep.unnamed() if dry_run else sweep.delete())]
    return PruneView(
        dry_run=dry_run,
        jobs=tuple(job.id for job in old),
        items=sum(job.items for job in old),
        spent_micros=sum(job.spent_micros for job in old),
        results=len(results),
        objects=len(objects),
        size=sum(objects),
    )


class _Sweep:
    """Objects that were stored before and that no row of the ledger names, but these jobs and results."""

    def __init__(
        self, context: PruneContext, before: float, jobs: Collection[str], results: Collection[str]
    ) -> None:
        self._context = context
        self._before = before
        self._without = jobs
        self._results = results
        self._read: set[str] = set()
        self._inputs: set[str] = set()
        self._jobs: dict[str, str] = {}
        self._manifests: set[str] = set()
        self._look()

    def unnamed(self) -> Iterator[StoredObject]:
        """In the order in which `delete` deletes them."""
        for prefix in (JOBS, MANIFESTS, RESULTS, INPUTS):
            old = (found for found in self._context.store.list(prefix) if found.modified < self._before)
            while some := list(islice(old, CHUNK)):
                yield from self._unnamed_of(prefix, some)

    def delete(self) -> Iterator[StoredObject]:
        """Delete them, each after another look at what was submitted meanwhile."""
        rest = self.unnamed()
        while some := list(islice(rest, CHUNK)):
            self._look()
            for found in some:
                prefix = found.key.partition("/")[0] + "/"
                if self._unnamed_of(prefix, [found]):
                    self._context.store.delete(found.key)
                    yield found

    def _look(self) -> None:
        """Read which jobs there are, and the images of those that were not read before."""
        pruning = self._context.pruning
        self._jobs = {job: key for job, key in pruning.kept_jobs().items() if job not in self._without}
        self._manifests = set(self._jobs.values())
        self._inputs |= set(pruning.inputs(self._jobs.keys() - self._read))
        self._read |= self._jobs.keys()

    def _unnamed_of(self, prefix: str, listed: list[StoredObject]) -> list[StoredObject]:
        if prefix == JOBS:
            return [found for found in listed if job_of_key(found.key) not in self._jobs]
        if prefix == MANIFESTS:
            return [found for found in listed if found.key not in self._manifests]
        if prefix == INPUTS:
            return [found for found in listed if sha256_of_input(found.key) not in self._inputs]
        keys = {cache_key_of(found.key) for found in listed}
        named = self._context.intake.known_results(keys) - set(self._results)
        # An unfinished edit would adopt an object that has no row yet.
        named |= {key for key in keys - named - set(self._results) if self._context.audit.is_wanted(key)}
        return [found for found in listed if cache_key_of(found.key) not in named]
