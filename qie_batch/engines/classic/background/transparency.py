"""Whether an image's own alpha shows a product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from qie_batch.engines.classic.canvas import Canvas
    from qie_batch.vision.arrays import Pixels

#: Alpha under which a pixel counts as transparent.
_CLEAR = 26
#: The share of transparent pixels under which an image counts as opaque, as with damaged or rounded borders.
_LEAST_CLEAR = 0.01
#: The share of visible pixels under which an image counts as empty.
_LEAST_SEEN = 0.0001
#: Alpha from which a pixel counts as opaque, and the share of such pixels in an opaque image.
_OPAQUE, _MOST = 230, 0.97
#: The brightest level of a shadow's colour, and its highest alpha.
_BLACK, _DEEPEST = 40, 200


def is_cutout(canvas: Canvas) -> bool:
    """Whether alpha is the product's mask; False for an image that is opaque or nearly so.

    Rejected (product_not_found) where alpha shows neither.
    """
    if canvas.alpha is None:
        return False
    clear, opaque = _share(canvas.alpha, 0, _CLEAR), _share(canvas.alpha, _OPAQUE, 256)
    if clear > 1 - _LEAST_SEEN:
        raise _no_product(
            "The picture is transparent all over", "Use a picture in which a product is visible."
        )
    if clear < _LEAST_CLEAR:
        if opaque < _MOST:
            raise _no_product(
                "The picture is half transparent all over, which shows no product",
                "Use an opaque picture, or a product on a transparent background.",
            )
        return False
    if _is_rounded(canvas.alpha, clear):
        raise _no_product(
            "Only the corners of the picture are transparent, which shows no product",
            "Use a picture without rounded corners, or a product on a transparent background.",
        )
    return True


def _no_product(sentence: str, hint: str) -> Rejected:
    return Rejected(f"{sentence}.", code="product_not_found", hint=hint)


def _share(alpha: Pixels, first: int, end: int) -> float:
    counts = cv2.calcHist([np.ascontiguousarray(alpha)], [0], None, [256], [0, 256])
    return float(counts[first:end].sum() / alpha.size)


def _is_rounded(alpha: Pixels, clear: float) -> bool:
    """Whether all that is transparent lies in the corners, and the borders between them are opaque."""
    height, width = alpha.shape
    down, across = max(1, height // 4), max(1, width // 4)
    middle = slice(down, height - down), slice(across, width - across)
    lines = alpha[0, middle[1]], alpha[-1, middle[1]], alpha[middle[0], 0], alpha[middle[0], -1]
    if any(int(line.min(initial=255)) < _OPAQUE for line in lines):
        return False
    corners = [
        alpha[rows, columns]
        for rows in (slice(down), slice(-down, None))
        for columns in (slice(across), slice(-across, None))
    ]
    found = sum(_share(corner, 0, _CLEAR) * corner.size for corner in corners)
    return found > 0.99 * clear * alpha.size


def without_shadow(rgb: Pixels, alpha: Pixels) -> Pixels:
    """Alpha of the product alone: 0 where partly transparent black lies around it, which is its shadow.

    Alpha itself for a product that is such black all over.
    """
    core = cv2.dilate((alpha >= _OPAQUE).astype(np.uint8), np.ones((5, 5), np.uint8))
    black = cv2.inRange(rgb, (0, 0, 0), (_BLACK, _BLACK, _BLACK))
    shadow = cv2.bitwise_and(black, cv2.inRange(alpha, 1, _DEEPEST))
    product: Pixels = cv2.copyTo(alpha, cv2.bitwise_not(cv2.copyTo(shadow, 1 - core)))
    return product if product.any() else alpha


def opaque_colours(canvas: Canvas) -> Pixels:
    """The image's colours, with the median of its opaque border where it is transparent."""
    if canvas.alpha is None:
        return canvas.rgb
    depth = max(2, round(0.03 * min(canvas.size)))
    border = np.ones(canvas.alpha.shape, bool)
    border[depth:-depth, depth:-depth] = False
    border &= canvas.alpha >= _OPAQUE
    if not border.any():
        return canvas.rgb
    out = canvas.rgb.copy()
    out[canvas.alpha < _OPAQUE] = np.median(canvas.rgb[border], axis=0)
    return out
