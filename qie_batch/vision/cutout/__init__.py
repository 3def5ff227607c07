"""Segments a product from a plain backdrop, in a small copy of the image.

The backdrop is what can be reached from the border of the image without crossing a sharp edge, as long as its
colour is the backdrop's, in more or in less light: a shadow and a brighter centre have soft edges, a product
has sharp ones, even where it is as white as the paper. The mask is then tested for everything that speaks
against it, and Rejected where something does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.vision.cutout import backdrop, doubts, edge, growth
from qie_batch.vision.cutout.contours import Contours
from qie_batch.vision.cutout.values import Cutout, Scene

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Pixels

__all__ = ["Cutout", "find_product"]

#: Pixels of the longer side of the copy in which the product is segmented.
_WORKING_SIDE = 640


def find_product(pixels: Pixels) -> Cutout:
    """The cut-out of an image of any size; Rejected (background_not_plain, product_not_found) in doubt."""
    scene = Scene.of(pixels, _WORKING_SIDE)
    border = backdrop.fitted_to_border(scene)
    contours = Contours.of(scene, border)
    ground = growth.first_ground(border, contours)
    doubts.require_even_light(border, ground)
    surface = backdrop.fitted_to_ground(scene, border, ground)
    grown = growth.grow(surface, contours)
    mask = edge.decided(scene, surface, grown.ground)
    note = doubts.examined(scene, surface, contours, grown, mask)
    rgb = backdrop.rgb(surface)
    return Cutout(mask=mask, backdrop=rgb, shade=edge.shade(scene.rgb, rgb, mask), note=note)
