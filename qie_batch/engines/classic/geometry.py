"""Changes of the size and the frame of the image, with its alpha and its product mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qie_batch.engines.classic.canvas import Canvas, Cutter
    from qie_batch.engines.classic.edits import AddBorder, Axis, Crop, Pad, Resize


def crop(canvas: Canvas, operation: Crop) -> Canvas:
    raise NotImplementedError


def trim(canvas: Canvas, cut: Cutter) -> Canvas:
    raise NotImplementedError


def pad(canvas: Canvas, operation: Pad) -> Canvas:
    raise NotImplementedError


def resize(canvas: Canvas, operation: Resize) -> Canvas:
    raise NotImplementedError


def rotate(canvas: Canvas, degrees: float) -> Canvas:
    raise NotImplementedError


def flip(canvas: Canvas, axis: Axis) -> Canvas:
    raise NotImplementedError


def border(canvas: Canvas, operation: AddBorder) -> Canvas:
    raise NotImplementedError
