"""A background that must be pure white is white, and the product stands on it whole and large enough."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.errors import Misconfigured, NotFound
from qie_batch.exports.reading import read_channel
from qie_batch.gates.wanted import wanted_colours
from qie_batch.model import Finding, Verdict
from qie_batch.text import quoted
from qie_batch.vision.arrays import outer, shrunk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.gates.evidence import Evidence
    from qie_batch.vision.arrays import Flags, Pixels

NAME = "background"
LIMIT = 2.0
UNIT = "%"

#: Pixels of the longer side of the copies, and the outer part of the image, as a share of its sides.
_SIDE, _RING = 480, 0.015
#: Levels of the darkest channel from which a pixel is white: in words, and for a channel or "pure white".
_WHITE, _PURE = 248, 252
#: Levels by which a pixel must differ from the background to be product, from which it stands out at all,
#: and by which it differs from the backdrop of the input.
_PRODUCT, _SEEN, _APART = 48, 20, 10
#: The share of a side of the image beyond which what is not white is no product that touches it.
_WHOLE_SIDE = 0.85
#: The share of the outer part that is plain, so that what touches it can be told.
_PLAIN = 0.55
#: A product may be as much smaller than the channel says as an export enlarges it.
_ENLARGED = 0.5
_WHITE_NAMES = frozenset({
    "white", "pure white", "snow white", "bright white", "#ffffff",
    "白色", "纯白色", "纯白", "白", "雪白", "亮白",
})  # fmt: skip
_PURE_NAMES = re.compile(r"pure|纯")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demand:
    #: Who asks for it.
    by: str
    white: int
    #: The least share of the image's longer way that the product covers, 0 for any.
    fill: float = 0.0
    #: Whether the product must be whole even where the input cuts it.
    whole: bool = False


def check(evidence: Evidence, limit: float) -> Finding | None:
    """The largest of: background that is not white, border that cuts the product, lack of size."""
    try:
        demand = _demand(evidence)
    except (NotFound, Misconfigured) as error:
        name = quoted(evidence.checks.channel)
        return Finding(
            gate=NAME,
            verdict=Verdict.UNCHECKED,
            limit=limit,
            sentence=f"the rules of channel {name} cannot be read: {error.message}",
        )
    if demand is None:
        return None
    figure, sentence = max(_faults(evidence, demand), key=lambda fault: fault[0])
    figure = round(100 * figure, 1)
    failed = figure > limit
    return Finding(
        gate=NAME,
        verdict=Verdict.FAILED if failed else Verdict.PASSED,
        figure=figure,
        limit=limit,
        sentence=f"{sentence}, against what {demand.by} asks for" if failed else "",
    )


def _demand(evidence: Evidence) -> _Demand | None:
    if evidence.checks.channel:
        channel = read_channel(evidence.checks.channel, evidence.channels)
        if channel.pure and min(channel.background) == 255:
            fill = channel.product.fill.least * _ENLARGED if channel.product else 0.0
            return _Demand(by=f"channel {channel.name}", white=_PURE, fill=fill, whole=True)
    wanted = wanted_colours(evidence.instruction).background
    if wanted is None or wanted.name not in _WHITE_NAMES:
        return None
    pure = wanted.name == "#ffffff" or _PURE_NAMES.search(evidence.instruction.lower())
    return _Demand(by="the instruction", white=_PURE if pure else _WHITE)


def _faults(evidence: Evidence, demand: _Demand) -> Iterator[tuple[float, str]]:
    after = shrunk(evidence.copies[1], _SIDE)
    dark = 255 - after.min(axis=2)
    ring = outer(dark.shape, _RING)
    not_white = dark > 255 - demand.white
    touching, touched = _touching(dark, ring), _touched(evidence, dark.shape)
    known = np.zeros_like(ring) if touched is None else _grown(touched)
    off_white = not_white & ring & ~_grown(touching) & ~known
    share = float(off_white.sum() / ring.sum())
    yield share, f"{share:.0%} of the outer background is not white"
    cut = touching if demand.whole else touching & ~known & (touched is not None)
    share = float(cut.sum() / ring.sum())
    yield share, f"the product is cut at the {_sides(cut)} border"
    if demand.fill:
        fill = _fill(dark)
        yield demand.fill - fill, f"the product covers {fill:.0%} of the image's side"


def _touching(difference: Pixels, ring: Flags) -> Flags:
    """Pixels of the ring that are product: they stand out, by a sharp edge, of sides that do not."""
    stands_out: Flags = (difference > _PRODUCT) & ring
    for side in _views(stands_out):
        if side.mean() > _WHOLE_SIDE * 0.5 and float(side.any(axis=0).mean()) > _WHOLE_SIDE:
            side[:] = False
    return stands_out


def _views(flags: Flags) -> tuple[Flags, ...]:
    """The four sides of the ring as views, each (depth, length)."""
    rows, columns = (max(1, round(_RING * length)) for length in flags.shape)
    return flags[:rows], flags[-rows:], flags[:, :columns].T, flags[:, -columns:].T


def _touched(evidence: Evidence, shape: tuple[int, ...]) -> Flags | None:
    """Where the product touches the border of the input already; None where that cannot be told."""
    before = cv2.resize(shrunk(evidence.copies[0], _SIDE), shape[::-1], interpolation=cv2.INTER_AREA)
    ring = outer(shape, _RING)
    backdrop = np.median(before[ring], axis=0)
    apart = np.abs(before.astype(np.int16) - backdrop.astype(np.int16)).max(axis=2).astype(np.uint8)
    if float((apart[ring] < _PRODUCT).mean()) < _PLAIN:
        return None
    touched: Flags = (apart > _APART) & ring
    return touched


def _grown(flags: Flags) -> Flags:
    grown: Flags = cv2.dilate(flags.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return grown


def _sides(cut: Flags) -> str:
    names = ("upper", "lower", "left", "right")
    return " and ".join(name for name, side in zip(names, _views(cut), strict=True) if side.any())


def _fill(dark: Pixels) -> float:
    """The longer of the ways that what is not white covers, as shares of the image's sides."""
    seen = cv2.morphologyEx((dark > _SEEN).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _left, _top, width, height = cv2.boundingRect(seen)
    return float(max(width / dark.shape[1], height / dark.shape[0]))
