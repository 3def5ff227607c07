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
    edits: tuple[RunningEditView, ...]


def worker_view(worker: WorkerState) -> WorkerView:
    return WorkerView(
        worker=worker.name,
        engine=worker.engine,
        device=worker.device,
        answers=worker.answers,
        uptime_seconds=worker.seconds,
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
