"""All items final: results.csv, errors.csv and the report go to the store, and the job is closed.

An edit that a client waited for is closed without them: they cost more than the edit. After decisions about
results of a closed job, the three are written anew, once no more decisions come.
"""

from __future__ import annotations

import logging
import math
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from qie_batch.errors import Rejected, Unavailable
from qie_batch.keys import input_key, job_key
from qie_batch.manifest import ErrorsWriter, Extras, ResultsWriter, RowOutcome
from qie_batch.model import ItemState, JobState, Priority
from qie_batch.report import ROWS_PER_REASON, Pair, Summary, render
from qie_batch.steps.quiet_jobs import QuietJobs
from qie_batch.steps.repeats import Repeats
from qie_batch.steps.stored_rows import rows_with_items, stored_rows
from qie_batch.views import item_view, job_view, timing_view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import BufferedIOBase, TextIOWrapper
    from typing import TextIO

    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import Costs, Jobs, ObjectStore, Settlement
    from qie_batch.manifest import RowWriter
    from qie_batch.manifest.stored import StoredRows
    from qie_batch.model import BadRow, Finding, Item, Job, ManifestRow, Progress
    from qie_batch.views import ItemView

log = logging.getLogger(__name__)

#: Pairs of images on the report, few enough for a phone to show.
SHOWN = 60
READERS = 4
THUMBNAIL_SIDE = 480

RESULTS, ERRORS, REPORT = "results.csv", "errors.csv", "report.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleContext:
    settlement: Settlement
    jobs: Jobs
    costs: Costs
    store: ObjectStore
    decoders: DecoderPool
    #: Of images; those of bytes are for what comes from outside, and do not count here.
    limits: Limits
    #: The names of the gates, each a column of results.csv.
    gates: Sequence[str] = ()
    #: What was logged of each job.
    repeats: Repeats = field(default_factory=Repeats)
    quiet: QuietJobs = field(default_factory=QuietJobs)


def settle(context: SettleContext) -> int:
    """Close every job whose items are all final, and show what decisions changed; says how many."""
    settled = sum(_tried(_settle, job, context) for job in context.settlement.ready())
    return settled + sum(_tried(_show_decisions, job, context) for job in context.settlement.reviewed())


def _tried(step: Callable[[Job, SettleContext], bool], job: Job, context: SettleContext) -> bool:
    try:
        return step(job, context)
    except Unavailable:
        raise
    except Rejected as error:  # its manifest is gone: the other jobs are settled all the same
        if context.repeats.is_new(job.id, error.message):
            log.error("job %s cannot be settled: %s", job.id, error.message)  # noqa: TRY400 - a sentence is enough
    except Exception as error:
        if context.repeats.is_new(job.id, repr(error)):
            log.exception("job %s cannot be settled", job.id)
    return False


def _settle(job: Job, context: SettleContext) -> bool:
    if job.order.priority is Priority.INTERACTIVE:
        # Its client has the results; tables are made from the ledger on request.
        return context.settlement.close(job.id, as_of=math.inf)
    progress = context.costs.progress(job.id)
    if progress.job.state is JobState.CLOSED:
        return False  # another control process was quicker
    _write(job, progress, context)
    if progress.done != progress.total or not context.settlement.close(job.id, as_of=progress.now):
        return False
    if progress.job.reviewed_at is not None:
        context.settlement.shown(job.id, progress.job.reviewed_at)
    return True


def _show_decisions(job: Job, context: SettleContext) -> bool:
    """Without another webhook, as the job was closed before."""
    if job.reviewed_at is None or not context.quiet.is_due(job.id, job.reviewed_at):
        return False
    _write(job, context.costs.progress(job.id), context)
    context.quiet.forget(job.id)
    return context.settlement.shown(job.id, job.reviewed_at)


def _write(job: Job, progress: Progress, context: SettleContext) -> None:
    # Temporary files, since a job may have eight items for each of a million rows.
    with stored_rows(job, context.store) as rows, _table() as results, _table() as errors:
        tables = Tables(rows, results, errors, gates=context.gates)
        for row, items in rows_with_items(rows, context.jobs.items(job.id)):
            tables.write(row, items, lambda item: _address(item, context))
        for name, table in ((RESULTS, results), (ERRORS, errors)):
            table.flush()
            data = cast("BufferedIOBase", table.buffer)
            context.store.put(job_key(job.id, name), data, "text/csv; charset=utf-8")
    page = report_page(progress, context)
    context.store.put(job_key(job.id, REPORT), page, "text/html; charset=utf-8")


def _table() -> TextIOWrapper:
    return tempfile.TemporaryFile("w+", encoding="utf-8", newline="", prefix="qie-table-")


class Tables:
    """Results and errors of one job, a row at a time."""

    def __init__(
        self,
        rows: StoredRows,
        results: TextIO | RowWriter,
        errors: TextIO | RowWriter,
        *,
        gates: Sequence[str] = (),
    ) -> None:
        of = rows.header
        image = of.columns.get("image", "")
        extras = Extras(names=of.names, own=of.own, image=image, words=of.words, gates=gates)
        self._results = ResultsWriter(results, of.header, extras)
        self._errors = ErrorsWriter(errors, of.header, of.folder, extras)

    def write(self, row: ManifestRow | BadRow, items: list[Item], output: Callable[[Item], str]) -> None:
        """The row with its items; `output` tells where an item's result is found."""
        outcomes = [_outcome(item, output(item)) for item in items]
        for outcome in outcomes:
            self._results.write(row.cells, outcome)
        first_failed = next((outcome for outcome in outcomes if outcome.error_code), None)
        if first_failed:
            self._errors.write(row.cells, first_failed)


def _outcome(item: Item, output: str) -> RowOutcome:
    result, failure = item.result, item.failure
    return RowOutcome(
        status=item.state,
        output=output if item.state is ItemState.SUCCEEDED else "",
        width=result.width if result else None,
        height=result.height if result else None,
        changed=result.changed if result else None,
        note=result.note if result else "",
        review=item.review,
        findings={each.gate: _words(each) for each in result.findings} if result else {},
        seed=item.spec.params.seed if item.spec else None,
        engine=result.engine if result else "",
        seconds=item.seconds,
        cost_micros=item.cost_micros,
        cached=item.cached,
        attempts=item.attempt,
        error_code=failure.code if failure else "",
        error=failure.reason if failure else "",
    )


def _words(finding: Finding) -> str:
    """Such as "failed 3.2 px: the product moved by 3.2 pixels"."""
    figure = "" if finding.figure is None else f" {finding.figure:.4g} {finding.unit}".rstrip()
    return f"{finding.verdict}{figure}{f': {finding.sentence}' if finding.sentence else ''}"


def _address(item: Item, context: SettleContext) -> str:
    return context.store.address(item.result.object_key) if item.result else ""


def report_page(progress: Progress, context: SettleContext) -> bytes:
    """The page, with the first SHOWN pairs of images."""
    failed: dict[str, list[ItemView]] = {}
    shown: list[Item] = []
    devices: set[str] = set()
    for item in context.jobs.items(progress.job.id):
        if item.failure and item.state is ItemState.FAILED:
            rows = failed.setdefault(item.failure.code, [])
            if len(rows) < ROWS_PER_REASON:
                rows.append(item_view(item))
        if item.result:
            devices.add(item.result.device)
        if len(shown) < SHOWN:
            shown.append(item)
    # One slow answer of the store then holds up one pair, not all that follow.
    with ThreadPoolExecutor(READERS) as readers:
        pairs = list(readers.map(lambda item: _pair(item, context), shown))
    summary = Summary(
        job=job_view(progress),
        device=", ".join(sorted(devices)),
        finished_at=progress.now,
        failed=failed,
        timing=timing_view(context.costs.timing(progress.job.id)),
    )
    return render(summary, pairs)


def _pair(item: Item, context: SettleContext) -> Pair:
    return Pair(
        item=item_view(item),
        before=_thumbnail(context, input_key(item.spec.inputs[0])) if item.spec else None,
        after=_thumbnail(context, item.result.object_key) if item.result else None,
    )


def _thumbnail(context: SettleContext, key: str) -> bytes | None:
    """None if the image cannot be decoded, as that of a failed item may not be."""
    try:
        data = context.store.get(key)
        return context.decoders.thumbnail_jpeg(
            data, THUMBNAIL_SIDE, replace(context.limits, max_bytes=len(data))
        )
    except Rejected:
        return None
