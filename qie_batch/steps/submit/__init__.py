"""A manifest becomes objects in the store, and a job with its items in the ledger.

In three looks at one private copy of the manifest, so that memory never grows with its rows: `check` reads
every picture once, `plan` tells which rows can be edited, `enter` uploads what the store lacks and writes the
ledger.
"""

from __future__ import annotations

from qie_batch.steps.submit.catalog import private_copy, read_catalog
from qie_batch.steps.submit.enter import enter, upload
from qie_batch.steps.submit.pictures import Pictures, picture_names
from qie_batch.steps.submit.plan import Order, Survey, job_id_now, planned, preset_named, survey
from qie_batch.steps.submit.sources import Sources

__all__ = [
    "Order",
    "Pictures",
    "Sources",
    "Survey",
    "enter",
    "job_id_now",
    "picture_names",
    "planned",
    "preset_named",
    "private_copy",
    "read_catalog",
    "survey",
    "upload",
]
