"""A file of edits, one a line, becomes a job; its results become two more files.

`add_batch` notes what is asked for, `enter_batches` (in `control`) reads the file and enters the job,
`batch_progress` says how far it is, and `outputs` makes the files of results when they are asked for.
"""

from __future__ import annotations

from qie_batch.steps.openai.batches.adding import add_batch, cancel_batch
from qie_batch.steps.openai.batches.entering import BatchContext, enter_batches
from qie_batch.steps.openai.batches.outputs import OutputContext, output_file, output_lines
from qie_batch.steps.openai.batches.progress import BatchProgress, batch_progress

__all__ = [
    "BatchContext",
    "BatchProgress",
    "OutputContext",
    "add_batch",
    "batch_progress",
    "cancel_batch",
    "enter_batches",
    "output_file",
    "output_lines",
]
