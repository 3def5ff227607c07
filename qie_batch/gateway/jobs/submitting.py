"""Files and rows become jobs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from qie_batch import views, wiring
from qie_batch.gateway.access import JobsReader, JobsWriter
from qie_batch.gateway.context import Context
from qie_batch.gateway.jobs.options import JobOptions, JobRows
from qie_batch.gateway.jobs.sending import Sent, sent
from qie_batch.steps import uploads
from qie_batch.steps.uploads import Upload
from qie_batch.steps.uploads.submitting import Submission, SubmissionRequest, submit_from_outside
from qie_batch.tracing import traceparent_of

router = APIRouter(prefix="/api", tags=["jobs"])

Body = Annotated[Sent, Depends(sent)]

_FILES: dict[str, Any] = {
    "type": "array",
    "items": {"type": "string", "format": "binary"},
    "description": "A catalog with its pictures, or ZIP files of them; any name of the field will do.",
}
_UPLOAD = {"type": "object", "properties": {"files": _FILES}, "required": ["files"]}


def _form(schema: dict[str, Any]) -> dict[str, Any]:
    """A job's options as fields of a form, with files."""
    properties = {
        **schema["properties"],
        "files": _FILES,
        "map": {"type": "array", "items": {"type": "string"}, "description": "column=header"},
    }
    return {**schema, "title": "JobForm", "properties": properties}


def _bodies(**schemas: dict[str, Any]) -> dict[str, Any]:
    types = {"form": "multipart/form-data", "json": "application/json"}
    content = {types[name]: {"schema": schema} for name, schema in schemas.items()}
    return {"requestBody": {"required": True, "content": content}}


_SUBMIT = _bodies(json=JobRows.model_json_schema(), form=_form(JobOptions.model_json_schema()))


@router.post("/uploads", status_code=201, openapi_extra=_bodies(form=_UPLOAD))
def upload(subject: JobsWriter, context: Context, body: Body) -> views.UploadView:
    """Send a catalog and its images, or ZIP files of them, for later requests of a day."""
    taking = wiring.take_context(context.settings, subject.ledger(context))
    return upload_view(uploads.take(body.files, subject.tenant, taking))


@router.get("/uploads/{upload_id}", name="get_upload")
def uploaded(upload_id: str, subject: JobsReader, context: Context) -> views.UploadView:
    """What was sent."""
    return upload_view(uploads.find(context.store, subject.tenant, upload_id))


@router.delete("/uploads/{upload_id}", status_code=204, name="delete_upload")
def discard(upload_id: str, subject: JobsWriter, context: Context) -> None:
    """Delete what was sent; jobs that were made of it stay."""
    uploads.remove(uploads.find(context.store, subject.tenant, upload_id), context.store)


@router.post(
    "/jobs",
    status_code=201,
    openapi_extra=_SUBMIT,
    responses={200: {"model": views.SubmissionView, "description": "Nothing new was entered"}},
)
def submit(
    request: Request,
    response: Response,
    subject: JobsWriter,
    context: Context,
    body: Body,
    dry_run: Annotated[bool, Query(description="Say what would happen, enter nothing.")] = False,  # noqa: FBT002 - a field
    idempotency_key: Annotated[str, Header(max_length=255)] = "",
) -> views.SubmissionView:
    """Check a catalog and enter it as a job."""
    options = JobRows.of(body) if body.json is not None else JobOptions.of(body)
    asked = SubmissionRequest(
        order=options.order(subject.tenant),
        files=body.files,
        upload_id=options.upload,
        rows=options.rows if isinstance(options, JobRows) else (),
        catalog=options.catalog,
        skip_bad_rows=options.skip_bad_rows,
        dry_run=dry_run,
        idempotency_key=idempotency_key,
        request_id=request.scope.get("request_id", ""),
        traceparent=traceparent_of(request.headers),
    )
    with context.submitting.one():
        found = submit_from_outside(
            asked, wiring.submission_context(context.settings, subject.ledger(context), subject.tenant)
        )
    if found.job_id:
        response.headers["Location"] = f"/api/jobs/{found.job_id}"
    if not found.new:
        response.status_code = 200
    return submission_view(found)


def upload_view(upload: Upload) -> views.UploadView:
    return views.UploadView(
        upload=upload.id,
        expires_at=upload.created_at + uploads.KEPT_SECONDS,
        files=len(upload.files),
        size=upload.size,
        ignored=upload.ignored,
        catalogs=tuple(uploads.candidates(upload)),
    )


def submission_view(found: Submission) -> views.SubmissionView:
    return views.SubmissionView(
        job=found.job_id,
        upload=found.upload_id,
        engine_reason=found.engine_reason,
        unused=found.unused,
        estimate=views.estimate_view(found.estimate),
        understood=found.understood,
        by_name=found.by_name,
    )
