"""The soft shadow that a product would cast, made from its mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.vision.arrays import shrunk

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Floats, Pixels

_WORKING_SIDE = 512
#: Blur and way down as shares of the product's size, and darkness: of the soft part and of the contact.
_PARTS = ((0.035, 0.035, 0.42), (0.008, 0.010, 0.30))
#: The margin that the shadow wants on each side, as a share of the product's size.
_ROOM = 0.10
#: The least darkness that shows.
_LEAST = 0.012


def cast(product: Pixels, strength: float) -> Floats:
    """The share of light that goes, 0 to 1, in a small copy, under the product too.

    0 at each border of the image that the product does not touch.
    """
    mask: Floats = np.divide(shrunk(product, _WORKING_SIDE), 255, dtype=np.float32)
    height, width = mask.shape
    _left, _top, across, down = cv2.boundingRect((mask > 0.5).astype(np.uint8))
    size = float(np.sqrt(across * down))
    bright = np.ones_like(mask)
    for blur, way, darkness in _PARTS:
        move = np.array([[1, 0, 0], [0, 1, way * size]], np.float32)
        moved = cv2.warpAffine(mask, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
        soft = cv2.GaussianBlur(moved, (0, 0), max(0.5, blur * size), borderType=cv2.BORDER_REPLICATE)
        bright *= 1 - min(1.0, darkness * strength) * soft
    dark = np.clip((1 - bright - _LEAST) / (1 - _LEAST), 0, 1) * _fade(mask, max(2.0, _ROOM * size))
    fine: Floats = dark.astype(np.float32)
    return fine


def _fade(mask: Floats, room: float) -> Floats:
    """1 inside and falling to 0 at each border that the product does not touch."""
    height, width = mask.shape
    touched = [bool((line > 0.5).any()) for line in (mask[0], mask[-1], mask[:, 0], mask[:, -1])]
    down, across = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    rows = _rise(down, room, touched[0]) * _rise(down[::-1], room, touched[1])
    columns = _rise(across, room, touched[2]) * _rise(across[::-1], room, touched[3])
    fade: Floats = rows[:, None] * columns
    return fade


def _rise(away: Floats, room: float, touched: bool) -> Floats:  # noqa: FBT001 - one flag a border
    """From 0 at a border to 1 at the distance `room`."""
    return np.ones_like(away) if touched else np.minimum(away / np.float32(room), 1)


def shows(dark: Floats, product: Pixels) -> float:
    """The mean darkness outside of the product, relative to the product's area."""
    mask = cv2.resize(product, dark.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return float((dark * (1 - mask)).sum() / max(1.0, float(mask.sum())))
