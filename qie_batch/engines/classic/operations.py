"""From an operation to the function that carries it out; mypy says which operation has none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from qie_batch.engines.classic import adjustments, background, geometry, recolour
from qie_batch.engines.classic.edits import (
    AddBorder,
    AddShadow,
    AutoLevels,
    BalanceWhite,
    Crop,
    Flip,
    MakeGrey,
    Pad,
    Recolour,
    ReplaceText,
    Resize,
    Rotate,
    SetBackground,
    SetBrightness,
    SetContrast,
    SetSaturation,
    SetTone,
    Sharpen,
    TranslateText,
    Trim,
    WriteText,
)
from qie_batch.engines.classic.lettering import drawing
from qie_batch.engines.classic.rewriting.replacing import TextTools, replace_text, translate

if TYPE_CHECKING:
    from qie_batch.engines.classic.canvas import Canvas, Cutter
    from qie_batch.engines.classic.edits import Operation


def apply(operation: Operation, canvas: Canvas, cut: Cutter, texts: TextTools | None = None) -> Canvas:
    """The canvas after the operation; the one given is not changed. Rejected where pixels forbid it."""
    changed = _carried_out(operation, canvas, cut, texts or TextTools())
    return changed if isinstance(operation, Trim) else replace(changed, trimmed=None)


def _carried_out(operation: Operation, canvas: Canvas, cut: Cutter, texts: TextTools) -> Canvas:  # noqa: C901, PLR0911, PLR0912 - one case an operation
    match operation:
        case SetBackground():
            return background.replace(canvas, operation.colour, cut)
        case AddShadow():
            return background.add_shadow(canvas, operation.strength, cut)
        case Recolour():
            return recolour.recolour(canvas, operation.changes, cut)
        case SetTone():
            return adjustments.tone(canvas, operation.tone, operation.strength)
        case SetBrightness():
            return adjustments.brightness(canvas, operation.change)
        case SetContrast():
            return adjustments.contrast(canvas, operation.change)
        case SetSaturation():
            return adjustments.saturation(canvas, operation.change)
        case Sharpen():
            return adjustments.sharpen(canvas, operation.strength)
        case AutoLevels():
            return adjustments.auto_levels(canvas)
        case BalanceWhite():
            return adjustments.white_balance(canvas)
        case MakeGrey():
            return adjustments.grey(canvas)
        case WriteText():
            return drawing.write(canvas, operation)
        case ReplaceText():
            return replace_text(canvas, operation, texts)
        case TranslateText():
            return translate(canvas, operation, texts)
        case Crop():
            return geometry.crop(canvas, operation)
        case Trim():
            return geometry.trim(canvas, cut)
        case Pad():
            return geometry.pad(canvas, operation)
        case Resize():
            return geometry.resize(canvas, operation)
        case Rotate():
            return geometry.rotate(canvas, operation.degrees)
        case Flip():
            return geometry.flip(canvas, operation.axis)
        case AddBorder():
            return geometry.border(canvas, operation)
        case _:
            assert_never(operation)
