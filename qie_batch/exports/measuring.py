"""Where a product is in an image with a plain background, seen from the pixels alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Pixels

#: Levels by which a pixel may differ from the background and still be part of it.
TOLERANCE = 6
#: Pixels round the product that a JPEG changes: two blocks, as chroma may have half the size.
REACH = 16
#: The share of the outermost pixels from which an image has this background.
_PLAIN = 0.7


class Box(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        return self.right - self.left, self.bottom - self.top


def product_in(pixels: Pixels, colour: tuple[int, int, int]) -> Flags:
    """True where an RGB image visibly differs from the colour."""
    low, high = ([max(0, min(255, level + step)) for level in colour] for step in (-TOLERANCE, TOLERANCE))
    flags: Flags = cv2.inRange(pixels, np.array(low, np.uint8), np.array(high, np.uint8)) == 0
    return flags


def is_plain(product: Flags) -> bool:
    """Whether most of the image's border is background."""
    border = np.concatenate((product[0], product[-1], product[:, 0], product[:, -1]))
    return bool(1 - border.mean() >= _PLAIN)


def box_of(product: Flags) -> Box | None:
    """The smallest box round all that is True; None where nothing is."""
    columns, rows = np.flatnonzero(product.any(axis=0)), np.flatnonzero(product.any(axis=1))
    if not len(rows):
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def stained(pixels: Pixels, product: Flags, colour: tuple[int, int, int]) -> float:
    """The share of the background, beyond the reach of the product's edges, that is not exactly the colour.

    What the product encloses is left out, since a white part of it looks like background.
    """
    near = cv2.dilate(product.astype(np.uint8), np.ones((2 * REACH + 1,) * 2, np.uint8)) > 0
    far = _ground(product) & ~near
    other = cv2.inRange(pixels, np.array(colour), np.array(colour)) == 0
    count = int(np.count_nonzero(far))
    return int(np.count_nonzero(other & far)) / count if count else 0.0


def cleaned(pixels: Pixels, colour: tuple[int, int, int]) -> Pixels:
    """A copy in which all background that is reached from the border is exactly the colour."""
    out = pixels.copy()
    out[_ground(product_in(pixels, colour))] = colour
    return out


def _ground(product: Flags) -> Flags:
    """What is reached from the border without crossing the product."""
    height, width = product.shape
    # A frame of background joins what the product divides.
    ground = np.ones((height + 2, width + 2), np.uint8)
    ground[1:-1, 1:-1] = ~product
    _, labels = cv2.connectedComponents(ground, connectivity=4)
    reached: Flags = labels[1:-1, 1:-1] == labels[0, 0]
    return reached
