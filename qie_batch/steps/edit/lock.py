"""What comes back to where it was after an edit: its content, moved by registration, and locked pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from qie_batch.errors import Rejected
from qie_batch.images import letterboxed, on_white
from qie_batch.keys import input_key
from qie_batch.model import OutputFormat
from qie_batch.vision.arrays import shrunk
from qie_batch.vision.cutout import find_product
from qie_batch.vision.lock import put_back
from qie_batch.vision.matte import refined
from qie_batch.vision.registration import SIDE, corrected, register

if TYPE_CHECKING:
    from qie_batch.model import EditSpec
    from qie_batch.steps.edit.context import EditContext
    from qie_batch.steps.edit.paint import Painted

#: Pixels of motion that are left as they are, and the most that is moved back, as a share of the longer side.
_STILL, _SMALL = 0.1, 0.06
_NOT_MOVED = "could not be moved back"
_NOT_EXACT = "the locked pixels are exact before encoding: choose output png to keep them so"


def settled(painted: Painted, source: Image.Image, spec: EditSpec, context: EditContext) -> Painted:
    """The result with its content moved back and with the locked pixels of the input, as the row asks.

    `source` is the decoded input. Rejected (shape_changed, and those of `find_product`) where that cannot be.
    """
    params = spec.params
    if not (params.align or params.lock):
        return painted
    if painted.before.size != painted.image.size:
        raise Rejected(
            "the edit changed the shape of the picture, so nothing says which pixel belongs where:"
            " leave lock and align out",
            code="shape_changed",
        )
    painted = _moved_back(painted)
    return _locked(painted, source, spec, context) if params.lock else painted


def _moved_back(painted: Painted) -> Painted:
    before, after = (np.asarray(on_white(each)) for each in (painted.before, painted.image))
    found = register(shrunk(before, SIDE), shrunk(after, SIDE), painted.image.size)
    if found is None or found.moved > _SMALL * max(found.size):
        return replace(painted, notes=(*painted.notes, _NOT_MOVED))
    if found.moved < _STILL:
        return painted
    image = Image.fromarray(corrected(np.asarray(painted.image), found))
    return replace(painted, image=image, notes=(*painted.notes, f"moved back by {found.moved:.1f} px"))


def _locked(painted: Painted, source: Image.Image, spec: EditSpec, context: EditContext) -> Painted:
    mask = _mask(painted, source, spec, context)
    own = np.asarray(painted.before)[..., :3]
    pixels, kept = put_back(np.ascontiguousarray(own), np.asarray(painted.image.convert("RGB")), mask)
    image = Image.fromarray(pixels)
    if painted.image.mode == "RGBA":
        image.putalpha(Image.fromarray(np.maximum(np.asarray(painted.image.getchannel("A")), mask)))
    exact = spec.params.output is OutputFormat.PNG
    return replace(
        painted,
        image=image,
        keep=Image.fromarray(kept.astype(np.uint8) * 255),
        notes=painted.notes if exact else (*painted.notes, _NOT_EXACT),
    )


def _mask(painted: Painted, source: Image.Image, spec: EditSpec, context: EditContext) -> np.ndarray:
    """(height, width), uint8: 255 where the input's own pixels are kept."""
    size, lock = painted.image.size, spec.params.lock
    if lock == "product":
        pixels = np.asarray(on_white(painted.before))
        return refined(pixels, find_product(pixels).mask)
    if lock == "alpha":
        return np.asarray(letterboxed(source.getchannel("A"), size, 0))
    data = context.store.get(input_key(spec.mask))
    keep = context.decoders.decode(data, context.limits)
    return np.asarray(letterboxed(_grey(keep), size, 0))


def _grey(keep: Image.Image) -> Image.Image:
    """What is transparent is not kept."""
    if keep.mode != "RGBA":
        return keep.convert("L")
    black = Image.new("RGBA", keep.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, keep).convert("L")
