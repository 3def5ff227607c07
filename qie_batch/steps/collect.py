"""A job's results come down into a folder, under names that people know."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import tempfile
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from qie_batch.errors import Rejected, Unavailable, UsageError
from qie_batch.keys import job_key
from qie_batch.manifest.workbook.writing import SheetWriter
from qie_batch.model import ItemState
from qie_batch.steps.result_names import ResultNames
from qie_batch.steps.settle import ERRORS, REPORT, RESULTS, Tables
from qie_batch.steps.stored_rows import rows_with_items, stored_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from typing import BinaryIO, TextIO

    from qie_batch.interfaces import Jobs, ObjectStore
    from qie_batch.manifest import RowWriter
    from qie_batch.model import Job, Result

    #: Results and errors.
    TablePair = tuple[TextIO | RowWriter, TextIO | RowWriter]

_Fetched = TypeVar("_Fetched")

AT_A_TIME = 8
WORKBOOKS = ("results.xlsx", "errors.xlsx")


class Collected(NamedTuple):
    path: Path
    #: False for a file that was there already, byte for byte.
    is_new: bool


def collect(
    job: Job,
    folder: Path,
    template: str,
    *,
    jobs: Jobs,
    store: ObjectStore,
    workbooks: bool = False,
    gates: Sequence[str] = (),
) -> Iterator[Collected]:
    """Download what succeeded and is not there, yielding each file; write results.csv and errors.csv anew.

    With `workbooks`, the same two tables are written as results.xlsx and errors.xlsx, too.

    Works on a job that is still running too: it brings what there is so far. UsageError if the folder
    cannot be written, Unavailable if its disk is full.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            tables: list[TablePair] = [_entered(stack, _table, folder, (RESULTS, ERRORS))]
            if workbooks:
                tables.append(_entered(stack, _sheet, folder, WORKBOOKS))

            def fetch(result: Result, name: str) -> Collected:
                return _fetch(store, result, folder / name)

            yield from each_result(job, template, tables, fetch, jobs=jobs, store=store, gates=gates)
        with suppress(Rejected):  # there is none before the job is settled
            (folder / REPORT).write_bytes(store.get(job_key(job.id, REPORT)))


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Whatever the disk refuses becomes one sentence; store and ledger speak for themselves."""
    try:
        yield
    except OSError as error:
        problem = f"{error.filename2 or error.filename or folder} cannot be written: {error.strerror}"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable(problem, code="disk_full", hint="make room and run it again") from error
        raise UsageError(problem, code="folder_unwritable", hint="give another folder") from error


def each_result(
    job: Job,
    template: str,
    tables: Sequence[TablePair],
    fetch: Callable[[Result, str], _Fetched],
    *,
    jobs: Jobs,
    store: ObjectStore,
    gates: Sequence[str] = (),
) -> Iterator[_Fetched]:
    """What `fetch` makes of each result and its file name, several at a time; writes the tables meanwhile.

    One pass over rows and items. UsageError for a template that names no file.
    """
    with (
        ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="collect") as pool,
        stored_rows(job, store) as rows,
        closing(ResultNames(template, rows.header, (RESULTS, ERRORS, REPORT, *WORKBOOKS))) as result_names,
    ):
        coming: deque[Future[_Fetched]] = deque()
        written = [Tables(rows, *pair, gates=gates) for pair in tables]
        for row, items in rows_with_items(rows, jobs.items(job.id)):
            # Failed items take their names too, so that names are the same at every download.
            names = result_names.of_row(row, items)
            for table in written:
                table.write(row, items, lambda item, names=names: names[item.id])  # type: ignore[misc]
            for item in items:
                if item.result and item.state is ItemState.SUCCEEDED:
                    coming.append(pool.submit(fetch, item.result, names[item.id]))
            while len(coming) >= AT_A_TIME * 2:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _entered(
    stack: ExitStack,
    opened: Callable[[Path], AbstractContextManager[TextIO | RowWriter]],
    folder: Path,
    names: tuple[str, str],
) -> TablePair:
    results, errors = (stack.enter_context(opened(folder / name)) for name in names)
    return results, errors


@contextmanager
def _table(path: Path) -> Iterator[TextIO]:
    with replaced(path) as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
        yield text


@contextmanager
def _sheet(path: Path) -> Iterator[RowWriter]:
    with replaced(path) as file, closing(SheetWriter(file, path.stem)) as sheet:
        yield sheet


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A temporary file that is renamed to the path once it is written, so that no file is partial."""
    with ExitStack() as stack:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".qie-")
        part = Path(name)
        stack.callback(part.unlink, missing_ok=True)
        with os.fdopen(handle, "wb") as file:
            yield file
        part.chmod(0o644)
        part.replace(path)


def _fetch(store: ObjectStore, result: Result, path: Path) -> Collected:
    if _is_there(result, path):
        return Collected(path, is_new=False)
    return Collected(_download(store, result.object_key, path), is_new=True)


def _is_there(result: Result, path: Path) -> bool:
    try:
        if not path.is_file() or path.stat().st_size != result.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == result.sha256
    except OSError:  # which the download will meet too, and name
        return False


def _download(store: ObjectStore, key: str, path: Path) -> Path:
    data = store.get(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced(path) as file:
        file.write(data)
    return path
