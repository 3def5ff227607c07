"""Changes hue families to named colours and keeps the shading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.engines.classic.recolour.choice import chosen, own_family
from qie_batch.engines.classic.recolour.ground import Ground
from qie_batch.engines.classic.recolour.painting import Coat, painted
from qie_batch.engines.classic.recolour.survey import surveyed

if TYPE_CHECKING:
    from qie_batch.engines.classic.canvas import Canvas, Cutter
    from qie_batch.engines.classic.edits import HueChange


def recolour(canvas: Canvas, changes: tuple[HueChange, ...], cut: Cutter) -> Canvas:
    """The recoloured image; all changes are selected in the image as it was.

    Rejected where a source colour is not there (colour_not_found), where it is nearly everywhere
    (colour_everywhere), where product, skin and surroundings share it (colour_not_separable), and where the
    product's own colour is meant and there is no product (product_not_found).
    """
    survey = surveyed(canvas.rgb, canvas.alpha)
    ground = Ground(canvas, survey, cut)
    coats: list[Coat] = []
    notes: list[str] = []
    for change in changes:
        family = change.source or own_family(survey, ground)
        selection, doubts = chosen(survey, family, ground)
        coats.append(Coat.of(survey, selection, change.target.rgb))
        notes += doubts
    return canvas.painted(painted(canvas.rgb, coats), *dict.fromkeys(notes))
