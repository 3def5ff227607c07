"""Selects the pixels of a hue family: sure pixels, and from there on what no edge divides from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.recolour.parts import SHADE_CONTACT, Parts, contact, parts_of
from qie_batch.engines.classic.recolour.survey import CHROMATIC, Flags, Survey, dilated

if TYPE_CHECKING:
    from qie_batch.engines.classic.canvas import Floats
    from qie_batch.engines.classic.colours import HueFamily

#: A sure pixel has this share of the chroma of the most vivid ones; a higher one where skin has the hue.
_VIVID, _VIVID_BESIDE_SKIN = 0.33, 0.52
#: Degrees of hue in the neighbourhood of skin.
_SKIN_HUES = (-5.0, 50.0)
#: Degrees beside the hues of the sure pixels into which a selection may grow.
_DRIFT, _FREE_DRIFT = 9.0, 15.0
#: Degrees of Lab hue around 45 where skin, hair and wood are.
_NEAR_SKIN = 65.0
#: The same for vivid sides, and dark ones, of the product in other light.
_SIDE_DRIFT, _DARK_DRIFT = 20.0, 34.0
#: The share of the outline of a side, and of a dark fold, that must touch the selection.
_SIDE_CONTACT, _FOLD_CONTACT = 0.4, 0.5
#: Share of the core's chroma at the same lightness from which a pixel may be the core's highlight or shadow.
_LEAST_PRESENCE = 0.42
#: The same for a pixel outside of the selection into which the colour goes on.
_OPEN_PRESENCE = 0.25
#: Lab units of lightness a pixel from which there is an edge.
_LIGHT_EDGE = 4.0
#: Lab chroma below which a hue is noise.
_FAINT = 3.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Pixels of one hue in a Survey."""

    flags: Flags
    #: The sure pixels among them.
    core: Flags
    #: Of the same hue and not selected.
    barred: Flags


def sure(survey: Survey, family: HueFamily, within: Flags) -> Flags:
    """Pixels that clearly have the family's colour, without specks."""
    brightest = survey.rgb.max(axis=-1).astype(np.float32)
    saturation = 1 - survey.rgb.min(axis=-1) / np.maximum(brightest, 1)
    found: Flags = within & (survey.away(family) <= 2) & (survey.chroma > CHROMATIC) & (saturation > 0.18)
    if not found.any():
        return found
    near_skin = family.first < _SKIN_HUES[1] or family.last > 360 + _SKIN_HUES[0] - 10
    vivid = _VIVID_BESIDE_SKIN if near_skin else _VIVID
    found &= survey.chroma > vivid * _expected(survey, found, 85)
    opened = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(found & dilated(opened > 0, 5))


def _expected(survey: Survey, core: Flags, percentile: float) -> Floats:
    """The core's chroma at the lightness of each pixel: less in shadow, less towards a white highlight."""
    light = survey.lab[..., 0]
    middle = min(max(float(np.median(light[core])), 1), 95)
    full = float(np.percentile(survey.chroma[core], percentile))
    expected: Floats = full * np.clip(np.minimum(light / middle, (100 - light) / (100 - middle)), 0.15, 1)
    return expected


def grown(survey: Survey, core: Flags, within: Flags) -> Selection:
    """The core with its highlights, folds and shadows: areas of its hue that lie along its outline."""
    weak = _alike(survey, core) & within
    reached = core
    parts = parts_of(survey, weak & ~core, survey.edges)
    same = _same_hue(survey, core, parts)
    for _ in range(2):
        shades = same & (contact(parts.labels, reached, len(parts.area)) > SHADE_CONTACT)
        reached = reached | shades[parts.labels]
    reached = reached | _other_sides(survey, core, reached, within)
    reached = reached | _dark_folds(survey, core, reached, within)
    near = dilated(reached, 3)
    reached = reached | (near & weak)
    rest = (weak & ~reached & (survey.chroma > 6)).astype(np.uint8)
    barred = cv2.morphologyEx(rest, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0
    return Selection(flags=reached, core=core, barred=barred)


def _turned(survey: Survey, core: Flags) -> tuple[Floats, float]:
    """Degrees of Lab hue from the core's mean, of pixels; the mean itself."""
    a, b = survey.lab[..., 1], survey.lab[..., 2]
    mean = float(np.degrees(np.arctan2(b[core].mean(), a[core].mean())))
    turned: Floats = ((np.degrees(np.arctan2(b, a)) - mean + 180) % 360 - 180).astype(np.float32)
    return turned, mean


def _alike(survey: Survey, core: Flags) -> Flags:
    """Pixels whose hue is the core's; the paler, the more it may differ."""
    turned, mean = _turned(survey, core)
    low, high = np.percentile(turned[core], [4, 96])
    slack = _drift(mean) + np.degrees(np.arctan2(1.5, np.maximum(survey.chroma, 0.1)))
    present = (survey.chroma > _LEAST_PRESENCE * _expected(survey, core, 60)) & (survey.chroma > _FAINT)
    alike: Flags = (turned > low - slack) & (turned < high + slack) & present
    return alike


def _drift(hue: float) -> float:
    return _DRIFT if abs((hue - 45 + 180) % 360 - 180) < _NEAR_SKIN else _FREE_DRIFT


def _same_hue(survey: Survey, core: Flags, parts: Parts) -> Flags:
    """By number, the areas whose mean hue is the core's; skin, hair and wood beside a vivid red are not."""
    turned, mean = _turned(survey, core)
    low, high = np.percentile(turned[core], [10, 90])
    away = (parts.hue - mean + 180) % 360 - 180
    drift = _drift(mean)
    same: Flags = (away > low - drift) & (away < high + drift)
    same[0] = False
    return same


def _other_sides(survey: Survey, core: Flags, reached: Flags, within: Flags) -> Flags:
    """Sides of the product in warmer or colder light: as vivid for their lightness, and beside it."""
    turned, _mean = _turned(survey, core)
    light = survey.lab[..., 0]
    darker = light < 0.75 * float(np.median(light[core]))
    vivid = (survey.chroma > 0.75 * _expected(survey, core, 60)) & (survey.chroma > 6)
    turned = np.abs(turned)
    sides = within & ~reached & vivid & ((turned < _SIDE_DRIFT) | (darker & (turned < _DARK_DRIFT)))
    return _beside(survey, sides, reached, _SIDE_CONTACT)


def _dark_folds(survey: Survey, core: Flags, reached: Flags, within: Flags) -> Flags:
    """Areas that the selection surrounds for the most part and that are too dark to have a hue."""
    light = survey.lab[..., 0]
    dark = light < min(22.0, 0.5 * float(np.median(light[core])))
    faint = (survey.chroma < 10) & (survey.chroma > 0.6 * _expected(survey, core, 60))
    return _beside(survey, within & ~reached & dark & faint, reached, _FOLD_CONTACT)


def pale_share(survey: Survey, selection: Selection) -> float:
    """The share of the selection with much less chroma than its core has."""
    pale = selection.flags & (survey.chroma < 0.7 * _expected(survey, selection.core, 50))
    return float(pale.sum()) / max(int(selection.flags.sum()), 1)


def openness(survey: Survey, selection: Selection) -> float:
    """The longest piece of the outline where the colour goes on without an edge, as a share of it."""
    flags = selection.flags.astype(np.uint8)
    ring = (cv2.dilate(flags, np.ones((3, 3), np.uint8)) > 0) & ~selection.flags & survey.valid
    light = cv2.GaussianBlur(survey.lab[..., 0], (3, 3), 0)
    slope = np.hypot(*(cv2.Sobel(light, cv2.CV_32F, *way) / 8 for way in ((1, 0), (0, 1))))
    edge = survey.edges | (cv2.dilate(slope, np.ones((3, 3), np.uint8)) > _LIGHT_EDGE)
    turned, _mean = _turned(survey, selection.core)
    alike = (np.abs(turned) < 45) & (survey.chroma > _OPEN_PRESENCE * _expected(survey, selection.core, 60))
    goes_on = (ring & alike & ~edge & (survey.chroma > _FAINT)).astype(np.uint8)
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(goes_on, connectivity=8)
    longest = int(stats[1:, cv2.CC_STAT_AREA].max()) if len(stats) > 1 else 0
    return longest / max(int(ring.sum()), 1)


def _beside(survey: Survey, flags: Flags, reached: Flags, least: float) -> Flags:
    parts = parts_of(survey, flags, survey.edges)
    found: Flags = contact(parts.labels, reached, len(parts.area)) > least
    found[0] = False
    return found[parts.labels]
