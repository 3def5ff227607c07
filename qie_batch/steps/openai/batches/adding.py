"""A batch is asked for, or no longer."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from qie_batch.model import Batch, BatchState
from qie_batch.steps.openai.edit_body import WrongParameter
from qie_batch.steps.openai.files import BATCH
from qie_batch.steps.submit import new_job_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.interfaces import Batches, Files, Jobs

#: Characters of a name and of a value.
LONGEST_NAME, LONGEST_VALUE = 64, 512


def add_batch(
    file_id: str, metadata: Mapping[str, str], owner: str, *, files: Files, batches: Batches
) -> Batch:
    """NotFound for a file that the tenant has not; WrongParameter for one of another purpose."""
    file = files.get(file_id)
    if file.purpose != BATCH:
        sentence = f"file {file_id} has purpose {file.purpose}: upload it with purpose {BATCH}"
        raise WrongParameter(sentence, code="invalid_purpose", subject="input_file_id")
    if any(len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE for name, value in metadata.items()):
        sentence = (
            f"metadata has names of up to {LONGEST_NAME} characters and values of up to {LONGEST_VALUE}"
        )
        raise WrongParameter(sentence, subject="metadata")
    batch_id = f"batch_{secrets.token_hex(12)}"
    return batches.add(
        Batch(id=batch_id, owner=owner, file_id=file_id, job_id=new_job_id(), metadata=dict(metadata))
    )


def cancel_batch(batch_id: str, *, batches: Batches, jobs: Jobs) -> Batch:
    """What is done stays done; a batch that has ended is as it was. NotFound where there is none.

    `control` cancels the job of one whose file is being read.
    """
    batches.cancel(batch_id)
    batch = batches.get(batch_id)
    if batch.state is BatchState.ENTERED:
        jobs.cancel(batch.job_id)
    return batch
