"""Tells what a person should look at in a selection that is made nevertheless."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.recolour import refusals
from qie_batch.engines.classic.recolour.parts import parts_of
from qie_batch.engines.classic.recolour.survey import dilated

if TYPE_CHECKING:
    from qie_batch.colours import HueFamily
    from qie_batch.engines.classic.recolour.selection import Selection
    from qie_batch.engines.classic.recolour.survey import Survey

#: HSV hue in the middle of what skin has.
_SKIN_HUE = 25.0
#: The most of a selection that may be outside of the family that skin belongs to, and by how many degrees.
_FOREIGN, _FOREIGN_BY = 0.2, 2.0
#: The gap, as a share of the longer side, from which an area is apart; its least share of the selection.
_GAP, _LEAST_APART = 0.03, 0.005
#: Degrees of hue from the largest area, share of the core's lightness, and share of the selection.
_OTHER_TONE, _LIT, _LEAST_TONE = 12.0, 0.7, 0.03


def leaves_the_hues_of_skin(survey: Survey, family: HueFamily, selection: Selection) -> bool:
    """Whether the selection is of another family for a large part, so that the named one is less than it."""
    if not family.first <= _SKIN_HUE <= family.last:
        return False
    foreign = selection.flags & (survey.away(family) > _FOREIGN_BY)
    return bool(foreign.sum() > _FOREIGN * selection.flags.sum())


def doubts(survey: Survey, family: HueFamily, selection: Selection) -> list[str]:
    """Notes of areas that change and that may not have been meant."""
    name = refusals.named(family)
    notes = []
    if _is_scattered(selection):
        notes.append(f"separate areas of {name} were changed, too")
    if _has_other_tones(survey, selection):
        notes.append(f"areas of another tone of {name} were changed, too")
    return notes


def _is_scattered(selection: Selection) -> bool:
    """Whether areas lie apart from the largest one and from all that is near it."""
    flags = selection.flags
    reach = round(_GAP * max(flags.shape)) | 1
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(dilated(flags, reach).astype(np.uint8))
    areas = np.bincount(labels[flags], minlength=len(stats))
    areas[areas.argmax()] = 0
    return bool(areas.max() > _LEAST_APART * flags.sum())


def _has_other_tones(survey: Survey, selection: Selection) -> bool:
    """Whether well-lit areas between edges have another hue than the largest area."""
    parts = parts_of(survey, selection.flags, survey.edges)
    turned = np.abs((parts.hue - parts.hue[parts.area.argmax()] + 180) % 360 - 180)
    lit = parts.light > _LIT * float(np.median(survey.lab[..., 0][selection.core]))
    vivid = parts.chroma > 0.5 * float(np.median(survey.chroma[selection.core]))
    total = parts.area.sum()
    found = parts.area[(turned > _OTHER_TONE) & lit & vivid & (parts.area > _LEAST_TONE / 10 * total)]
    return bool(found.sum() > _LEAST_TONE * total)
