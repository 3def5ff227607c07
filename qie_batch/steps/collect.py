"""A job's results come down into a folder, under names that people know."""

from __future__ import annotations

import os
import tempfile
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch.errors import Rejected
from qie_batch.model import OutputFormat
from qie_batch.naming import UniqueNames, file_name
from qie_batch.steps.settle import (
    ERRORS,
    REPORT,
    RESULTS,
    report_key,
    rows_with_items,
    stored_manifest,
    write_tables,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.interfaces import Ledger, ObjectStore
    from qie_batch.model import Item, Job

AT_A_TIME = 8

EXTENSIONS = {OutputFormat.PNG: "png", OutputFormat.JPEG: "jpg", OutputFormat.WEBP: "webp"}


def collect(job: Job, folder: Path, template: str, *, ledger: Ledger, store: ObjectStore) -> Iterator[Path]:
    """Download what succeeded, yielding each file; then write results.csv and errors.csv beside them.

    Works on a job that is still running too: it brings what there is so far.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="collect") as pool:
        coming: deque[Future[Path]] = deque()
        for item, name in _named(job, template, ledger, store):
            if item.result is None:
                continue
            coming.append(pool.submit(_download, store, item.result.object_key, folder / name))
            if len(coming) >= AT_A_TIME * 2:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    _write_tables(job, folder, template, ledger, store)


def _named(job: Job, template: str, ledger: Ledger, store: ObjectStore) -> Iterator[tuple[Item, str]]:
    """Every item with its file name, the same at every download: failed items take their names too."""
    names = UniqueNames()
    with stored_manifest(job, store) as manifest:
        blank = dict.fromkeys(manifest.header, "")
        for row, items in rows_with_items(manifest, ledger.items(job.id)):
            for item in items:
                output = item.spec.output if item.spec else OutputFormat.PNG
                name = file_name(
                    template,
                    row_id=item.row_id,
                    variant=item.variant,
                    fields=blank | dict(row.cells),
                    extension=EXTENSIONS[output],
                )
                yield item, names.give(name, row_id=item.row_id, variant=item.variant)


def _write_tables(job: Job, folder: Path, template: str, ledger: Ledger, store: ObjectStore) -> None:
    names = (name for _, name in _named(job, template, ledger, store))
    with (
        stored_manifest(job, store) as manifest,
        (folder / RESULTS).open("w", encoding="utf-8", newline="") as results,
        (folder / ERRORS).open("w", encoding="utf-8", newline="") as errors,
    ):
        write_tables(job, manifest, ledger, results, errors, names)
    with suppress(Rejected):  # there is none before the job is settled
        (folder / REPORT).write_bytes(store.get(report_key(job.id, REPORT)))


def _download(store: ObjectStore, key: str, path: Path) -> Path:
    """Whole or not at all: a name never holds half a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".qie-")
    with os.fdopen(handle, "wb") as file:
        file.write(store.get(key))
    Path(part).chmod(0o644)
    return Path(part).replace(path)
