"""What the engine refuses before it looks at a pixel, for submit and for the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.engines.classic.edits import SetBackground, WriteText
from qie_batch.engines.classic.typesetting import require_glyphs, require_room
from qie_batch.engines.classic.vocabulary import parse
from qie_batch.errors import Rejected
from qie_batch.images import inside

if TYPE_CHECKING:
    from qie_batch.engines.classic.edits import Operation

#: Pixels of the shorter side from which a product can be told from its background.
LEAST_SIDE = 32


def operations_for(
    instruction: str, size: tuple[int, int], *, column: str = "image"
) -> tuple[Operation, ...]:
    """The operations on an image of this size, which `column` decides.

    Rejected: instruction_not_understood, glyph_missing, text_does_not_fit, picture_too_small.
    """
    operations = parse(instruction)
    for operation in operations:
        if isinstance(operation, WriteText):
            require_glyphs(operation.text)
            require_room(operation.text, size)
        elif isinstance(operation, SetBackground) and min(size) < LEAST_SIDE:
            raise Rejected(
                f"A picture of {size[0]}x{size[1]} is too small to tell product and background apart.",
                code="picture_too_small",
                subject=column,
            )
    return operations


def require_readable(
    operations: tuple[Operation, ...], size: tuple[int, int], asked: tuple[int, int] | None
) -> None:
    """Rejected (text_does_not_fit) if a text that fits is too small once the result has the size asked for.

    The image is edited at its own `size`, and then scaled to fit within `asked`.
    """
    if asked is None:
        return
    shown = inside(size, asked)
    for operation in operations:
        if isinstance(operation, WriteText):
            require_room(operation.text, shown)


def gives_alpha(instruction: str) -> bool:
    """Whether the instruction makes pixels transparent; False for one that is not understood."""
    try:
        operations = parse(instruction)
    except Rejected:
        return False
    return any(isinstance(each, SetBackground) and each.colour is None for each in operations)
