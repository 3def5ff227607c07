from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.images import check_limits
from qie_batch.keys import input_key
from qie_batch.model import Stage

if TYPE_CHECKING:
    from PIL.Image import Image

    from qie_batch.model import EditSpec
    from qie_batch.steps.edit.context import EditContext
    from qie_batch.steps.edit.events import EventStream


def fetch(spec: EditSpec, events: EventStream, context: EditContext) -> tuple[Image, ...]:
    """The decoded inputs, upright, RGB or RGBA; Rejected outside the limits of the engine."""
    sources = [context.store.get(input_key(sha256)) for sha256 in spec.inputs]
    events.emit(Stage.FETCHED)
    images = tuple(context.decoders.decode(source, context.limits) for source in sources)
    check_limits(context.engine.info.limits, [image.size for image in images], spec.params.size)
    events.emit(Stage.DECODED)
    return images
