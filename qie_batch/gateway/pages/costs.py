"""What was spent, as bars and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi.responses import Response

from qie_batch.gateway.pages.paging import Pages
from qie_batch.gateway.pages.routing import Reading, page_router
from qie_batch.interfaces.ledger import CostKey
from qie_batch.pricing import usd
from qie_batch.views import CostView, cost_view

if TYPE_CHECKING:
    from collections.abc import Sequence

router = page_router()

#: Lines of one page.
SHOWN = 60
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 900, 260, 84, 12, 28
#: Characters under a bar; more would run into the next one's.
LABEL = 10
LABELS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    key: str
    spent: int
    label: str
    x: float
    y: float
    width: float
    height: float
    #: The upper part, spent on attempts that failed.
    lost_y: float
    lost_height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    y: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    most: int
    most_key: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


@router.get("/costs")
def costs(visit: Reading, by: CostKey = "day", page: int = 1) -> Response:
    """By day the newest page first, else the dearest first."""
    found = [cost_view(line) for line in visit.ledger.costs.lines(None, by)]
    if by == "day":
        found.reverse()
    else:
        found.sort(key=lambda line: -line.spent_micros)
    pages = Pages.of(len(found), SHOWN, page, "/costs", by=by)
    lines = found[(pages.number - 1) * SHOWN :][:SHOWN]
    return visit.show(
        "costs",
        chosen=by,
        lines=lines,
        total=_sum(found),
        chart=chart(lines[::-1] if by == "day" else lines),
        pages=pages,
    )


def chart(lines: Sequence[CostView]) -> Chart:
    """One bar a line, in their order; the scale ends at a round amount."""
    highest = max(lines, key=lambda line: line.spent_micros, default=None)
    most = highest.spent_micros if highest else 0
    top = _round_up(most) or 1
    room = HEIGHT - TOP - BOTTOM
    step = (WIDTH - LEFT) / max(len(lines), 6)
    each = max(1, -(-len(lines) // LABELS))
    bars = []
    for number, line in enumerate(lines):
        height, lost = (round(room * micros / top, 2) for micros in (line.spent_micros, line.lost_micros))
        y = round(TOP + room - height, 2)
        bars.append(
            Bar(
                key=line.key,
                spent=line.spent_micros,
                label=_label(line.key) if number % each == 0 else "",
                x=round(LEFT + step * (number + 0.15), 2),
                y=y,
                width=round(step * 0.7, 2),
                height=height,
                lost_y=y,
                lost_height=min(lost, height),
            )
        )
    marks = [Mark(y=TOP + room - room * part / 2, label=usd(top * part // 2)) for part in range(3)]
    return Chart(bars=tuple(bars), marks=tuple(marks), most=most, most_key=highest.key if highest else "")


def _round_up(micros: int) -> int:
    """The next of 1, 2, 5, 10, 20 ... times a power of ten that is even in micro-dollars."""
    size = 2
    while size < micros:
        size = size * 5 // 2 if str(size)[0] == "2" else size * 2
    return size if micros else 0


def _label(key: str) -> str:
    """A day without its year, else the beginning."""
    if len(key) == 10 and key[4] == key[7] == "-":
        return key[5:]
    return key if len(key) <= LABEL else f"{key[: LABEL - 1]}…"


def _sum(lines: Sequence[CostView]) -> CostView:
    return CostView(
        key="",
        items=sum(line.items for line in lines),
        device_seconds=sum(line.device_seconds for line in lines),
        spent_micros=sum(line.spent_micros for line in lines),
        saved_micros=sum(line.saved_micros for line in lines),
        lost_micros=sum(line.lost_micros for line in lines),
    )
