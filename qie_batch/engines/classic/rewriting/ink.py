"""How the letters of a line look: where they are, their colour, their weight, how soft their edges are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.rewriting.refusals import no_ground
from qie_batch.vision.ocr.spelling import is_chinese

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qie_batch.engines.classic.rewriting.frame import Frame
    from qie_batch.engines.classic.rewriting.ground import Ground
    from qie_batch.vision.arrays import Flags, Floats

#: Around the line, in units of its height, where letters may still reach.
_REACH = 0.2
#: Latin letters and marks with parts above or below the others.
_DOTTED = re.compile(r"[^a-hk-zA-Z0-9 ]")
#: Above and below, in units of the line's height, where the lines around may reach into it.
_MIDST = 0.18
#: Share of the letters' area that may belong to something that goes on beyond the line.
_MOST_FOREIGN = 0.06
#: Levels by which the letters of one colour may differ, and by which a pixel may be beside the line between
#: the colours of letters and ground.
_MOST_SPREAD, _MOST_ASIDE = 18.0, 48.0
#: A shadow differs from the ground by less than this share of what the letters do.
_PALER = 0.6
#: Of the pixels in other colours than the letters', the share that may not be of one outline or shadow.
_MOST_MIXED = 0.25
#: Share of the strokes that must have one colour.
_LEAST_COMMON = 0.5
#: Share of the letters beside that line from which they have an outline or a shadow.
_OUTLINED = 0.2
#: A stain of the ground: less than this share of the line's height, squared.
_STAIN = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    #: (height, width) of the patch: 0 ground to 1 letter.
    cover: Floats
    #: Whatever has to be painted over: letters, their soft edges, outline and shadow.
    hidden: Flags
    #: (height, width, 3), or (3,) for letters of one colour.
    colour: Floats
    #: Left, top, right, bottom in the patch.
    box: tuple[int, int, int, int]
    #: Width of a stroke, and of an edge, in pixels of the patch.
    stroke: float
    edge: float
    outlined: bool


def looked_at(patch: Floats, ground: Ground, frame: Frame, text: str) -> Ink:
    """Rejected (text_background) where the letters do not stand apart from what is around."""
    letters = _letters(ground, frame)
    if not is_chinese(text) and not _DOTTED.search(text):
        letters &= ~_beside(letters)
    core = _core(letters, ground.residue)
    if core.sum() < 6:
        raise no_ground("the letters hardly differ from it")
    colour = _colour(patch, core)
    away = colour - ground.surface
    length = np.square(away).sum(axis=-1)
    if float(np.sqrt(np.median(length[letters]))) < 2 * ground.limit:
        raise no_ground("the letters hardly differ from it")
    own = patch - ground.surface
    share = (own * away).sum(axis=-1) / np.maximum(length, 1.0)
    aside = np.sqrt(np.square(own - share[..., None] * away).sum(axis=-1))
    _require_one_more_colour(own, away, letters & (aside > _MOST_ASIDE), letters)
    near = cv2.dilate(letters.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    cover = np.where(near, np.clip(share, 0, 1), 0).astype(np.float32)
    outlined = float((aside[letters] > _MOST_ASIDE).mean()) > _OUTLINED
    rows, columns = np.nonzero(cover > 0.5)
    if not rows.size:
        raise no_ground("the letters hardly differ from it")
    edge, stroke = _measured(cover)
    grown = frame.scale + round((0.1 if outlined else 0.045) * frame.height * frame.scale)
    return Ink(
        cover=cover,
        hidden=_grown(letters, grown),
        colour=colour,
        box=(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1),
        stroke=stroke,
        edge=edge,
        outlined=outlined,
    )


def _require_one_more_colour(own: Floats, away: Floats, other: Flags, letters: Flags) -> None:
    """Rejected where what is beside the letters has more colours than an outline or a shadow.

    `own` and `away` are the differences of pixels and letters from the ground.
    """
    if float(other.sum()) < _MOST_FOREIGN * float(letters.sum()):
        return
    seen, ink = own[other], np.broadcast_to(away, own.shape)[other]
    more = _commonest(seen)
    both = np.stack([ink, np.broadcast_to(more, ink.shape)], axis=-1)
    normal = np.cross(both[..., 0], both[..., 1])
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    apart = np.abs((seen * normal).sum(axis=-1))
    if float((apart > _MOST_SPREAD).mean()) > _MOST_MIXED:
        raise no_ground("something of another colour touches the letters")


def stroke_of(cover: Floats) -> float:
    """The mean width of the strokes of a coverage, in its pixels."""
    return _measured(cover)[1]


def _measured(cover: Floats) -> tuple[float, float]:
    """Widths of an edge and of a stroke: areas by the length of the outline."""
    solid = (cover > 0.5).astype(np.uint8)
    outlines, _ = cv2.findContours(solid, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    length = max(1.0, sum(cv2.arcLength(outline, closed=True) for outline in outlines))
    between = float(((cover > 0.1) & (cover < 0.9)).sum())
    return between / length, 2.0 * float(cover.sum()) / length


def _letters(ground: Ground, frame: Frame) -> Flags:
    """What differs from the ground in the line, without stains of it."""
    left, top, right, bottom = frame.box
    reach, tall = round(_REACH * frame.height * frame.scale), frame.height * frame.scale
    seen = np.zeros(ground.residue.shape, np.uint8)
    area = np.s_[max(0, top - reach) : bottom + reach, max(0, left - reach) : right + reach]
    seen[area] = ground.residue[area] > ground.limit
    _, labels, stats, _ = cv2.connectedComponentsWithStats(seen)
    edge = _rim(area, seen.shape)
    crossing = np.unique(labels[edge])
    foreign = np.isin(labels, crossing[crossing > 0])
    inside = np.zeros(seen.shape, np.bool_)
    inside[top + round(_MIDST * tall) : bottom - round(_MIDST * tall), left:right] = True
    small = np.isin(labels, np.nonzero(stats[:, cv2.CC_STAT_AREA] < (_STAIN * tall) ** 2)[0])
    letters = (seen > 0) & ~foreign & ~small & ~_pale(labels, ground.residue, inside)
    if float((foreign & inside).sum()) > _MOST_FOREIGN * max(1.0, float((letters & inside).sum())):
        raise no_ground("something else touches the letters")
    return letters


def _beside(letters: Flags) -> Flags:
    """The parts wholly above or below the rows that most letters have, such as a mark over a name."""
    counts = letters.sum(axis=1)
    full = np.nonzero(counts > 0.5 * counts.max(initial=0))[0]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(letters.astype(np.uint8))
    if not full.size:
        return np.zeros_like(letters)
    top = stats[:, cv2.CC_STAT_TOP]
    apart = (top + stats[:, cv2.CC_STAT_HEIGHT] <= full[0]) | (top > full[-1])
    apart[0] = False
    beside: Flags = apart[labels]
    return beside


def _pale(labels: NDArray[np.int32], residue: Floats, inside: Flags) -> Flags:
    """The parts that differ far less from the ground than the letters do, such as a thin frame."""
    peaks = np.zeros(int(labels.max()) + 1, np.float32)
    np.maximum.at(peaks, labels.ravel(), residue.ravel())
    usual = residue[inside & (labels > 0)]
    least = _PALER * float(np.percentile(usual, 90)) if usual.size else 0.0
    pale: Flags = (peaks < least)[labels]
    return pale


def _rim(area: tuple[slice, slice], shape: tuple[int, ...]) -> Flags:
    """The outermost pixels of the area."""
    flags = np.zeros(shape, np.bool_)
    flags[area] = True
    flags[area][1:-1, 1:-1] = False
    return flags


def _core(letters: Flags, residue: Floats) -> Flags:
    """The pixels in the middle of the strokes, which have the colour of the letters; a shadow is paler."""
    if not letters.any():
        return letters
    strong = letters & (residue > _PALER * float(np.percentile(residue[letters], 95)))
    depth = cv2.distanceTransform(strong.astype(np.uint8), cv2.DIST_L2, 3)
    usual = float(np.percentile(depth[strong], 85))
    core: Flags = depth >= max(1.0, 0.75 * usual)
    return core


def _colour(patch: Floats, core: Flags) -> Floats:
    """One colour, or a gradient of two; Rejected for letters of several colours.

    Beside an outline or a shadow, it is the one that most of the strokes have.
    """
    pixels = patch[core]
    one = np.median(pixels, axis=0)
    if _spread(pixels - one) <= _MOST_SPREAD:
        return one.astype(np.float32)
    rows, columns = np.nonzero(core)
    terms = np.stack([np.ones(rows.size), columns, rows], axis=1)
    factors, *_ = np.linalg.lstsq(terms, pixels, rcond=None)
    if _spread(pixels - terms @ factors) > _MOST_SPREAD:
        return _commonest(pixels)
    height, width = core.shape
    y, x = np.mgrid[0:height, 0:width]
    field = factors[0] + x[..., None] * factors[1] + y[..., None] * factors[2]
    colours: Floats = np.clip(field, 0, 255).astype(np.float32)
    return colours


def _commonest(pixels: Floats) -> Floats:
    """The middle of the largest group of like colours among the darkest, the lightest and the usual ones."""
    light = pixels.sum(axis=1)
    starts = [pixels[np.abs(light - np.percentile(light, share)) <= 12] for share in (8, 50, 92)]
    best, most = np.median(pixels, axis=0), 0.0
    for start in starts:
        centre = np.median(start, axis=0)
        for _ in range(6):
            near = np.abs(pixels - centre).max(axis=1) < 2 * _MOST_SPREAD
            if not near.any():
                break
            centre = np.median(pixels[near], axis=0)
        if float(near.mean()) > most:
            best, most = centre, float(near.mean())
    if most < _LEAST_COMMON:
        raise no_ground("the letters have several colours")
    return best.astype(np.float32)


def _spread(residue: Floats) -> float:
    return float(np.percentile(np.abs(residue).max(axis=1), 75))


def _grown(flags: Flags, pixels: int) -> Flags:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    grown: Flags = cv2.dilate(flags.astype(np.uint8), kernel) > 0
    return grown
