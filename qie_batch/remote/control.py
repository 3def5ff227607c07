"""An edit whose answer is known to be right or wrong: it says whether a server works."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from PIL import Image

from qie_batch.model import EditParams, EditRequest

if TYPE_CHECKING:
    from qie_batch.remote.replicas import Sizes

#: Pixels of a side of a probe: the smallest that servers of the model paint.
PROBE_SIDE = 128
#: An instruction that every engine understands.
_INSTRUCTION = "increase the brightness by 10 %"
#: The fewest steps of a schedule.
_STEPS = 2


def probe_sizes() -> Sizes:
    """Of a probe as small as servers take: the result, and one image."""
    return ((PROBE_SIDE, PROBE_SIDE),) * 2


def sizes_of(request: EditRequest) -> Sizes:
    """Of the result and of each image."""
    return ((request.width, request.height), *(image.size for image in request.images))


def control_request(sizes: Sizes) -> EditRequest:
    """An edit of grey images of these sizes, as cheap as the size allows.

    Shade and seed are new ones each time, so that no cache answers.
    """
    (width, height), *images = sizes
    seed = random.getrandbits(30)
    shade = tuple(100 + (seed >> shift & 31) for shift in (0, 5, 10))
    return EditRequest(
        images=tuple(Image.new("RGB", size, shade) for size in images),
        params=EditParams(
            instruction=_INSTRUCTION,
            steps=_STEPS,
            cfg=1.0,
            seed=seed,
        ),
        width=width,
        height=height,
    )
