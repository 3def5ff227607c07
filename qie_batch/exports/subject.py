"""What of an image is the product, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from qie_batch.errors import Rejected
from qie_batch.exports.measuring import Box, box_of, is_plain, product_in
from qie_batch.exports.shadows import is_shade, may_have_shade, without_shadow
from qie_batch.vision.compositing import separated
from qie_batch.vision.cutout import find_product
from qie_batch.vision.matte import refined

if TYPE_CHECKING:
    from qie_batch.exports.channel import Channel
    from qie_batch.vision.arrays import Flags

#: By the image's alpha, its plain background, a cut-out, not at all, or not asked for.
Basis = Literal["alpha", "background", "cut-out", "none", "whole"]

#: Alpha up to which a pixel is no product.
_FAINT = 8
_SHADOW = "shadow removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    #: RGB on the channel's background, or RGBA to be laid on it.
    image: Image.Image
    box: Box
    basis: Basis
    #: Why it is not known, a doubt, or what was removed; "" for nothing.
    note: str = ""

    @property
    def touches(self) -> bool:
        """Whether the product reaches the border of the image, and so may be cut there."""
        left, top, right, bottom = self.box
        return self.is_known and (
            not left or not top or right == self.image.width or bottom == self.image.height
        )

    @property
    def is_known(self) -> bool:
        return self.basis in ("alpha", "background", "cut-out")


def subject_of(image: Image.Image, channel: Channel) -> Subject:
    """Of an upright RGB or RGBA image. Where a channel wants its background pure, a shadow is no product."""
    if image.mode == "RGBA" and not image.getchannel("A").point(lambda level: level > _FAINT).getbbox():
        return _unknown(image, "the image is wholly transparent")
    if not channel.places_product:
        return Subject(image=image, box=Box(0, 0, *image.size), basis="whole")
    if image.mode == "RGBA":
        return _by_alpha(image, channel)
    product = product_in(np.asarray(image), channel.background)
    if not is_plain(product):
        return _cut_out(image)
    box = box_of(product)
    if box is None:
        return _unknown(image, "there is nothing but background")
    bare = _unshaded(image, product) if channel.pure else None
    return bare or Subject(image=image, box=box, basis="background")


def _by_alpha(image: Image.Image, channel: Channel) -> Subject:
    layers = np.asarray(image)
    bare = without_shadow(layers) if channel.pure else layers
    note = "" if bare is layers else _SHADOW
    if note:
        image = Image.fromarray(bare)
    box = box_of(bare[..., 3] > _FAINT)
    if box is None:
        return _unknown(image, "there is nothing but a shadow")
    return Subject(image=image, box=box, basis="alpha", note=note)


def _unshaded(image: Image.Image, product: Flags) -> Subject | None:
    """By a cut-out that takes nothing but a shadow away; None where there is none such."""
    pixels = np.asarray(image)
    if not may_have_shade(pixels, product):
        return None
    cut = _cut_out(image)
    if not cut.is_known or not is_shade(pixels, product & (np.asarray(cut.image)[..., 3] <= _FAINT)):
        return None
    return Subject(image=cut.image, box=cut.box, basis="background", note=_SHADOW)


def _cut_out(image: Image.Image) -> Subject:
    pixels = np.asarray(image)
    try:
        cutout = find_product(pixels)
    except Rejected as error:
        return _unknown(image, error.message.rstrip("."))
    colours, alpha = separated(pixels, refined(pixels, cutout.mask), cutout)
    box = box_of(alpha > _FAINT)
    if box is None:
        return _unknown(image, "the cut-out is empty")
    layers = Image.fromarray(np.dstack([colours, alpha]))
    return Subject(image=layers, box=box, basis="cut-out", note=cutout.note)


def _unknown(image: Image.Image, why: str) -> Subject:
    return Subject(image=image, box=Box(0, 0, *image.size), basis="none", note=why)
