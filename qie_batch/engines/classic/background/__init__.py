"""Replaces the backdrop of a product by a colour or by transparency, and adds a shadow."""

from __future__ import annotations

from dataclasses import replace as replaced
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.background.transparency import is_cutout, opaque_colours, without_shadow
from qie_batch.errors import Rejected
from qie_batch.vision import shadow
from qie_batch.vision.compositing import darkened, lay_on, separated, underlaid
from qie_batch.vision.known_product import cutout_of
from qie_batch.vision.matte import refined

if TYPE_CHECKING:
    from qie_batch.colours import Colour
    from qie_batch.engines.classic.canvas import Canvas, Cutter
    from qie_batch.vision.arrays import Floats, Pixels
    from qie_batch.vision.cutout import Cutout

#: Light under which a backdrop counts as shaded, and the shaded area, as a share of the product's, that makes
#: a shadow.
_SHADED, _SHADOW_AREA = 0.88, 0.02
#: The darkness outside of the product, relative to its area, under which a shadow cannot be seen.
_LEAST_SHADOW = 0.004
_DARK_BACKDROP = 40
_HAS_SHADOW = "the product has a soft shadow already, no other was added"


def replace(canvas: Canvas, colour: Colour | None, cut: Cutter) -> Canvas:
    """The image with the new background; Rejected (background_not_plain, product_not_found) in doubt."""
    if canvas.alpha is not None and is_cutout(canvas):
        return _behind_transparent(canvas, canvas.alpha, colour)
    canvas, product, cutout = _found(canvas, cut)
    rgb, product = separated(canvas.rgb, product, cutout)
    if colour is None:
        clear = replaced(canvas, rgb=rgb, alpha=product, product=product)
        return clear.noted("shadow removed") if _has_shadow(cutout) else clear
    lay_on(rgb, product, colour.rgb, None if float(cutout.shade.min()) >= 1 else cutout.shade)
    return replaced(canvas, rgb=rgb, alpha=None, product=product)


def _behind_transparent(canvas: Canvas, alpha: Pixels, colour: Colour | None) -> Canvas:
    product = without_shadow(canvas.rgb, alpha) if canvas.product is None else canvas.product
    if colour is None:
        return replaced(canvas, product=product).noted("background was transparent already")
    rgb = canvas.rgb.copy()
    lay_on(rgb, alpha, colour.rgb, None)
    return replaced(canvas, rgb=rgb, alpha=None, product=product)


def _found(canvas: Canvas, cut: Cutter) -> tuple[Canvas, Pixels, Cutout]:
    """The canvas in opaque colours, its product mask (0 to 255), and the backdrop, searched for once."""
    canvas = replaced(canvas, rgb=opaque_colours(canvas))
    if canvas.product is not None:
        return canvas, canvas.product, cutout_of(canvas.rgb, canvas.product)
    cutout = cut(canvas.rgb)
    product = refined(canvas.rgb, cutout.mask)
    if canvas.alpha is not None:
        product = np.minimum(product, canvas.alpha)
    return canvas.noted(cutout.note) if cutout.note else canvas, product, cutout


def _has_shadow(cutout: Cutout) -> bool:
    near = cv2.dilate((cutout.mask > 0).astype(np.uint8), np.ones((5, 5), np.uint8))
    shaded = float(((cutout.shade < _SHADED) & (near == 0)).sum())
    return shaded > _SHADOW_AREA * float(cutout.mask.sum())


def add_shadow(canvas: Canvas, strength: float, cut: Cutter) -> Canvas:
    """A soft shadow of the product, on its backdrop or on transparent pixels; the shadow it has stays alone.

    Rejected (no_room_for_shadow) where the product fills the image, and as `replace` is.
    """
    if canvas.alpha is not None and is_cutout(canvas):
        return _with_shadow_beneath(canvas, canvas.alpha, strength)
    canvas, product, cutout = _found(canvas, cut)
    canvas = replaced(canvas, product=product)
    if _has_shadow(cutout):
        return canvas.noted(_HAS_SHADOW)
    dark = _cast(product, strength)
    if float(np.median(cutout.backdrop)) < _DARK_BACKDROP:
        canvas = canvas.noted("a shadow hardly shows on so dark a background")
    return replaced(canvas, rgb=darkened(canvas.rgb, product, dark, cutout))


def _with_shadow_beneath(canvas: Canvas, alpha: Pixels, strength: float) -> Canvas:
    product = without_shadow(canvas.rgb, alpha) if canvas.product is None else canvas.product
    canvas = replaced(canvas, product=product)
    shaded = np.count_nonzero((alpha > 255 * (1 - _SHADED)) & (product == 0))
    if shaded > _SHADOW_AREA * np.count_nonzero(product):
        return canvas.noted(_HAS_SHADOW)
    rgb, whole = underlaid(canvas.rgb, alpha, _cast(product, strength))
    return replaced(canvas, rgb=rgb, alpha=whole)


def _cast(product: Pixels, strength: float) -> Floats:
    dark = shadow.cast(product, strength)
    if shadow.shows(dark, product) < _LEAST_SHADOW * min(1.0, strength):
        raise Rejected(
            "The product leaves no room for a shadow in this picture.",
            code="no_room_for_shadow",
            hint="Add a margin before the shadow, or use a picture with space around the product.",
        )
    return dark
