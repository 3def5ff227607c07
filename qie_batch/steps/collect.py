"""A job's results come down into a folder, under names that people know."""

from __future__ import annotations

import errno
import os
import tempfile
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected, Unavailable, UsageError
from qie_batch.keys import job_key
from qie_batch.model import OutputFormat
from qie_batch.naming import UniqueNames, file_name
from qie_batch.steps.settle import (
    ERRORS,
    REPORT,
    RESULTS,
    rows_with_items,
    stored_manifest,
    write_tables,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.interfaces import Jobs, ObjectStore
    from qie_batch.model import Item, Job

AT_A_TIME = 8

EXTENSIONS = {OutputFormat.PNG: "png", OutputFormat.JPEG: "jpg", OutputFormat.WEBP: "webp"}


def collect(job: Job, folder: Path, template: str, *, jobs: Jobs, store: ObjectStore) -> Iterator[Path]:
    """Download what succeeded, yielding each file; then write results.csv and errors.csv beside them.

    Works on a job that is still running too: it brings what there is so far. UsageError if the folder
    cannot be written, Unavailable if its disk is full.
    """
    with _writing(folder), ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="collect") as pool:
        folder.mkdir(parents=True, exist_ok=True)
        coming: deque[Future[Path]] = deque()
        for item, name in _named(job, template, jobs, store):
            if item.result is None:
                continue
            coming.append(pool.submit(_download, store, item.result.object_key, folder / name))
            if len(coming) >= AT_A_TIME * 2:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
        _write_tables(job, folder, template, jobs, store)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Whatever the disk refuses becomes one sentence; store and ledger speak for themselves."""
    try:
        yield
    except OSError as error:
        problem = f"{error.filename2 or error.filename or folder} cannot be written: {error.strerror}"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable(problem, code="disk_full", hint="make room and run it again") from error
        raise UsageError(problem, code="folder_unwritable", hint="give another folder") from error


def _named(job: Job, template: str, jobs: Jobs, store: ObjectStore) -> Iterator[tuple[Item, str]]:
    """Every item with its file name, the same at every download: failed items take their names too."""
    names = UniqueNames(reserved=(RESULTS, ERRORS, REPORT))
    with stored_manifest(job, store) as manifest:
        blank = dict.fromkeys(manifest.header, "")
        for row, items in rows_with_items(manifest, jobs.items(job.id)):
            for item in items:
                output = item.spec.params.output if item.spec else OutputFormat.PNG
                name = file_name(
                    template,
                    row_id=item.row_id,
                    variant=item.variant,
                    fields=blank | dict(row.cells),
                    extension=EXTENSIONS[output],
                )
                yield item, names.give(name, row_id=item.row_id, variant=item.variant)


def _write_tables(job: Job, folder: Path, template: str, jobs: Jobs, store: ObjectStore) -> None:
    names = (name for _, name in _named(job, template, jobs, store))
    with (
        stored_manifest(job, store) as manifest,
        (folder / RESULTS).open("w", encoding="utf-8", newline="") as results,
        (folder / ERRORS).open("w", encoding="utf-8", newline="") as errors,
    ):
        write_tables(job, manifest, jobs, results, errors, names)
    with suppress(Rejected):  # there is none before the job is settled
        (folder / REPORT).write_bytes(store.get(job_key(job.id, REPORT)))


def _download(store: ObjectStore, key: str, path: Path) -> Path:
    """Whole or not at all: a name never holds half a picture."""
    data = store.get(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".qie-")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        part.chmod(0o644)
        return part.replace(path)
    finally:
        part.unlink(missing_ok=True)
