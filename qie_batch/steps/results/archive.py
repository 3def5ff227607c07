"""What a job made as one ZIP file, in parts: never whole in memory or on disk."""

from __future__ import annotations

import io
import tempfile
import time
import zipfile
from contextlib import ExitStack, closing
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from qie_batch.errors import Rejected, no_room
from qie_batch.keys import job_key
from qie_batch.manifest.workbook.writing import SheetWriter
from qie_batch.steps.collect import WORKBOOKS, each_result
from qie_batch.steps.settle import ERRORS, REPORT, RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qie_batch.interfaces import Jobs, ObjectStore
    from qie_batch.model import Job, Result
    from qie_batch.steps.collect import TablePair

    #: Year, month, day, hour, minute, second.
    Moment = tuple[int, int, int, int, int, int]

#: Bytes of an entry in memory; a longer one is in a temporary file.
IN_MEMORY = 1 << 24
PART = 1 << 18


class _Image(NamedTuple):
    name: str
    data: bytes


def result_archive(
    job: Job,
    template: str,
    *,
    jobs: Jobs,
    store: ObjectStore,
    workbooks: bool = False,
    gates: Sequence[str] = (),
) -> Iterator[bytes]:
    """The images of succeeded items under names by the template, then results.csv, errors.csv and the report.

    With `workbooks`, the same two tables as results.xlsx and errors.xlsx, too. Works on a job that is still
    running: it has what there is so far. UsageError for a wrong template, before the first part.
    """

    def fetch(result: Result, name: str) -> _Image:
        return _Image(name, store.get(result.object_key))

    moment = time.gmtime(job.created_at)[:6]
    try:
        with ExitStack() as stack:
            tables = _Tables(stack, workbooks=workbooks)
            parts = stack.enter_context(closing(_Parts()))
            with zipfile.ZipFile(cast("IO[bytes]", parts), "w") as archive:
                images = each_result(job, template, tables.pairs, fetch, jobs=jobs, store=store, gates=gates)
                for image in images:
                    archive.writestr(_entry(image.name, moment), image.data)
                    yield from parts.taken()
                for name, file in tables.finished():
                    _write(archive, _entry(name, moment, zipfile.ZIP_DEFLATED), file)
                    yield from parts.taken()
                if report := _report(job, store):
                    archive.writestr(_entry(REPORT, moment, zipfile.ZIP_DEFLATED), report)
            yield from parts.taken()
    except OSError as error:
        raise no_room(error) from error


class _Tables:
    """The tables of a job, in temporary files."""

    def __init__(self, stack: ExitStack, *, workbooks: bool) -> None:
        self._files = {
            name: stack.enter_context(tempfile.TemporaryFile(prefix="qie-table-"))  # noqa: SIM115 - it is
            for name in ((RESULTS, ERRORS, *WORKBOOKS) if workbooks else (RESULTS, ERRORS))
        }
        texts = [
            io.TextIOWrapper(self._files[name], encoding="utf-8", newline="", write_through=True)
            for name in (RESULTS, ERRORS)
        ]
        for text in texts:
            stack.callback(text.detach)
        self._sheets = [SheetWriter(self._files[name], name[:-5]) for name in WORKBOOKS if workbooks]
        self.pairs: list[TablePair] = [(texts[0], texts[1])]
        if workbooks:
            self.pairs.append((self._sheets[0], self._sheets[1]))

    def finished(self) -> Iterator[tuple[str, IO[bytes]]]:
        for sheet in self._sheets:
            sheet.close()
        yield from self._files.items()


class _Parts:
    """A file that zipfile takes for seekable, as far as the present entry goes.

    So each entry's sizes stand before its bytes, as readers of a stream need them for what is not compressed.
    """

    def __init__(self) -> None:
        self._entry = tempfile.SpooledTemporaryFile(IN_MEMORY, prefix="qie-zip-")  # noqa: SIM115 - see close
        self._given = 0

    def close(self) -> None:
        self._entry.close()

    def write(self, data: bytes) -> int:
        return self._entry.write(data)

    def tell(self) -> int:
        return self._given + self._entry.tell()

    def seek(self, place: int) -> int:
        return self._given + self._entry.seek(place - self._given)

    def seekable(self) -> bool:
        return True

    def flush(self) -> None:
        """Nothing is written before `taken`."""

    def taken(self) -> Iterator[bytes]:
        """What was written since the last call."""
        self._given += self._entry.seek(0, 2)
        self._entry.seek(0)
        while part := self._entry.read(PART):
            yield part
        self._entry.seek(0)
        self._entry.truncate()


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: IO[bytes]) -> None:
    entry.file_size = file.seek(0, 2)  # decides whether the entry needs the fields of ZIP64
    file.seek(0)
    with archive.open(entry, "w") as target:
        copyfileobj(file, target)


def _entry(name: str, moment: Moment, how: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, moment)
    entry.compress_type = how
    entry.external_attr = 0o644 << 16
    return entry


def _report(job: Job, store: ObjectStore) -> bytes:
    """Empty before the job is settled."""
    try:
        return store.get(job_key(job.id, REPORT))
    except Rejected:
        return b""
