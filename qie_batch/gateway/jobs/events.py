"""The progress of a job as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from qie_batch import views
from qie_batch.errors import QieError
from qie_batch.gateway.access import JobsReader
from qie_batch.gateway.context import Context, GatewayContext
from qie_batch.gateway.jobs.reading import JobId, progress_of
from qie_batch.model import JobState, Progress

router = APIRouter(prefix="/api/jobs", tags=["jobs"])

#: Between two looks at the job, and at whether the process is to end.
SECONDS, STOP_SECONDS = 1.0, 0.25


def progress_now(job_id: JobId, subject: JobsReader, context: Context) -> Progress:
    """Read before the answer begins, so that an unknown job is a problem."""
    return progress_of(job_id, subject, context)


@router.get("/{job_id}/events", response_class=EventSourceResponse)
async def events(
    request: Request,
    subject: JobsReader,
    context: Context,
    progress: Annotated[Progress, Depends(progress_now)],
) -> AsyncIterator[ServerSentEvent]:
    """Events `progress` with the job whenever it changes; the last one is of a closed job."""
    last, job_id = None, progress.job.id
    while True:
        view = views.job_view(progress)
        timeless = replace(view, wall_seconds=0.0, remaining_seconds=None, edits_last_minute=0)
        if timeless != last:
            yield ServerSentEvent(event="progress", data=views.dumped(view))
        last = timeless
        if view.state is JobState.CLOSED or await _is_over(request, context):
            return
        try:
            progress = await to_thread.run_sync(progress_of, job_id, subject, context)
        except QieError as error:
            yield ServerSentEvent(event="problem", data={"code": error.code, "detail": error.message})
            return


async def _is_over(request: Request, context: GatewayContext) -> bool:
    """Wait for the next look; True once the client is gone or this process is to end."""
    for _ in range(round(SECONDS / STOP_SECONDS)):
        if context.stopping.is_set() or await request.is_disconnected():
            return True
        await asyncio.sleep(STOP_SECONDS)
    return False
