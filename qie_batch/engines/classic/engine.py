from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from qie_batch.engines.classic import REVISION
from qie_batch.engines.classic.lettering import load_font
from qie_batch.engines.classic.operations import apply
from qie_batch.engines.classic.vocabulary import parse
from qie_batch.errors import Rejected
from qie_batch.model import EditResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.model import EditRequest


class ClassicEngine:
    name = "classic"
    revision = REVISION
    device = "cpu"
    #: It edits a picture of any size in place.
    buckets: tuple[tuple[int, int], ...] = ()

    def __init__(self) -> None:
        self._font = load_font()

    def edit(self, request: EditRequest, on_step: Callable[[int], None]) -> EditResult:
        """One step is one operation. Seed, steps, cfg and negative change nothing: it is deterministic."""
        if len(request.images) != 1:
            raise Rejected(
                "The classic engine edits one picture and uses no reference images.",
                code="references_not_supported",
                hint="Empty the ref_image columns, or run the row with the qwen engine.",
            )
        (picture,) = request.images
        size = (request.width, request.height)
        _require_same_shape(picture.size, size)
        pixels = np.asarray(picture.convert("RGB"))
        for number, operation in enumerate(parse(request.instruction), start=1):
            pixels = apply(operation, pixels, self._font)
            on_step(number)
        image = Image.fromarray(pixels)
        return EditResult(image=image if image.size == size else image.resize(size, Image.Resampling.LANCZOS))


def _require_same_shape(given: tuple[int, int], asked: tuple[int, int]) -> None:
    """Allows for one pixel of rounding on each side."""
    if abs(given[0] * asked[1] - given[1] * asked[0]) > sum(given) + sum(asked):
        raise Rejected(
            f"The picture is {given[0]}x{given[1]} and the size asked for is {asked[0]}x{asked[1]}: "
            "the classic engine scales a picture but does not change its shape.",
            code="shape_not_supported",
            hint="Ask for a size of the picture's own proportions, or for none.",
        )
