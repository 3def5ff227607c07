"""What the engine refuses before it looks at a pixel, for submit and for the worker."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from qie_batch.engines.classic.edits import (
    AddBorder,
    AddShadow,
    Pad,
    ReplaceText,
    SetBackground,
    Trim,
    WriteText,
)
from qie_batch.engines.classic.frames import Size, size_after
from qie_batch.engines.classic.grammar.contradictions import named
from qie_batch.engines.classic.lettering.typesetting import require_glyphs, require_room
from qie_batch.engines.classic.vocabulary import parse
from qie_batch.errors import Rejected
from qie_batch.images import DEFAULT_LIMITS, MIN_SIDE, inside

if TYPE_CHECKING:
    from qie_batch.engines.classic.edits import Operation


#: Pixels of the shorter side from which a product can be told from its background.
LEAST_SIDE = 32


def operations_for(instruction: str, size: Size, asked: Size | None = None) -> tuple[Operation, ...]:
    """The operations on an image of this size, whose result is fitted to the size asked for, if any.

    Rejected: instruction_not_understood, glyph_missing, text_does_not_fit, picture_too_small,
    size_out_of_range.
    """
    operations = _background_first(parse(instruction))
    _require_margin_to_stay(operations)
    texts: list[tuple[str, Size]] = []
    current: Size | None = size
    for operation in operations:
        if isinstance(operation, ReplaceText):
            require_glyphs(operation.new)
        if isinstance(operation, WriteText):
            require_glyphs(operation.text)
            if current:
                require_room(operation.text, current)
                texts.append((operation.text, current))
        if current:
            _require_product(operation, current)
            current = _size_after(operation, current)
    # A text is drawn before the result is made smaller.
    for target in filter(None, (current, asked)):
        for text, drawn in texts:
            require_room(text, inside(drawn, target))
    return operations


def _background_first(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """A new background comes before the shadow, which it would take away; all else stays in its order."""
    shadow = next((at for at, each in enumerate(operations) if isinstance(each, AddShadow)), len(operations))
    later = operations[shadow:]
    backgrounds = tuple(each for each in later if isinstance(each, SetBackground))
    others = tuple(each for each in later if not isinstance(each, SetBackground))
    return (*operations[:shadow], *backgrounds, *others)


def _require_margin_to_stay(operations: tuple[Operation, ...]) -> None:
    for first, second in combinations(operations, 2):
        if isinstance(first, AddBorder | Pad) and isinstance(second, Trim):
            raise Rejected(
                f"Trim would take “{named(first)}” away again; put the trim first.",
                code="instruction_not_understood",
                subject="instruction",
            )


def _require_product(operation: Operation, size: Size) -> None:
    if isinstance(operation, SetBackground | AddShadow | Trim) and min(size) < LEAST_SIDE:
        raise Rejected(
            f"A picture of {size[0]}x{size[1]} is too small to tell product and background apart.",
            code="picture_too_small",
            subject="image",
        )


def _size_after(operation: Operation, size: Size) -> Size | None:
    """None where only the pixels tell; Rejected outside of the limits of an image."""
    after = size_after(operation, size)
    if after is None or after == size:
        return after
    side, pixels = DEFAULT_LIMITS.max_side, DEFAULT_LIMITS.max_pixels
    if min(after) < MIN_SIDE or max(after) > side or after[0] * after[1] > pixels:
        raise Rejected(
            f"The instruction would make a picture of {after[0]}x{after[1]}; "
            f"a side may have {MIN_SIDE} to {side:,} pixels, the whole {pixels // 1_000_000} million.",
            code="size_out_of_range",
            subject="instruction",
        )
    return after


def gives_alpha(instruction: str) -> bool:
    """Whether the instruction makes pixels transparent; False for one that is not understood."""
    try:
        operations = parse(instruction)
    except Rejected:
        return False
    return any(isinstance(each, SetBackground) and each.colour is None for each in operations)
