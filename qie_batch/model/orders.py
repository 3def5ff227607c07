"""What a job asks for besides its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qie_batch.model.states import Priority

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrder:
    """The options of a job. Empty strings leave the choice to the defaults."""

    #: Name of the job for people; the manifest's file name unless given.
    name: str = ""
    engine: str = ""
    preset: str = ""
    priority: Priority = Priority.NORMAL
    #: Spending at which the job pauses, None for no limit.
    budget_micros: int | None = None
    #: Header name for each column that the user mapped by hand.
    mapping: Mapping[str, str] = field(default_factory=dict)
    #: Default for rows without an instruction.
    instruction: str = ""
    #: The person or program that submitted the job, "" if not given.
    owner: str = ""
