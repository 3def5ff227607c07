from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qie_batch.images import check_limits
from qie_batch.keys import input_key
from qie_batch.model import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Image

    from qie_batch.images.provenance import Value
    from qie_batch.model import EditSpec
    from qie_batch.steps.edit.context import EditContext
    from qie_batch.steps.edit.events import EventStream


class Fetched(NamedTuple):
    #: Upright, RGB or RGBA; the one to edit first.
    images: tuple[Image, ...]
    #: What the file of the image to edit says of its origin; nothing where the result is to say nothing.
    origin: Mapping[str, Value]


def fetch(spec: EditSpec, events: EventStream, context: EditContext) -> Fetched:
    """The decoded inputs; Rejected outside the limits of the engine."""
    sources = [context.store.get(input_key(sha256)) for sha256 in spec.inputs]
    events.emit(Stage.FETCHED)
    images = tuple(context.decoders.decode(source, context.limits) for source in sources)
    check_limits(context.engine.info.limits, [image.size for image in images], spec.params.size)
    origin = {} if spec.params.strip_metadata else context.decoders.fields(sources[0], context.limits)
    events.emit(Stage.DECODED)
    return Fetched(images, origin)
