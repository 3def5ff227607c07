"""Selects the pixels of a hue family: sure pixels, and from there on what no edge divides from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.recolour.outline import cut_out
from qie_batch.engines.classic.recolour.parts import SHADE_CONTACT, contact, parts_of
from qie_batch.engines.classic.recolour.survey import CHROMATIC, Survey, dilated

if TYPE_CHECKING:
    from qie_batch.colours import HueFamily
    from qie_batch.vision.arrays import Flags, Floats

#: A sure pixel has this share of the chroma of the most vivid ones; a higher one where skin has the hue.
_VIVID, _VIVID_BESIDE_SKIN = 0.33, 0.52
#: Degrees of hue in the neighbourhood of skin.
_SKIN_HUES = (-5.0, 50.0)
#: Degrees beside the hues of the sure pixels into which a selection may grow.
_DRIFT, _FREE_DRIFT = 9.0, 15.0
#: Degrees of Lab hue between which skin, hair and wood are.
_SKIN_AND_WOOD = (25.0, 69.0)
#: The same with their lit and shaded sides.
_WARM = (0.0, 100.0)
#: Degrees of hue beside the core's for vivid sides, and dark ones, of the product in other light.
_SIDE_DRIFT, _DARK_DRIFT = 20.0, 34.0
#: The share of the outline of a side, and of a dark fold, that must touch the selection.
_SIDE_CONTACT, _FOLD_CONTACT = 0.4, 0.5
#: Share of the core's chroma at the same lightness from which a pixel may be the core's highlight or shadow.
_LEAST_PRESENCE = 0.42
#: The same for a pixel outside of the selection into which the colour goes on.
_OPEN_PRESENCE = 0.5
#: The share of its outline by which an area of the colour that was left touches the selection.
_LEFT_CONTACT = 0.15
#: The least distance in Lab of the colours on both sides of an outline.
_APART = 9.0
#: Lab units of lightness a pixel from which there is an edge.
_LIGHT_EDGE = 4.0
#: Degrees of hue beside those of the core up to which its shadows and highlights may be.
_WIDE = 32.0
#: How far from the core, by the longer side and by the root of its area, a part of the selection may be.
_REACH, _REACH_BY_SIZE = 0.08, 0.6
#: Share of the core's chroma at the same lightness from which a pixel of its hue likely belongs to it.
_LIKELY, _LIKELY_BESIDE_SKIN = 0.6, 0.8
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
    """The core with its highlights, folds and shadows: all that a graph cut gives to its colours."""
    reached = _grown_once(survey, core, within)
    _turn, mean = _turned(survey, core)
    if not _WARM[0] < mean < _WARM[1]:
        reached = _grown_once(survey, reached, within)
        reached = reached | _shades(survey, core, reached, within)
    if not near_skin(survey, core):
        reached = reached | _other_sides(survey, core, reached, within)
        reached = reached | _dark_folds(survey, core, reached, within)
    rest = (_candidates(survey, core) & within & ~reached).astype(np.uint8)
    barred = cv2.morphologyEx(rest, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0
    return Selection(flags=reached, core=core, barred=barred & ~dilated(reached, 3))


def _grown_once(survey: Survey, core: Flags, within: Flags) -> Flags:
    likely = core if near_skin(survey, core) else _likely(survey, core) & within
    near = max(_REACH * max(core.shape), _REACH_BY_SIZE * float(np.sqrt(core.sum())))
    candidates = _candidates(survey, core) & within
    candidates &= dilated(core, 2 * round(near) + 1) | _touching(likely, core)
    reached = cut_out(survey, core, likely & candidates, candidates)
    return reached | _touching(likely & candidates & ~reached, dilated(reached, 3))


def near_skin(survey: Survey, core: Flags) -> bool:
    """Whether the core's hue is in the neighbourhood of skin, hair and wood."""
    _turn, mean = _turned(survey, core)
    return _SKIN_AND_WOOD[0] < mean < _SKIN_AND_WOOD[1]


def left_over(survey: Survey, selection: Selection, within: Flags) -> tuple[float, float]:
    """What is likely of the colour and not selected, as shares of the selection: beside it, and near it.

    0 for the hues of skin and wood, which may well lie beside a product.
    """
    if near_skin(survey, selection.core):
        return 0.0, 0.0
    flags = selection.flags
    likely = _likely(survey, selection.core) & within & ~dilated(flags, 3)
    solid = cv2.morphologyEx(likely.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    parts = parts_of(survey, solid, survey.edges)
    touching = contact(parts.labels, dilated(flags, 5), len(parts.area)) > _LEFT_CONTACT
    reach = max(_REACH * max(flags.shape), _REACH_BY_SIZE * float(np.sqrt(flags.sum())))
    near = solid & dilated(flags, 2 * round(reach) + 1)
    area = max(int(flags.sum()), 1)
    return float(parts.area[touching].sum()) / area, float(near.sum()) / area


def _likely(survey: Survey, core: Flags) -> Flags:
    """Pixels of nearly the core's hue, and as vivid for their lightness."""
    turned, _mean = _turned(survey, core)
    low, high = np.percentile(turned[core], [4, 96])
    drift, share = (_DRIFT, _LIKELY_BESIDE_SKIN) if near_skin(survey, core) else (_FREE_DRIFT, _LIKELY)
    vivid = (survey.chroma > share * _expected(survey, core, 50)) & (survey.chroma > CHROMATIC / 2)
    likely: Flags = (turned > low - drift) & (turned < high + drift) & vivid
    return likely


def _candidates(survey: Survey, core: Flags) -> Flags:
    turned, _mean = _turned(survey, core)
    low, high = np.percentile(turned[core], [4, 96])
    wide: Flags = (turned > low - _WIDE) & (turned < high + _WIDE) & (survey.chroma > 5)
    return wide


def _touching(flags: Flags, others: Flags) -> Flags:
    """The connected areas of `flags` that share a pixel with `others`."""
    count, labels = cv2.connectedComponents(flags.astype(np.uint8), connectivity=8)
    met = np.zeros(count, bool)
    met[np.unique(labels[others])] = True
    met[0] = False
    return np.asarray(met[labels])


def _turned(survey: Survey, core: Flags) -> tuple[Floats, float]:
    """Degrees of Lab hue from the core's mean, of pixels; the mean itself."""
    a, b = survey.lab[..., 1], survey.lab[..., 2]
    mean = float(np.degrees(np.arctan2(b[core].mean(), a[core].mean())))
    turned: Floats = survey.angle - np.float32(mean)
    turned -= 360 * np.round(turned / 360)
    return turned, mean


def _other_sides(survey: Survey, core: Flags, reached: Flags, within: Flags) -> Flags:
    """Sides of the product in warmer or colder light: as vivid for their lightness, and beside it."""
    turned, _mean = _turned(survey, core)
    light = survey.lab[..., 0]
    darker = light < 0.75 * float(np.median(light[core]))
    vivid = (survey.chroma > 0.75 * _expected(survey, core, 60)) & (survey.chroma > 6)
    turned = np.abs(turned)
    sides = within & ~reached & vivid & ((turned < _SIDE_DRIFT) | (darker & (turned < _DARK_DRIFT)))
    return _beside(survey, sides, reached, _SIDE_CONTACT)


def _shades(survey: Survey, core: Flags, reached: Flags, within: Flags) -> Flags:
    """Dark and dull sides, where noise of the hue counts less the less colour there is."""
    turned, _mean = _turned(survey, core)
    low, high = np.percentile(turned[core], [4, 96])
    slack = _FREE_DRIFT + np.degrees(np.arctan2(1.5, np.maximum(survey.chroma, 0.1)))
    present = (survey.chroma > _LEAST_PRESENCE * _expected(survey, core, 60)) & (survey.chroma > _FAINT)
    shades = within & ~reached & (turned > low - slack) & (turned < high + slack) & present
    return _beside(survey, shades, reached, SHADE_CONTACT)


def _dark_folds(survey: Survey, core: Flags, reached: Flags, within: Flags) -> Flags:
    """Areas that the selection surrounds for the most part and that are too dark to have a hue."""
    light = survey.lab[..., 0]
    dark = light < min(22.0, 0.5 * float(np.median(light[core])))
    faint = (survey.chroma < 10) & (survey.chroma > 0.6 * _expected(survey, core, 60))
    return _beside(survey, within & ~reached & dark & faint, reached, _FOLD_CONTACT)


def _beside(survey: Survey, flags: Flags, reached: Flags, least: float) -> Flags:
    parts = parts_of(survey, flags, survey.edges)
    found: Flags = contact(parts.labels, reached, len(parts.area)) > least
    found[0] = False
    return found[parts.labels]


def strayed(survey: Survey, selection: Selection) -> float:
    """The share of the selection that is well lit and of another hue than the core."""
    turned, _mean = _turned(survey, selection.core)
    low, high = np.percentile(turned[selection.core], [4, 96])
    light = survey.lab[..., 0]
    lit = light > 0.65 * float(np.median(light[selection.core]))
    vivid = survey.chroma > 0.6 * _expected(survey, selection.core, 50)
    other = (turned < low - _FREE_DRIFT) | (turned > high + _FREE_DRIFT)
    return float((selection.flags & lit & vivid & other).sum()) / max(int(selection.flags.sum()), 1)


def weak_outline(survey: Survey, selection: Selection) -> float:
    """The share of the outline on whose two sides the colours are nearly the same."""
    inside = selection.flags.astype(np.float32)
    outside = (survey.valid & ~selection.flags).astype(np.float32)
    means = []
    for side in (inside, outside):
        weight = cv2.boxFilter(side, -1, (7, 7), normalize=False)
        total = cv2.boxFilter(survey.lab * side[..., None], -1, (7, 7), normalize=False)
        means.append(total / np.maximum(weight, 1)[..., None])
    apart = np.linalg.norm((means[0] - means[1]) * np.array([0.6, 1, 1], np.float32), axis=-1)
    flags = selection.flags.astype(np.uint8)
    ring = (cv2.dilate(flags, np.ones((3, 3), np.uint8)) > 0) & (outside > 0)
    return float((ring & (apart < _APART)).sum()) / max(int(ring.sum()), 1)


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
