"""A job as one page to look at: no script, no link and nothing to load, so it can be mailed as it is."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from qie_batch.model import ItemState
from qie_batch.pricing import usd
from qie_batch.text import duration, moment, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qie_batch.views import ItemView, JobView, TimingView

#: Failed rows listed for each reason; errors.csv has them all.
ROWS_PER_REASON = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the head of the page says of the whole job, pairs shown or not."""

    job: JobView
    #: The devices' own names, such as "NVIDIA H100 80GB HBM3" or "cpu".
    device: str
    #: Seconds since 1970.
    finished_at: float
    #: The first failed items of each code; how many there are is in `job.failures`.
    failed: Mapping[str, Sequence[ItemView]]
    timing: TimingView

    @property
    def counts(self) -> dict[str, int]:
        counts = self.job.counts
        return {
            "edited": counts[ItemState.SUCCEEDED] - self.job.cached,
            "cached": self.job.cached,
            "needs_review": counts[ItemState.NEEDS_REVIEW],
            "rejected": counts[ItemState.REJECTED],
            "failed": counts[ItemState.FAILED],
            "cancelled": counts[ItemState.CANCELLED],
        }

    @property
    def reasons(self) -> list[tuple[str, int, Sequence[ItemView]]]:
        """Code, how many failed with it, and the first of them; the commonest first."""
        reasons = ((code, self.job.failures.get(code, len(rows)), rows) for code, rows in self.failed.items())
        return sorted(reasons, key=lambda reason: -reason[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One item with its JPEG thumbnails, 480 pixels on the longer side at most."""

    item: ItemView
    before: bytes | None = None
    after: bytes | None = None

    @property
    def kind(self) -> str:
        """What the page tells apart: edited, cached, and the other final states."""
        if self.item.state is ItemState.SUCCEEDED:
            return "cached" if self.item.cached else "edited"
        return str(self.item.state)


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
        kinds={kind: kinds.count(kind) for kind in summary.counts},
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
    environment.filters |= {"usd": usd, "duration": duration, "percent": percent}
    environment.filters |= {"moment": moment, "jpeg": _jpeg}
    template = environment.from_string(files.joinpath("page.html.j2").read_text("utf-8"))
    return template, files.joinpath("style.css").read_text("utf-8")


def _jpeg(data: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
