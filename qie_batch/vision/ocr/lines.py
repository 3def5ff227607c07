from __future__ import annotations

from collections.abc import Callable, Iterable
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

    @property
    def middle(self) -> Point:
        xs, ys = zip(*self.polygon, strict=True)
        return sum(xs) / 4, sum(ys) / 4

    def holds(self, point: Point) -> bool:
        """Whether the point is in the polygon."""
        ends = zip(self.polygon, (*self.polygon[1:], self.polygon[0]), strict=True)
        sides = [
            (x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1) >= 0 for (x1, y1), (x2, y2) in ends
        ]
        return all(sides) or not any(sides)

    def read_again(self, lines: Iterable[TextLine]) -> str:
        """What stands in the place of this line in another reading, from left to right."""
        here = [line for line in lines if self.holds(line.middle) or line.holds(self.middle)]
        return " ".join(line.text for line in sorted(here, key=lambda line: line.middle))


#: RGB pixels -> the lines of text in them, from top to bottom.
Reader: TypeAlias = Callable[[Pixels], list[TextLine]]
