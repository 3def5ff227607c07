from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from qie_batch.vision.arrays import Pixels

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """A line of text as it was read."""

    text: str
    #: The corners of a rectangle around the line with some margin, in pixels: top left, top right, bottom
    #: right, bottom left, as the text is read.
    polygon: tuple[Point, Point, Point, Point]
    #: How sure the model is, 0 to 1.
    score: float
    #: For each character that is no space: itself, and where it begins and ends along the line, in pixels
    #: from its left side. Empty where the model does not say.
    spans: tuple[tuple[str, float, float], ...] = ()


#: RGB pixels -> the lines of text in them, from top to bottom.
Reader: TypeAlias = Callable[[Pixels], list[TextLine]]
