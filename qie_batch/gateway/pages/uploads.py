"""From files to a job: sent, checked, and submitted once a person has seen what it will cost."""

from __future__ import annotations

import io
import secrets
import tempfile
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse

from qie_batch import wiring
from qie_batch.errors import UsageError
from qie_batch.gateway.access.sessions import check_form_token
from qie_batch.gateway.jobs.submitting import Body
from qie_batch.gateway.pages.options import Options, column_choices, order_of
from qie_batch.gateway.pages.routing import Reading, Sending, Visit, Writing, page_router, see_other
from qie_batch.gateway.problems import status_of
from qie_batch.model import InvalidManifest
from qie_batch.steps.uploads import candidates, find, take
from qie_batch.steps.uploads.submitting import SubmissionRequest, submit_from_outside
from qie_batch.steps.uploads.wrong_rows import write_wrong_rows
from qie_batch.tracing import traceparent_of
from qie_batch.views import estimate_view

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from qie_batch.steps.uploads.submitting import SubmissionContext

router = page_router()

_PART = 1 << 18


class Confirmed(Options):
    """The same, once a person has seen what they come to."""

    #: A new text of each check.
    job: str = ""
    skip_bad_rows: str = ""


def _schedule_query(upload_id: str, options: Options) -> str:
    given = {name: text for name, text in options.given().items() if name not in ("name", "priority")}
    return urlencode({"upload": upload_id, **given}, doseq=True)


@router.post("/uploads")
def send(visit: Sending, body: Body) -> Response:
    """Keep the files for a day, and go on to their check."""
    check_form_token(dict(body.fields).get("form", ""), visit.session)
    if not body.files:
        raise UsageError(
            "no file was sent", code="submission_empty", hint="choose a catalog and its pictures"
        )
    tenant = visit.subject.tenant
    upload = take(body.files, tenant, wiring.take_context(visit.context.settings, visit.ledger))
    address = f"/uploads/{upload.id}"
    if "application/json" in visit.request.headers.get("accept", ""):
        # A script would follow the redirect itself, and check everything once more than needed.
        return JSONResponse({"address": address}, 201)
    return see_other(address)


@router.get("/uploads/{upload_id}")
def check(visit: Reading, upload_id: str, options: Annotated[Options, Query()]) -> Response:
    """What the files are understood to mean, each wrong row, and what the edits will cost."""
    upload = find(visit.context.store, visit.subject.tenant, upload_id)
    catalogs = candidates(upload)
    shown: dict[str, Any] = {
        "upload": upload_id,
        "catalogs": catalogs,
        "order": options.model_dump(),
        "given": options.given(),
        "query": urlencode(options.given(), doseq=True),
        "name": options.name or options.catalog or (catalogs[0] if len(catalogs) == 1 else upload_id),
        "job": secrets.token_hex(12),
        "refused": None,
        "missing": (),
        "understood": None,
        "schedule_query": _schedule_query(upload_id, options),
    }
    try:
        request = SubmissionRequest(
            order=order_of(options, visit.subject.tenant),
            upload_id=upload_id,
            catalog=options.catalog,
            dry_run=True,
        )
        with visit.context.submitting.one():
            found = submit_from_outside(request, _context(visit))
    except UsageError as error:
        return _refused(error, options, visit, shown)
    return visit.show(
        "check",
        columns=column_choices(found.understood.headers, found.understood.columns, options.mapping),
        plan=estimate_view(found.estimate),
        engine_reason=found.engine_reason,
        unused=found.unused,
        by_name=found.by_name,
        **{**shown, "understood": found.understood},
    )


def _refused(error: UsageError, options: Options, visit: Visit, shown: dict[str, Any]) -> Response:
    """With the columns to choose from, where the file has some."""
    values = {**shown, "refused": visit.language.error(error), "columns": ()}
    if isinstance(error, InvalidManifest) and error.headers:
        values["missing"] = error.missing
        values["columns"] = column_choices(error.headers, {}, options.mapping)
    return visit.show("check", status=status_of(error), **values)


@router.post("/uploads/{upload_id}/submit")
def submit(
    visit: Writing,
    upload_id: str,
    options: Annotated[Confirmed, Form()],
) -> Response:
    """A button that is pressed twice makes one job."""
    request = SubmissionRequest(
        order=order_of(options, visit.subject.tenant),
        upload_id=upload_id,
        catalog=options.catalog,
        skip_bad_rows=bool(options.skip_bad_rows),
        idempotency_key=f"page/{options.job}" if options.job else "",
        request_id=visit.request.scope.get("request_id", ""),
        traceparent=traceparent_of(visit.request.headers),
    )
    with visit.context.submitting.one():
        found = submit_from_outside(request, _context(visit))
    return see_other(f"/jobs/{found.job_id}")


@router.get("/uploads/{upload_id}/errors.csv")
def errors(visit: Reading, upload_id: str, options: Annotated[Options, Query()]) -> Response:
    """The wrong rows, to be mended and dropped again."""
    request = SubmissionRequest(
        order=order_of(options, visit.subject.tenant), upload_id=upload_id, catalog=options.catalog
    )
    file = tempfile.TemporaryFile(prefix="qie-errors-")  # noqa: SIM115 - closed once it is sent
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    with visit.context.submitting.one():
        write_wrong_rows(request, _context(visit), text)
    text.detach()
    headers = {"Content-Disposition": 'attachment; filename="errors.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(_parts(file), media_type="text/csv; charset=utf-8", headers=headers)


def _context(visit: Visit) -> SubmissionContext:
    return wiring.submission_context(visit.context.settings, visit.ledger, visit.subject.tenant)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while part := file.read(_PART):
            yield part
