"""The Celery application of a worker process; `qie-batch worker` starts it with the right flags."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from celery import signals
from celery.worker.control import inspect_command

from qie_batch import wiring
from qie_batch.queues.celery import DESCRIBE_COMMAND, EDIT_TASK
from qie_batch.settings import Settings
from workers.process import WorkerProcess

settings = Settings()
app = wiring.celery(settings)
process = WorkerProcess(settings)

signals.after_setup_logger.connect(process.on_logger_setup, weak=False)
signals.worker_init.connect(process.on_init, weak=False)
signals.worker_shutting_down.connect(process.on_shutting_down, weak=False)
signals.worker_shutdown.connect(process.on_shutdown, weak=False)
signals.task_failure.connect(process.on_task_failure, weak=False)


@inspect_command(name=DESCRIBE_COMMAND)  # type: ignore[untyped-decorator]
def describe(_state: Any) -> dict[str, Any]:
    return asdict(process.description)


@app.task(name=EDIT_TASK)  # type: ignore[untyped-decorator]
def edit(item_id: str) -> None:
    process.edit(item_id)
