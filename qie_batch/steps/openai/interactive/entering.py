"""One edit becomes a job of its own, or is found to be one already."""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from qie_batch.errors import QueueUnavailable, Unavailable
from qie_batch.model import UNLOOKED, InvalidManifest, JobOrder, Priority, RowDefaults
from qie_batch.steps.dispatch import dispatch_interactive
from qie_batch.steps.first_request import first_request, key_of
from qie_batch.steps.known_engines import model_named
from qie_batch.steps.openai.body_manifest import READING, BodyManifest
from qie_batch.steps.openai.edit_body import WrongParameter, check_images, parameter_of
from qie_batch.steps.openai.interactive.request import EnteredEdit
from qie_batch.steps.openai.interactive.waiting import ended_in_vain
from qie_batch.steps.submit import SubmitRequest, submit

if TYPE_CHECKING:
    from qie_batch.steps.first_request import FirstRequest
    from qie_batch.steps.openai.edit_body import EditBody
    from qie_batch.steps.openai.interactive.request import InteractiveContext, InteractiveEdit

log = logging.getLogger(__name__)

#: Equal requests within this time are one edit.
SAME_SECONDS = 600.0


def enter(edit: InteractiveEdit, context: InteractiveContext) -> EnteredEdit:
    """Enter the edit, or find the same one; the client is counted as waiting until `leave`.

    WrongParameter says what cannot be edited; UsageError that the idempotency key stands for another edit.
    """
    check_images(edit.body)
    engines = context.submitting.engines
    engine = engines.choose(model_named(edit.body.model, engines)).info.name
    while True:
        known, is_new = _known(edit, context)
        try:
            items = () if is_new else tuple(context.jobs.items(known.job_id))
            # None also after a process that ended before its job was in the ledger: then it is entered here.
            results = len(items) or _submit(edit, engine, known.job_id, context)
        except Unavailable:
            # The ledger may have the job: the next request finds it.
            context.requests.wait(known.job_id, -1)
            raise
        except BaseException:
            context.requests.forget(known.key, known.job_id)
            raise
        if ended_in_vain(items):
            context.requests.forget(known.key, known.job_id)
            continue
        if not items:
            _dispatch(engine, context)
        return EnteredEdit(job_id=known.job_id, key=known.key, results=results)


def _known(edit: InteractiveEdit, context: InteractiveContext) -> FirstRequest:
    """The request as first sent, which this client is counted as waiting for."""
    fingerprint = _fingerprint(edit.body)
    # Keys of clients and those made of contents never meet.
    key = key_of("edit", edit.idempotency_key) if edit.idempotency_key else f"same:{fingerprint}"
    return first_request(key, fingerprint, context.requests, SAME_SECONDS, waiting=1)


def _submit(edit: InteractiveEdit, engine: str, job_id: str, context: InteractiveContext) -> int:
    """The number of items."""
    order = JobOrder(
        name="edit",
        engine=engine,
        priority=Priority.INTERACTIVE,
        reading=READING,
        defaults=RowDefaults(quality=edit.body.quality, checks=UNLOOKED),
        owner=edit.owner,
    )
    with tempfile.TemporaryDirectory(prefix="qie-edit-") as folder:
        # The id decides the seed where none is given: another one for each edit.
        with BodyManifest(Path(folder), "edit") as manifest:
            manifest.add(job_id, edit.body)
        request = SubmitRequest(
            address=str(manifest.path),
            order=order,
            job_id=job_id,
            confined=True,
            request_id=edit.request_id,
            traceparent=edit.traceparent,
        )
        try:
            return submit(request, context.submitting).survey.items
        except InvalidManifest as error:
            if not error.bad_rows:
                raise
            bad = error.bad_rows[0]
            raise WrongParameter(bad.reason, code=bad.code, subject=parameter_of(bad.column)) from error


def _dispatch(engine: str, context: InteractiveContext) -> None:
    """Without waiting for the next round of `control`, which does it where the broker does not answer now."""
    try:
        dispatch_interactive(engine, context.dispatching)
    except QueueUnavailable as error:
        log.warning("%s", error.message)


def _fingerprint(body: EditBody) -> str:
    """sha256 of everything that is asked for."""
    asked = [
        body.model,
        sorted(body.cells.items()),
        body.quality,
        body.links,
        [image if isinstance(image, str) else hashlib.sha256(image).hexdigest() for image in body.images],
    ]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()
