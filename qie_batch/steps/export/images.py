"""The succeeded items of a job, rendered for a channel and written where nothing of the same is yet."""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from qie_batch.errors import Conflict, QieError, Rejected
from qie_batch.exports.checking import failed_rules
from qie_batch.exports.encoding import xmp_of
from qie_batch.exports.rendering import render
from qie_batch.model import Finding, ItemState, OutputFormat, Verdict
from qie_batch.steps.export.feed import Addresses, open_feed, write_feed
from qie_batch.steps.export.record import RECORD, Record, RecordedFile
from qie_batch.steps.result_names import EXTENSIONS, ResultNames
from qie_batch.steps.stored_rows import rows_with_items, stored_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from qie_batch.exports.channel import Channel
    from qie_batch.exports.rendering import Upscaler
    from qie_batch.images import Limits
    from qie_batch.images.sandbox import DecoderPool
    from qie_batch.interfaces import Jobs, ObjectStore
    from qie_batch.model import BadRow, Item, Job, ManifestRow, Result
    from qie_batch.steps.export.destinations import Destination
    from qie_batch.steps.export.feed import FeedRequest, FeedWritten

#: Images in memory are at most twice as many.
AT_A_TIME = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportContext:
    jobs: Jobs
    store: ObjectStore
    decoders: DecoderPool
    #: Of images; those of bytes are for what comes from outside, and do not count here.
    limits: Limits
    #: None enlarges by Lanczos.
    upscaler: Upscaler | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    channel: Channel
    #: Of the file names; "" for the channel's.
    template: str = ""
    #: Only what a person approved.
    only_approved: bool = False
    #: Write files that fail a rule of the channel, too.
    with_failed: bool = False
    feed: FeedRequest | None = None
    #: Before the names in the feed, such as https://cdn.shop.com/images; "" for the destination's addresses.
    base_address: str = ""


class Outcome(StrEnum):
    WRITTEN = "written"
    UNCHANGED = "unchanged"
    #: A rule of the channel failed, and nothing was written.
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What became of one item."""

    item_id: str
    row_id: str
    #: From 0.
    variant: int
    outcome: Outcome
    name: str
    #: By which a feed names the file; "" where it was left out.
    address: str
    file: RecordedFile


class _Made(NamedTuple):
    file: RecordedFile
    #: b"" for what is there already or is not to be written.
    data: bytes


def export_images(
    job: Job, request: ExportRequest, destination: Destination, context: ExportContext
) -> Iterator[Exported | FeedWritten]:
    """Each item that is exported, in the manifest's order, then the feed where one is asked for.

    UsageError for a wrong template or feed, before anything is written; Conflict for a file of the same name
    that no export has written, and for a job of drafts.
    """
    if job.order.final_preset:
        raise Conflict(
            f"job {job.id} holds drafts, which are no results for a shop",
            code="job_of_drafts",
            hint="make what was approved for good, and export that job",
            subject=job.id,
        )
    feed = open_feed(request.feed) if request.feed else None
    with ExitStack() as stack:
        rows = stack.enter_context(stored_rows(job, context.store))
        files = stack.enter_context(destination)
        record = Record.read(files)
        export = _Export(request, files, record, context)
        addresses = Addresses(rows.header)
        reserved = (RECORD, *((request.feed.path.name,) if request.feed else ()))
        template, extension = request.template or request.channel.template, _extension(request.channel)
        names = stack.enter_context(
            closing(ResultNames(template, rows.header, reserved, extension=extension))
        )
        pool = stack.enter_context(ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="export"))
        try:
            for row, done in _rows(export, pool, names, rows_with_items(rows, context.jobs.items(job.id))):
                yield from done
                first = next((each.address for each in done if each.address), "")
                addresses.add(row, first)
            if request.feed and feed:
                yield write_feed(request.feed, feed, addresses, files, record)
        except BaseException:
            with suppress(OSError, QieError):  # the error that ends the export is the one to tell
                export.save()
            raise
        export.save()


def _rows(
    export: _Export,
    pool: ThreadPoolExecutor,
    names: ResultNames,
    rows: Iterator[tuple[ManifestRow | BadRow, list[Item]]],
) -> Iterator[tuple[ManifestRow | BadRow, list[Exported]]]:
    """Each row with what was exported of it; a few images are made ahead."""
    ahead: deque[tuple[ManifestRow | BadRow, list[tuple[Item, str, Future[_Made]]]]] = deque()
    images = 0
    for row, items in rows:
        # Failed items take their names too, so that names are the same at every export.
        given = names.of_row(row, items)
        making = [
            (item, given[item.id], pool.submit(export.make, item.result, given[item.id]))
            for item in items
            if item.result and export.wants(item)
        ]
        images += len(making)
        ahead.append((row, making))
        while ahead and (images >= AT_A_TIME * 2 or not ahead[0][1]):
            first, made = ahead.popleft()
            images -= len(made)
            yield first, export.written(made)
    for first, made in ahead:
        yield first, export.written(made)


class _Export:
    """One export to one destination; only `make` is called by several threads."""

    def __init__(
        self, request: ExportRequest, files: Destination, record: Record, context: ExportContext
    ) -> None:
        self._request, self._files, self._record, self._context = request, files, record, context
        self._content_type = f"image/{request.channel.format}"

    def wants(self, item: Item) -> bool:
        if item.state is not ItemState.SUCCEEDED:
            return False
        return not self._request.only_approved or item.review == "approved"

    def make(self, result: Result, name: str) -> _Made:
        """The file of a result; without bytes where it is there already."""
        channel, upscaler = self._request.channel, self._context.upscaler
        made_of = f"{result.sha256}:{channel.revision}:{upscaler.name if upscaler else ''}"
        known = self._record.get(name)
        if known and known.made_of == made_of and self._is_done(name, known):
            return _Made(known, b"")
        try:
            return self._made(result, name, made_of)
        except Rejected as error:  # the store has lost it, it is damaged, or the upscaler failed
            finding = Finding(gate="format", verdict=Verdict.FAILED, sentence=error.sentences[0])
            return _Made(RecordedFile(made_of=made_of, sha256="", size=0, findings=(finding,)), b"")

    def _made(self, result: Result, name: str, made_of: str) -> _Made:
        channel, context = self._request.channel, self._context
        data = context.store.get(result.object_key)
        image = context.decoders.decode(data, replace(context.limits, max_bytes=len(data)))
        done = render(image, channel, name=name, upscaler=context.upscaler, xmp=xmp_of(data))
        leaves_out = failed_rules(done.findings, channel) and not self._request.with_failed
        file = RecordedFile(
            made_of=made_of,
            sha256="" if leaves_out else hashlib.sha256(done.data).hexdigest(),
            size=len(done.data),
            width=done.width,
            height=done.height,
            quality=done.quality,
            notes=done.notes,
            findings=tuple(each for each in done.findings if each.verdict is not Verdict.PASSED),
        )
        return _Made(file, b"" if leaves_out else done.data)

    def _is_done(self, name: str, known: RecordedFile) -> bool:
        if not known.sha256:
            return not self._request.with_failed
        if failed_rules(known.findings, self._request.channel) and not self._request.with_failed:
            return False
        return self._files.holds(name, known.size, known.sha256)

    def written(self, made: list[tuple[Item, str, Future[_Made]]]) -> list[Exported]:
        return [self._written(item, name, making.result()) for item, name, making in made]

    def _written(self, item: Item, name: str, made: _Made) -> Exported:
        outcome = Outcome.WRITTEN if made.data else Outcome.UNCHANGED
        if not made.file.sha256:
            outcome = Outcome.LEFT_OUT
        if made.data:
            self._refuse_other(name, made.data)
            self._files.write(name, made.data, self._content_type)
        # A file that an earlier export wrote stays, and so does what is recorded of it.
        known = self._record.get(name)
        if outcome is not Outcome.LEFT_OUT or known is None or not known.sha256:
            self._record.put(name, made.file)
        return Exported(
            item_id=item.id,
            row_id=item.row_id,
            variant=item.variant,
            outcome=outcome,
            name=name,
            address="" if outcome is Outcome.LEFT_OUT else self._address(name),
            file=made.file,
        )

    def _refuse_other(self, name: str, data: bytes) -> None:
        if self._record.get(name) is None and self._files.read(name) not in (None, data):
            raise Conflict(
                f"{self._files.address(name)} is there and was not written by an export",
                code="export_taken",
                hint="give another folder, or move it away",
            )

    def _address(self, name: str) -> str:
        base = self._request.base_address
        return f"{base.rstrip('/')}/{quote(name)}" if base else self._files.address(name)

    def save(self) -> None:
        if self._record.changed:
            self._files.write(RECORD, self._record.encoded(), "application/json")
            self._record.changed = False


def _extension(channel: Channel) -> str:
    return EXTENSIONS[OutputFormat(channel.format)]
