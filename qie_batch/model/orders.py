"""What a job asks for besides its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qie_batch.model.checks import NO_CHECKS, Checks
from qie_batch.model.edits import OutputFormat
from qie_batch.model.states import Priority

if TYPE_CHECKING:
    from collections.abc import Mapping


#: As `JobOrder.final_preset`, before the engine is known: its first preset.
FIRST_PRESET = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """How a manifest is to be read, where its own form does not say it."""

    #: Header name for each column that the user mapped by hand; "" for a column that no header means.
    mapping: Mapping[str, str] = field(default_factory=dict)
    #: Name of the text encoding, "" to detect the encoding.
    encoding: str = ""
    #: Name of the sheet of a workbook, "" for the first.
    sheet: str = ""
    #: 1-based line that names the columns, None to find the line.
    header_line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDefaults:
    """What a row gets that does not choose itself. `None` and "" leave the choice to the preset."""

    instruction: str = ""
    negative: str = ""
    #: Name of a LoRA of the user's own, "" for none.
    lora: str = ""
    #: Width and height of the result in pixels.
    size: tuple[int, int] | None = None
    steps: int | None = None
    cfg: float | None = None
    seed: int | None = None
    variants: int = 1
    output: OutputFormat = OutputFormat.AUTO
    #: Of JPEG and WebP, 1 to 100.
    quality: int | None = None
    keep_alpha: bool = False
    strip_metadata: bool = False
    #: As `EditParams.lock`.
    lock: str = ""
    align: bool = False
    checks: Checks = NO_CHECKS


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
    reading: ReadingOptions = ReadingOptions()
    defaults: RowDefaults = RowDefaults()
    #: The tenant whose job it is, "" for a job of the command line.
    owner: str = ""
    #: Where webhooks about the job go, "" for the tenant's own address.
    notify: str = ""
    #: "required": no result succeeds before a person approved it; "" leaves that to the gates.
    review: str = ""
    #: Of a job of drafts: the preset at which the approved ones are made for good, "" for none.
    final_preset: str = ""
