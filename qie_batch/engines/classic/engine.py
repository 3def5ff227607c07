from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.engines.classic import INFO
from qie_batch.engines.classic.canvas import Canvas
from qie_batch.engines.classic.operations import apply
from qie_batch.engines.classic.rewriting.glossary import Glossary
from qie_batch.engines.classic.rewriting.replacing import TextTools
from qie_batch.engines.classic.rules import operations_for
from qie_batch.images import check_limits
from qie_batch.model import EditResult
from qie_batch.vision.cutout import find_product
from qie_batch.vision.segmentation.cutter import ModelCutter
from qie_batch.vision.segmentation.inference import load_segmenter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qie_batch.engines.classic.canvas import Cutter
    from qie_batch.model import EditRequest, EngineInfo
    from qie_batch.vision.segmentation.models import SegmentationModel


def cutter_of(model: SegmentationModel | None) -> Cutter:
    """The built-in cut-out, or the one with the model, which is loaded."""
    if model is None:
        return find_product
    return ModelCutter(segment=load_segmenter(model))


def text_tools(glossary: Path | None) -> TextTools:
    """Misconfigured for a file that is no glossary."""
    return TextTools(glossary=Glossary.of(glossary) if glossary else None)


class ClassicEngine:
    device = "cpu"

    def __init__(
        self, *, info: EngineInfo = INFO, cut: Cutter = find_product, texts: TextTools | None = None
    ) -> None:
        self.info = info
        self._cut = cut
        self._texts = texts or TextTools()

    def edit(self, request: EditRequest, on_step: Callable[[int], None]) -> EditResult:
        """One step is one operation. Only instruction and size change the result; nothing is random."""
        check_limits(self.info.limits, [image.size for image in request.images])
        image = request.images[0]
        operations = operations_for(request.params.instruction, image.size, request.params.size)
        canvas = Canvas.of(image)
        for number, operation in enumerate(operations, start=1):
            canvas = apply(operation, canvas, self._cut, self._texts)
            on_step(number)
        return EditResult(image=canvas.image(), notes=canvas.notes)
