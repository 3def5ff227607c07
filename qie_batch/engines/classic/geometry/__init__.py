"""Changes of the size and the frame of the image, with its alpha and its product mask."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.canvas import Margin
from qie_batch.engines.classic.edits import Axis, Rotate
from qie_batch.engines.classic.frames import size_after
from qie_batch.engines.classic.geometry import margins, resampling, trimming
from qie_batch.engines.classic.geometry.margins import margin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.engines.classic.canvas import Box, Canvas, Cutter
    from qie_batch.engines.classic.edits import AddBorder, Crop, Operation, Pad, Resize
    from qie_batch.vision.arrays import Pixels

#: Enlargements beyond this are named.
_MOST_ENLARGED = 2
_SEAM = "the border is not of one colour, so that the margin shows"


def crop(canvas: Canvas, operation: Crop) -> Canvas:
    """The largest centred box of the ratio, its sides rounded down."""
    (width, height), (wide, tall) = canvas.size, _size(canvas, operation)
    left, top = (width - wide) // 2, (height - tall) // 2
    box = (left, top, left + wide, top + tall)
    cropped = _cropped(canvas, box)
    return cropped.noted("the crop cuts the product") if _cuts(canvas, box) else cropped


def trim(canvas: Canvas, cut: Cutter) -> Canvas:
    """The smallest box around the product and its shadow; unchanged where there is no margin."""
    box = trimming.content_box(canvas, cut)
    if box is None or box == (0, 0, *canvas.size):
        return canvas.noted("nothing to trim")
    return replace(_cropped(canvas, box), trimmed=margin_of(canvas))


def pad(canvas: Canvas, operation: Pad) -> Canvas:
    """The image on a larger canvas, in its middle."""
    size = _size(canvas, operation)
    if operation.colour:
        framed = _framed(canvas, size, (*operation.colour.rgb, 255))
        return framed.noted("kept transparency inside the margin") if margin_of(canvas).clear else framed
    margin = margin_of(canvas)
    return _seamed(_framed(canvas, size, margin.rgba), margin, banded=size != canvas.size)


def resize(canvas: Canvas, operation: Resize) -> Canvas:
    """The image at the size asked for; between bands where the ratio is another."""
    (width, height), size = canvas.size, _size(canvas, operation)
    if size == canvas.size:
        return canvas
    scale = min(size[0] / width, size[1] / height)
    margin = margin_of(canvas)
    scaled = resampling.letterboxed(canvas, size, margin.rgba)
    if scale > _MOST_ENLARGED:
        scaled = scaled.noted(f"enlarged {scale:.1f} times")
    banded = abs(size[0] / width - size[1] / height) > 0.02 * scale
    return _seamed(scaled, margin, banded=banded)


def rotate(canvas: Canvas, degrees: float) -> Canvas:
    """Clockwise. Right angles move pixels; others grow the canvas and fill its corners like a margin."""
    quarters, rest = divmod(degrees % 360, 90)
    if not rest:
        return _each(canvas, lambda layer: np.ascontiguousarray(np.rot90(layer, -int(quarters))))
    size = _size(canvas, Rotate(degrees=degrees))
    margin = margin_of(canvas)
    if canvas.alpha is not None:
        margin = Margin(rgba=(0, 0, 0, 0), plain=True, exact=True)
    turned = resampling.turned(canvas, degrees, size, margin.rgba)
    return turned if margin.plain else turned.noted("the corners are filled with one colour")


def flip(canvas: Canvas, axis: Axis) -> Canvas:
    side = {Axis.VERTICAL: 0, Axis.HORIZONTAL: 1}[axis]
    return _each(canvas, lambda layer: np.ascontiguousarray(np.flip(layer, side)))


def border(canvas: Canvas, operation: AddBorder) -> Canvas:
    """The image in a frame of the colour, which lies outside of it."""
    return _framed(canvas, _size(canvas, operation), (*operation.colour.rgb, 255))


def _size(canvas: Canvas, operation: Operation) -> tuple[int, int]:
    size = size_after(operation, canvas.size)
    assert size, "only a trimmed size depends on the pixels"
    return size


def _each(canvas: Canvas, change: Callable[[Pixels], Pixels]) -> Canvas:
    return replace(
        canvas,
        rgb=change(canvas.rgb),
        alpha=None if canvas.alpha is None else change(canvas.alpha),
        product=None if canvas.product is None else change(canvas.product),
    )


def _cropped(canvas: Canvas, box: Box) -> Canvas:
    left, top, right, bottom = box
    return _each(canvas, lambda layer: np.ascontiguousarray(layer[top:bottom, left:right]))


def _framed(canvas: Canvas, size: tuple[int, int], rgba: tuple[int, int, int, int]) -> Canvas:
    """The image in the middle of a canvas of this size and colour."""
    width, height = canvas.size
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    edges = (top, size[1] - height - top, left, size[0] - width - left)

    def grown(layer: Pixels, value: tuple[int, ...]) -> Pixels:
        larger: Pixels = cv2.copyMakeBorder(layer, *edges, cv2.BORDER_CONSTANT, value=value)
        return larger

    return replace(
        canvas,
        rgb=grown(canvas.rgb, rgba[:3]),
        alpha=None if canvas.alpha is None else grown(canvas.alpha, rgba[3:]),
        product=None if canvas.product is None else grown(canvas.product, (0,)),
    )


def _seamed(canvas: Canvas, margin: Margin, *, banded: bool) -> Canvas:
    """The canvas, with a note where a new margin can be told from the image."""
    return canvas.noted(_SEAM) if banded and not margin.plain else canvas


def _cuts(canvas: Canvas, box: Box) -> bool:
    """Whether the product goes on beyond a side of the box, as far as mask, alpha or a plain side tell."""
    upright = (box[0], canvas.size[0] - box[2])
    level = (box[1], canvas.size[1] - box[3])
    if canvas.product is not None:
        return margins.crossed(canvas.product > 127, upright, level)
    if canvas.alpha is not None and int(canvas.alpha.min()) <= margins.CLEAR:
        return margins.crossed(canvas.alpha > 127, upright, level)
    return margins.leaves_content(canvas.rgb, upright, level)
