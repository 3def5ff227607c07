"""A manifest becomes objects in the store, and a job with its items in the ledger.

`prepare` makes one pass over a private copy of the manifest: rows are understood, their images checked once
each, items worked out, all of it into files, so that memory never grows with rows. `enter` uploads what the
store lacks, stores the rows beside the job and writes the ledger.
"""

from __future__ import annotations

from qie_batch.steps.submit.catalog import s3_address
from qie_batch.steps.submit.enter import enter, submit, submit_scheduled
from qie_batch.steps.submit.estimate import estimate
from qie_batch.steps.submit.prepare import Prepared, chosen_engine, new_job_id, prepare
from qie_batch.steps.submit.request import SubmitContext, SubmitRequest, Submitted, Survey

__all__ = [
    "Prepared",
    "SubmitContext",
    "SubmitRequest",
    "Submitted",
    "Survey",
    "chosen_engine",
    "enter",
    "estimate",
    "new_job_id",
    "prepare",
    "s3_address",
    "submit",
    "submit_scheduled",
]
