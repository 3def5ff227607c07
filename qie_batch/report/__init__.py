"""A job as one page to look at: no script, no link and nothing to load, so it can be mailed as it is."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from qie_batch.model import ItemState
from qie_batch.pricing import usd
from qie_batch.text import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qie_batch.model import Failure

#: Failed rows listed for each reason; errors.csv has them all.
ROWS_PER_REASON = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRow:
    line: int
    row_id: str
    #: From 0.
    variant: int = 0
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the head of the page says of the whole job, pairs shown or not."""

    job_id: str
    job_name: str
    engine: str
    #: The device's own name, such as "NVIDIA H100 80GB HBM3" or "cpu".
    device: str
    #: One sentence: why this engine and no other.
    engine_reason: str
    #: Seconds since 1970; their difference is the wall time.
    started_at: float
    finished_at: float
    #: Items that ended with a picture, edited or cached.
    done: int
    #: Those of `done` that needed no device.
    cached: int
    cancelled: int
    failed_rows: Sequence[FailedRow]
    #: Over all attempts, the failed ones too.
    device_seconds: float
    spent_micros: int
    saved_micros: int
    lost_micros: int

    @property
    def edited(self) -> int:
        return self.done - self.cached

    @property
    def failed(self) -> int:
        return len(self.failed_rows)

    @property
    def total(self) -> int:
        return self.done + self.failed + self.cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One item as a card. Pictures are JPEG thumbnails, 480 pixels on the longer side at most."""

    row_id: str
    line: int
    #: From 0.
    variant: int = 0
    instruction: str
    state: ItemState
    before: bytes | None = None
    after: bytes | None = None
    failure: Failure | None = None
    engine: str = ""
    seconds: float = 0.0
    cost_micros: int = 0
    cached: bool = False
    attempts: int = 0
    #: Pixels of the result itself; None without one.
    size: tuple[int, int] | None = None

    @property
    def kind(self) -> str:
        """What the page tells apart: edited, cached, failed, cancelled."""
        if self.state is ItemState.SUCCEEDED:
            return "cached" if self.cached else "edited"
        return str(self.state)


def render(summary: Summary, pairs: Iterable[Pair]) -> bytes:
    """The page in UTF-8. All pairs given are shown, so the caller's cap bounds its size.

    Where there are fewer pairs than items, the page says that they are the first of so many.
    """
    template, style = _page()
    shown = tuple(pairs)
    kinds = [pair.kind for pair in shown]
    page = template.render(
        summary=summary,
        pairs=shown,
        kinds={kind: kinds.count(kind) for kind in ("edited", "cached", "failed", "cancelled")},
        reasons=_by_reason(summary.failed_rows),
        rows_per_reason=ROWS_PER_REASON,
        style=Markup(style),  # noqa: S704 - ours, and its hash must be that of the very same characters
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
    # An id from a JSON manifest may hold half a surrogate pair, which UTF-8 cannot.
    return page.encode(errors="replace")


@cache
def _page() -> tuple[Template, str]:
    files = resources.files(__name__)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"usd": usd, "duration": duration, "moment": _moment, "jpeg": _jpeg}
    template = environment.from_string(files.joinpath("page.html.j2").read_text("utf-8"))
    return template, files.joinpath("style.css").read_text("utf-8")


def _by_reason(rows: Iterable[FailedRow]) -> list[tuple[str, list[FailedRow]]]:
    """Failed rows by code, the commonest first."""
    reasons: dict[str, list[FailedRow]] = {}
    for row in rows:
        reasons.setdefault(row.failure.code, []).append(row)
    return sorted(reasons.items(), key=lambda reason: -len(reason[1]))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _jpeg(data: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
