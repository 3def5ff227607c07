"""One edit that a client waits for: a job of a few items, ahead of those of catalogs.

`enter` makes the job or finds it; `finished` is asked until it gives the items, `answer` makes the results of
them, and `leave` is called however that ended.
"""

from __future__ import annotations

from qie_batch.steps.openai.interactive.entering import enter
from qie_batch.steps.openai.interactive.request import (
    EditAnswer,
    EditFailed,
    EnteredEdit,
    InteractiveContext,
    InteractiveEdit,
)
from qie_batch.steps.openai.interactive.waiting import answer, finished, leave, pauses, still_going

__all__ = [
    "EditAnswer",
    "EditFailed",
    "EnteredEdit",
    "InteractiveContext",
    "InteractiveEdit",
    "answer",
    "enter",
    "finished",
    "leave",
    "pauses",
    "still_going",
]
