from collections.abc import Mapping
from dataclasses import dataclass

from qie_batch.model import WorkerState
from qie_batch.views.amounts import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningEditView:
    #: Empty where the job is another tenant's.
    job: str
    item: str
    row_id: str
    attempt: int
    step: int
    #: None where the preset decides.
    steps: int | None
    seconds: Seconds
    device_seconds: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView:
    """A worker process and its edits; one without edits is idle."""

    worker: str
    engine: str
    device: str
    #: None if the process could not be asked.
    answers: bool | None
    uptime_seconds: Seconds | None
    #: Until the process was ready, and of these in each phase; None and empty if that is not known.
    start_seconds: Seconds | None
    start_phases: Mapping[str, Seconds]
    edits: tuple[RunningEditView, ...]


def worker_view(worker: WorkerState) -> WorkerView:
    return WorkerView(
        worker=worker.name,
        engine=worker.engine,
        device=worker.device,
        answers=worker.answers,
        uptime_seconds=worker.seconds,
        start_seconds=worker.start.seconds if worker.start else None,
        start_phases=worker.start.phases if worker.start else {},
        edits=tuple(
            RunningEditView(
                job=edit.job_id,
                item=edit.item_id,
                row_id=edit.row_id,
                attempt=edit.attempt,
                step=edit.step,
                steps=edit.steps,
                seconds=edit.seconds,
                device_seconds=edit.device_seconds,
            )
            for edit in worker.edits
        ),
    )
