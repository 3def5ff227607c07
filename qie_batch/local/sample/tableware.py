"""The sample's hard goods, turned on a wheel: mug and flask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qie_batch.local.sample.studio import Cloth, backdrop, cover, curve, developed, lay, letters, pool, rgb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from qie_batch.local.sample.studio import Point, Rgb

    Floats = NDArray[np.float32]

_SHAPE = (1000, 1000)


def _ellipse(centre: Point, radii: Point, first: float = 0, last: float = 360) -> list[Point]:
    angles = np.radians(np.linspace(first, last, 90))
    return [
        (centre[0] + radii[0] * float(np.cos(a)), centre[1] + radii[1] * float(np.sin(a))) for a in angles
    ]


def _fill(picture: Floats, outline: Sequence[Point], colour: Rgb | Floats) -> None:
    mask = cover(outline, _SHAPE)[..., None]
    picture += mask * (np.asarray(colour, np.float32) - picture)


def _turned(
    picture: Floats, middle: float, profile: Sequence[Point], colour: Rgb, *, gloss: float, bottom: float
) -> None:
    """A body of revolution: the profile lists (y, radius) downwards, `bottom` is its foot's depth."""
    ys, radii = np.array(profile, np.float32).T
    rows = np.arange(_SHAPE[0], dtype=np.float32)
    radius = np.interp(rows, ys, radii).astype(np.float32)
    turn = np.clip((np.arange(_SHAPE[1]) - middle) / np.maximum(radius, 1)[:, None], -1, 1).astype(np.float32)
    facing = np.sqrt(1 - turn**2)
    lit = np.clip(-0.50 * turn + 0.66 * facing + 0.06, 0, 1)
    light = 0.36 + 0.80 * lit + 0.12 * np.exp(-(((turn - 0.93) / 0.08) ** 2))
    light *= (1.05 - 0.16 * (rows - ys[0]) / (ys[-1] - ys[0]))[:, None]
    window = np.exp(-(((turn + 0.52) / 0.13) ** 4)) + 0.35 * np.exp(-(((turn - 0.72) / 0.05) ** 4))
    fade = np.clip((rows - ys[0]) / 26, 0, 1) * np.clip((ys[-1] - rows) / 60, 0, 1)
    surface = np.array(colour, np.float32) * light[..., None] + (gloss * window * fade[:, None])[..., None]
    right = [(middle + r, y) for y, r in profile]
    foot = _ellipse((middle, ys[-1]), (radii[-1], bottom), 0, 180)
    left = [(middle - r, y) for y, r in reversed(profile)]
    _fill(picture, [*right, *foot, *left], np.clip(surface, 0, 1))


def mug() -> NDArray[np.uint8]:
    picture = backdrop(_SHAPE, rgb(0xE2E3E4), rgb(0xD6D7D8))
    pool(picture, (500, 776), (290, 56), 0.40)
    pool(picture, (470, 776), (200, 26), 0.55)
    yellow = rgb(0xF0BE2C)
    outer = curve(
        [(626, 424), (700, 410), (768, 440), (786, 520), (764, 606), (700, 664), (622, 676)], closed=False
    )
    inner = curve(
        [(626, 466), (690, 454), (732, 474), (744, 524), (728, 586), (684, 622), (622, 632)], closed=False
    )
    lay(
        picture,
        [*outer, *inner[::-1]],
        Cloth(rgb=yellow, bulge=24, gloss=0.30, polish=26, grain=0, contact=0.1, smooth=3.5),
    )
    profile = [(348.0, 186.0), (400, 186), (640, 184), (720, 178), (752, 168)]
    _turned(picture, 450, profile, yellow, gloss=0.34, bottom=38)
    _fill(picture, _ellipse((450, 348), (186, 47)), rgb(0xF8D465))
    across = np.linspace(-1, 1, _SHAPE[1], dtype=np.float32)[None, :, None]
    inside = np.array(rgb(0xB98A16), np.float32) * (0.92 + 0.5 * across)
    hollow = _ellipse((450, 349), (175, 40))
    _fill(picture, hollow, np.broadcast_to(inside, picture.shape))
    coffee = cover(_ellipse((450, 379), (166, 36)), _SHAPE) * cover(hollow, _SHAPE)
    shine = 0.9 - 0.5 * across
    picture += coffee[..., None] * (np.array(rgb(0x4A2A17), np.float32) * shine - picture)
    return developed(picture, 14)


def flask() -> NDArray[np.uint8]:
    picture = backdrop(_SHAPE, rgb(0xE7E3E0), rgb(0xDAD5D1))
    pool(picture, (520, 880), (220, 40), 0.42)
    pool(picture, (502, 880), (140, 20), 0.55)
    body = [(306.0, 74.0), (316, 92), (330, 106), (352, 118), (384, 125), (420, 127), (860, 127), (870, 122)]
    _turned(picture, 500, body, rgb(0x1E9096), gloss=0.42, bottom=22)
    _turned(picture, 500, [(284.0, 74.0), (310, 74)], rgb(0xB7BBC0), gloss=0.5, bottom=9)
    cap = [(150.0, 66.0), (154, 71), (164, 77), (190, 79), (282, 79)]
    _turned(picture, 500, cap, rgb(0xC3C6CB), gloss=0.45, bottom=10)
    _fill(picture, _ellipse((500, 150), (67, 9)), rgb(0xA4A8AE))
    for y in range(196, 280, 14):
        ring = cover(
            [*_ellipse((500, y), (79, 10), 0, 180), *_ellipse((500, y + 3), (79, 10), 180, 0)], _SHAPE
        )
        picture *= (1 - 0.16 * ring)[..., None]
    engraved = letters("FJORD", 38, (520, 560), _SHAPE)[..., None]
    picture += 0.85 * engraved * (np.array(rgb(0xDFF1F0), np.float32) - picture)
    return developed(picture, 15)
