"""Paints one change of a text: the old letters over, the new ones in their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.rewriting.frame import Frame, levelled
from qie_batch.engines.classic.rewriting.glyphs import drawn, extent
from qie_batch.engines.classic.rewriting.ground import Ground, painted_over
from qie_batch.engines.classic.rewriting.ink import Ink, looked_at
from qie_batch.engines.classic.rewriting.refusals import no_ground
from qie_batch.engines.classic.rewriting.setting import Align, alignment, room_beside, set_text
from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from qie_batch.engines.classic.rewriting.finding import Target
    from qie_batch.engines.classic.rewriting.setting import Setting
    from qie_batch.vision.arrays import Flags, Floats, Pixels
    from qie_batch.vision.ocr.lines import TextLine

#: Degrees of slope that are no error of measurement, in a line that was read as level and in a turned one.
_SLOPES, _TURNED = 0.9, 0.2
#: Width to height of a text of so many letters, in that of the font, below which it is no text alone.
_WORD, _LEAST_WIDE = 3, 0.55
#: Width of an edge of letters that were drawn and not photographed, in pixels.
_CRISP = 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    target: Target
    #: Empty where the text is only taken away.
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A line as it is seen in its upright frame."""

    frame: Frame
    patch: Floats
    valid: Flags
    ground: Ground
    ink: Ink


def painted(
    rgb: Pixels, change: Change, others: list[TextLine], least_weight: float
) -> tuple[Pixels, float, bool]:
    """The image after the change, and how the new letters differ from the old.

    That is their size in that of the old, and whether the old have an outline or a shadow.
    """
    look = _look(rgb, change.target)
    hide, fill = _without_letters(look, rgb.shape[:2])
    out = rgb + hide * (fill - rgb)
    share = 1.0
    if change.new:
        setting = _setting(look, change, others, rgb.shape[1])
        share = setting.share
        cover = _cover(look, change.new, setting, least_weight)
        cover = look.frame.back(cover, rgb.shape[:2])[..., None]
        colour = look.ink.colour
        ink = look.frame.back(colour, rgb.shape[:2]) if colour.ndim == 3 else colour
        out = out + cover * (ink - out)
        hide = np.maximum(hide, cover)
    changed = np.where(hide > 0, np.clip(np.round(out), 0, 255), rgb).astype(np.uint8)
    return changed, share, look.ink.outlined


def _look(rgb: Pixels, target: Target) -> _Look:
    """Rejected (text_background) for the line as it was read, where a tighter frame does not help."""
    frame = Frame.of(target.line)
    try:
        return _levelled(rgb, frame, target)
    except Rejected as refusal:
        try:
            return _levelled(rgb, frame.tightened(), target)
        except Rejected:
            raise refusal from None


def _levelled(rgb: Pixels, frame: Frame, target: Target) -> _Look:
    look = _seen(rgb, frame, target)
    slope = levelled(look.ink.cover)
    least = _TURNED if frame.angle else _SLOPES
    # A level line slopes only if it was read so, too.
    if abs(slope) < least or (not frame.angle and abs(frame.read - slope) > least):
        return look
    return _seen(rgb, frame.turned(frame.angle + slope), target)


def _seen(rgb: Pixels, frame: Frame, target: Target) -> _Look:
    if target.part:
        frame = _between_gaps(rgb, frame, target.part)
    patch, valid = frame.patch(rgb)
    ground = Ground.behind(patch, frame, valid)
    ink = looked_at(patch, ground, frame, target.text)
    _require_letters_alone(ink, target.text)
    return _Look(frame=frame, patch=patch, valid=valid, ground=ground, ink=ink)


def _require_letters_alone(ink: Ink, text: str) -> None:
    """Rejected where the letters are far higher than such a text is: a mark has grown together with them."""
    left, top, right, bottom = ink.box
    usual = extent(text)
    if len(text) >= _WORD and (right - left) / (bottom - top) < _LEAST_WIDE * usual.width / usual.height:
        raise no_ground("something else stands with the letters")


def _between_gaps(rgb: Pixels, frame: Frame, part: tuple[float, float]) -> Frame:
    """The frame of a part of the line, its ends moved to the emptiest columns nearby."""
    patch, valid = frame.patch(rgb)
    letters = Ground.behind(patch, frame, valid)
    left, top, right, bottom = frame.box
    full = (letters.residue[top:bottom, left:right] > letters.limit).sum(axis=0).astype(np.float32)
    full = cv2.GaussianBlur(full[None], (0, 0), 1.0)[0]
    reach = 0.3 * frame.height * frame.scale
    start, end = (_emptiest(full, place * frame.scale, reach) / frame.scale for place in part)
    return frame.narrowed(start, end)


def _emptiest(full: Floats, place: float, reach: float) -> float:
    """The middle of the widest run of the emptiest columns around a place; the ends of the line are empty."""
    if place < reach:
        return 0.0
    if place > full.size - reach:
        return float(full.size)
    columns = np.arange(max(0, int(place - reach)), min(full.size, int(place + reach) + 1))
    cost = full[columns] + 0.05 * full.max() * np.abs(columns - place) / reach
    best = columns[cost <= cost.min() + 0.02 * full.max()]
    return float(best[np.argmin(np.abs(best - place))])


def _without_letters(look: _Look, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """How much of each pixel of the image is painted over, and with what."""
    usable = look.valid & ~look.ink.hidden & (look.ground.residue < look.ground.limit)
    fill = painted_over(look.patch, look.ground, look.ink.hidden, usable)
    hide = np.clip(2 * look.frame.back(look.ink.hidden.astype(np.float32), shape), 0, 1)
    return hide[..., None], look.frame.back(fill, shape)


def _setting(look: _Look, change: Change, others: list[TextLine], width: int) -> Setting:
    frame, ink, target = look.frame, look.ink, change.target
    if target.part:
        room, align = (ink.box[0], ink.box[2]), Align.LEFT
    else:
        room = room_beside(look.ground, ink, frame, look.valid)
        align = alignment(target.line, others, width)
    return set_text(target.text, change.new, ink, room, align, frame.scale)


def _cover(look: _Look, new: str, setting: Setting, least_weight: float) -> Floats:
    """The coverage of the patch by the new letters, with edges as soft as those of the old ones."""
    weight = max(setting.weight, least_weight)
    letters, (x, y) = drawn(new, setting.size, weight=weight, narrow=setting.narrow)
    height, width = look.valid.shape[0], look.valid.shape[1]
    cover = np.zeros((height, width), np.float32)
    left, top = round(setting.x) - x, round(setting.y) - y
    first, last = max(0, top), min(height, top + letters.shape[0])
    start, end = max(0, left), min(width, left + letters.shape[1])
    cover[first:last, start:end] = letters[first - top : last - top, start - left : end - left]
    crisp = _CRISP * look.frame.scale
    soft = 0.4 * float(np.sqrt(max(0.0, look.ink.edge**2 - crisp**2)))
    return cv2.GaussianBlur(cover, (0, 0), soft) if soft > 0.3 else cover
