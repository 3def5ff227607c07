from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qie_batch.local.sample.studio import (
    backdrop,
    blurred,
    cast,
    cover,
    curve,
    developed,
    letters,
    noise,
    rgb,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from qie_batch.local.sample.studio import Point, Rgb

    Floats = NDArray[np.float32]

_SHAPE = (1200, 900)
_LEFT, _TOP, _RIGHT, _BOTTOM = 120, 110, 780, 1060


def poster() -> NDArray[np.uint8]:
    """A print on a wall: a sun over hills, 新品上市 and NEW ARRIVAL."""
    picture = backdrop(_SHAPE, rgb(0xE3E0DB), rgb(0xD8D4CE), horizon=0.9)
    sheet = cover([(_LEFT, _TOP), (_RIGHT, _TOP), (_RIGHT, _BOTTOM), (_LEFT, _BOTTOM)], _SHAPE)
    cast(picture, sheet, (14, 20), 16, 0.38)
    cast(picture, sheet, (3, 4), 3, 0.25)
    printed = _printed()
    picture += sheet[..., None] * (printed - picture)
    return developed(picture, 16)


def _printed() -> Floats:
    down = np.linspace(0, 1, _SHAPE[0], dtype=np.float32)[:, None, None]
    ink = np.array(rgb(0xF6E7D2), np.float32) * (1 - down) + np.array(rgb(0xF3B48C), np.float32) * down
    ink = np.repeat(ink, _SHAPE[1], axis=1)
    down_px, across_px = np.mgrid[0 : _SHAPE[0], 0 : _SHAPE[1]].astype(np.float32)
    sun = np.clip(150.5 - np.hypot(across_px - 450, down_px - 640), 0, 1)
    _tint(ink, blurred(sun, 40), rgb(0xFFF3DC), 0.6)
    _tint(ink, sun, rgb(0xE4572E), 1)
    _hill(ink, [(120, 760), (260, 700), (420, 770), (600, 690), (780, 750)], rgb(0xB9797A))
    _hill(ink, [(120, 840), (300, 790), (480, 850), (660, 780), (780, 810)], rgb(0x76526B))
    _hill(ink, [(120, 900), (240, 920), (430, 870), (620, 930), (780, 880)], rgb(0x3C3350))
    _tint(ink, letters("新品上市", 124, (450, 258), _SHAPE), rgb(0x2E2842), 1)
    _tint(ink, letters("NEW ARRIVAL", 58, (450, 372), _SHAPE), rgb(0xC9452A), 1)
    _tint(ink, letters("AUTUMN COLLECTION  2026", 30, (450, 1000), _SHAPE), rgb(0xF6E7D2), 1)
    light = 1.03 - 0.07 * (across_px / _SHAPE[1] + down_px / _SHAPE[0]) / 2 + 0.008 * noise(_SHAPE, 1.0, 8)
    lit: Floats = ink * light[..., None]
    return lit


def _tint(picture: Floats, mask: Floats, colour: Rgb, strength: float) -> None:
    picture += strength * mask[..., None] * (np.array(colour, np.float32) - picture)


def _hill(picture: Floats, ridge: Sequence[Point], colour: Rgb) -> None:
    """Hazy at its foot, so that the next one stands before it."""
    top = curve(ridge, closed=False)
    mask = cover([*top, (_RIGHT, _SHAPE[0]), (_LEFT, _SHAPE[0])], _SHAPE)
    depth = np.clip((np.arange(_SHAPE[0], dtype=np.float32) - 690) / 700, 0, 1)[:, None]
    hazy: Floats = mask * (1 - 0.25 * depth).astype(np.float32)
    _tint(picture, hazy, colour, 1)
