"""Where the new letters go: size, alignment and room."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from qie_batch.engines.classic.rewriting.glyphs import Extent, extent, usual_stroke
from qie_batch.engines.classic.rewriting.refusals import no_room
from qie_batch.vision.ocr.spelling import is_chinese

if TYPE_CHECKING:
    from qie_batch.engines.classic.rewriting.frame import Frame
    from qie_batch.engines.classic.rewriting.ground import Ground
    from qie_batch.engines.classic.rewriting.ink import Ink
    from qie_batch.vision.arrays import Flags
    from qie_batch.vision.ocr.lines import TextLine

#: Less than these pixels of the image, or this share of the old size, cannot be read.
_LEAST_PIXELS, _LEAST_SHARE = 9.0, 0.35
#: Letters are made so narrow at most, where the old ones are.
_NARROWEST = 0.82
#: Free pixels beside the new letters, in units of the line's height, and how much longer than the old they
#: may get.
_MARGIN, _MOST_LONGER = 0.55, 2.2
#: Sides or middles of two lines are the same within this share of the height of a line.
_ALIGNED = 0.35


class Align(Enum):
    LEFT = 0.0
    CENTRE = 0.5
    RIGHT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """In pixels of the patch."""

    size: float
    #: The left end of the baseline.
    x: float
    y: float
    #: Width of a stroke in those of the font, and a factor of the widths.
    weight: float
    narrow: float
    #: The size in that of the old letters.
    share: float


def set_text(old: str, new: str, ink: Ink, room: tuple[int, int], align: Align, scale: int) -> Setting:
    """Rejected (text_does_not_fit) where the new text would be too small to be read."""
    left, top, right, bottom = ink.box
    was, will = extent(old), extent(new)
    size = (bottom - top) / was.height
    narrow = float(np.clip((right - left) / (was.width * size), _NARROWEST, 1.0))
    wide = _room(ink.box, room, align)
    fitting = min(size, wide / (will.width * narrow))
    if fitting < max(min(_LEAST_PIXELS * scale, size), _LEAST_SHARE * size):
        raise no_room(new)
    weight = (ink.stroke / size) / usual_stroke(old)
    x = left + align.value * (right - left) - (will.left + align.value * will.width) * fitting * narrow
    y = _baseline(old, new, top - was.top * size, size, fitting)
    return Setting(size=fitting, x=x, y=y, weight=weight, narrow=narrow, share=fitting / size)


def _baseline(old: str, new: str, before: float, size: float, fitting: float) -> float:
    """The old baseline, or, for other letters or another size, one with the middle of the capitals kept."""
    if is_chinese(old) == is_chinese(new) and fitting > 0.97 * size:
        return before
    return before + _middle(old) * size - _middle(new) * fitting


def _middle(text: str) -> float:
    """Of the capitals, or of the Chinese characters."""
    own: Extent = extent("国" if is_chinese(text) else "H")
    return (own.top + own.bottom) / 2


def _room(box: tuple[int, int, int, int], room: tuple[int, int], align: Align) -> float:
    """The width that the text may take in the room without losing its alignment."""
    left, _, right, _ = box
    most = _MOST_LONGER * (right - left)
    match align:
        case Align.LEFT:
            free = float(room[1] - left)
        case Align.RIGHT:
            free = float(right - room[0])
        case Align.CENTRE:
            middle = (left + right) / 2
            free = 2 * min(middle - room[0], room[1] - middle)
    return max(float(right - left), min(free, most))


def room_beside(ground: Ground, ink: Ink, frame: Frame, valid: Flags) -> tuple[int, int]:
    """From where to where along the line there is only ground, less a margin; `valid`: in the image."""
    left, top, right, bottom = ink.box
    rows = slice(max(0, top - (bottom - top) // 8), bottom + (bottom - top) // 8)
    plain = (ground.residue[rows] < 1.5 * ground.limit) | ink.hidden[rows]
    plain &= valid[rows]
    open_columns = plain.mean(axis=0) > 0.985
    margin = round(_MARGIN * frame.height * frame.scale)
    start, end = left, right
    while start > 0 and open_columns[start - 1]:
        start -= 1
    while end < open_columns.size and open_columns[end]:
        end += 1
    return min(left, start + margin), max(right, end - margin)


def alignment(line: TextLine, others: list[TextLine], width: int) -> Align:
    """Of the line among the lines above and below; of a lone one, by its place in an image of this width."""
    left, right, tall = _sides(line)
    votes = dict.fromkeys(Align, 0)
    for other in others:
        first, last, height = _sides(other)
        near = abs(_middle_height(line) - _middle_height(other)) < 3 * (tall + height)
        if other is line or not near or last < left or first > right:
            continue
        for align, one, its in (
            (Align.CENTRE, (left + right) / 2, (first + last) / 2),
            (Align.LEFT, left, first),
            (Align.RIGHT, right, last),
        ):
            votes[align] += abs(one - its) < _ALIGNED * min(tall, height)
    best = max(votes, key=lambda align: votes[align])
    if votes[best] and not (votes[Align.LEFT] == votes[Align.CENTRE] == votes[Align.RIGHT]):
        return best
    middle = (left + right) / 2 / width
    return Align.CENTRE if 0.38 < middle < 0.62 else Align.LEFT if middle < 0.5 else Align.RIGHT


def _sides(line: TextLine) -> tuple[float, float, float]:
    """Left, right and height of the line, level or not."""
    xs, ys = zip(*line.polygon, strict=True)
    return min(xs), max(xs), max(ys) - min(ys)


def _middle_height(line: TextLine) -> float:
    return sum(y for _, y in line.polygon) / 4
