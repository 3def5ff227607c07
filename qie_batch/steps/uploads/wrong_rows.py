"""The wrong rows of an upload as an errors.csv, before anything is submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.manifest import ErrorsWriter, Extras, RowOutcome
from qie_batch.manifest.stored import StoredRows
from qie_batch.model import BadRow, ItemState
from qie_batch.steps.submit import SubmitRequest, prepare
from qie_batch.steps.uploads import address_of, catalog_of, find

if TYPE_CHECKING:
    from typing import TextIO

    from qie_batch.steps.uploads.submitting import SubmissionContext, SubmissionRequest


def write_wrong_rows(request: SubmissionRequest, context: SubmissionContext, stream: TextIO) -> int:
    """Check the upload of the request, and write each row that cannot be edited; says how many.

    The stream is text with newline="". NotFound without the upload; UsageError for one without a catalog.
    """
    store = context.taking.store
    upload = find(store, request.order.owner, request.upload_id)
    address = address_of(upload, catalog_of(upload, request.catalog), store)
    submit = SubmitRequest(address=address, order=request.order, skip_bad_rows=True, confined=True)
    written = 0
    with prepare(submit, context.submit) as prepared, prepared.rows.reader() as file:
        rows = StoredRows(file)
        of = rows.header
        image = of.columns.get("image", "")
        extras = Extras(names=of.names, own=of.own, image=image, words=of.words)
        errors = ErrorsWriter(stream, of.header, of.folder, extras)
        for row in rows:
            if isinstance(row, BadRow):
                outcome = RowOutcome(status=ItemState.FAILED, error_code=row.code, error=row.reason)
                errors.write(row.cells, outcome)
                written += 1
    return written
