from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.engines.classic import INFO
from qie_batch.engines.classic.canvas import Canvas
from qie_batch.engines.classic.operations import apply
from qie_batch.engines.classic.rules import operations_for, require_readable
from qie_batch.images import check_limits
from qie_batch.model import EditResult
from qie_batch.vision.cutout import find_product

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.model import EditRequest


class ClassicEngine:
    info = INFO
    device = "cpu"

    def edit(self, request: EditRequest, on_step: Callable[[int], None]) -> EditResult:
        """One step is one operation. Only instruction and size change the result; nothing is random."""
        check_limits(INFO.limits, [image.size for image in request.images])
        image = request.images[0]
        operations = operations_for(request.params.instruction, image.size)
        require_readable(operations, image.size, request.params.size)
        canvas = Canvas.of(image)
        for number, operation in enumerate(operations, start=1):
            canvas = apply(operation, canvas, find_product)
            on_step(number)
        return EditResult(image=canvas.image(), notes=canvas.notes)
