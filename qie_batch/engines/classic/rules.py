"""What the engine refuses before it looks at a pixel, for submit and for the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.engines.classic.edits import AddShadow, SetBackground, Trim, WriteText
from qie_batch.engines.classic.frames import size_after
from qie_batch.engines.classic.typesetting import require_glyphs, require_room
from qie_batch.engines.classic.vocabulary import parse
from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from qie_batch.engines.classic.edits import Operation

#: Pixels of the shorter side from which a product can be told from its background.
LEAST_SIDE = 32
#: What an operation may make of an image: pixels of a side, and of the whole.
_SIDES = (16, 8192)
_MOST_PIXELS = 40_000_000


def operations_for(
    instruction: str, size: tuple[int, int], *, column: str = "image"
) -> tuple[Operation, ...]:
    """The operations on an image of this size, which `column` decides.

    Rejected: instruction_not_understood, glyph_missing, text_does_not_fit, picture_too_small,
    size_out_of_range.
    """
    operations = parse(instruction)
    current: tuple[int, int] | None = size
    for operation in operations:
        if isinstance(operation, WriteText):
            require_glyphs(operation.text)
        if current is None:
            continue
        if isinstance(operation, WriteText):
            require_room(operation.text, current)
        elif isinstance(operation, SetBackground | AddShadow | Trim) and min(current) < LEAST_SIDE:
            raise Rejected(
                f"A picture of {current[0]}x{current[1]} is too small to tell product and background apart.",
                code="picture_too_small",
                subject=column,
            )
        after = size_after(operation, current)
        if after and after != current:
            _require_size(after)
        current = after
    return operations


def _require_size(size: tuple[int, int]) -> None:
    least, most = _SIDES
    if min(size) < least or max(size) > most or size[0] * size[1] > _MOST_PIXELS:
        raise Rejected(
            f"The instruction would make a picture of {size[0]}x{size[1]}; "
            f"a side may have {least} to {most} pixels, the whole {_MOST_PIXELS // 1_000_000} million.",
            code="size_out_of_range",
            subject="instruction",
        )


def gives_alpha(instruction: str) -> bool:
    """Whether the instruction makes pixels transparent; False for one that is not understood."""
    try:
        operations = parse(instruction)
    except Rejected:
        return False
    return any(isinstance(each, SetBackground) and each.colour is None for each in operations)
