"""The rows of a job as submit understood them, for all that comes after it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from qie_batch.errors import Rejected
from qie_batch.keys import job_key
from qie_batch.manifest import open_manifest
from qie_batch.manifest.stored import StoredHeader, StoredRows, row_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedIOBase

    from qie_batch.interfaces import ObjectStore
    from qie_batch.model import BadRow, Item, Job, ManifestRow

ROWS = "rows.jsonl"
CONTENT_TYPE = "application/jsonl; charset=utf-8"


@contextmanager
def stored_rows(job: Job, store: ObjectStore) -> Iterator[StoredRows]:
    """The job's rows, in a temporary file.

    A job of 0.1.0 has none: its manifest is read again, once, and the rows are stored. The same is done where
    the rows are of another manifest, which a scheduled run that died before its job was entered may leave.
    """
    with tempfile.TemporaryFile(prefix="qie-rows-") as file:
        try:
            store.download(job_key(job.id, ROWS), file)
        except Rejected as error:
            if error.code != "object_missing":
                raise
            _rebuild(job, store, file)
        rows = StoredRows(file)
        if rows.header.manifest_key != job.manifest_key:
            _rebuild(job, store, file)
            rows = StoredRows(file)
        yield rows


def rows_with_items(
    rows: Iterable[ManifestRow | BadRow], items: Iterable[Item]
) -> Iterator[tuple[ManifestRow | BadRow, list[Item]]]:
    """Each row with its items, one a variant; both sides come in the manifest's order.

    A line of the manifest may be several rows, each with an id of its own.
    """
    by_row = groupby(items, key=lambda item: (item.line, item.row_id))
    for row, (_, variants) in zip(rows, by_row, strict=True):
        yield row, list(variants)


def _rebuild(job: Job, store: ObjectStore, file: BinaryIO) -> None:
    """Write the rows as the present parser understands the job's manifest, and store them."""
    file.seek(0)
    file.truncate()
    with tempfile.NamedTemporaryFile(suffix=Path(job.manifest_key).suffix, prefix="qie-manifest-") as copy:
        store.download(job.manifest_key, cast("BinaryIO", copy))
        copy.flush()
        # Jobs without stored rows were read with one image in a cell, whatever its name.
        manifest = open_manifest(
            Path(copy.name), job.order.reading, job.order.defaults, exists=lambda _: True
        )
        header = StoredHeader.of(manifest, folder=job.folder, manifest_key=job.manifest_key)
        file.write(header.line())
        file.writelines(row_line(row) for row in manifest.rows())
    store.put(job_key(job.id, ROWS), cast("BufferedIOBase", file), CONTENT_TYPE)
