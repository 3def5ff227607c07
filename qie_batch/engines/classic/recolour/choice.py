"""Chooses what a recolour changes, or refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.recolour import refusals
from qie_batch.engines.classic.recolour.doubts import doubts, leaves_the_hues_of_skin
from qie_batch.engines.classic.recolour.ground import border_share
from qie_batch.engines.classic.recolour.parts import Parts, main_group, parts_of
from qie_batch.engines.classic.recolour.selection import (
    Selection,
    grown,
    left_over,
    near_skin,
    openness,
    pale_share,
    strayed,
    sure,
    weak_outline,
)
from qie_batch.engines.classic.recolour.survey import dilated

if TYPE_CHECKING:
    from qie_batch.colours import HueFamily
    from qie_batch.engines.classic.recolour.ground import Ground
    from qie_batch.engines.classic.recolour.survey import Survey
    from qie_batch.vision.arrays import Flags

#: Shares of the image or, where it is known, the product.
_LEAST, _MOST = 0.02, 0.85
_LEAST_OF_PRODUCT = 0.015
#: The share of the border from which an area may be background, and from which a cut-out is worth its time.
_BACKDROP, _TOUCHES = 0.30, 0.02
#: The share of the upper border from which an area may be the sky or a wall.
_SKY = 0.4
#: The most that may be of the hue and not selected, as a share of what is selected.
_OTHERS = 0.08
#: The most that may be likely of the colour beside a selection and not in it, and from where it is noted.
_LEFT, _LEFT_NOTED = 0.04, 0.01
#: The most of a selection that may be paler than its core, and of its outline where no edge ends the colour.
_PALE, _OPEN, _OPEN_BESIDE_SKIN = 0.4, 0.08, 0.05
#: The most of its outline that may have the same colour on both sides.
_WEAK, _WEAK_OF_GROWN = 0.3, 0.14
#: The most of a selection that may have another hue than its core without being in shadow.
_STRAYED = 0.12
#: The most that a selection may be, times its core.
_GROWTH, _MOST_GROWTH, _MOST_GROWTH_BESIDE_SKIN = 2.5, 6.0, 1.5
#: The least share of a product that a colour like skin's must have: of a cut-out, of given transparency.
_SKIN_OF_PRODUCT, _SKIN_OF_GIVEN = 0.4, 0.15
#: Lab chroma from which a colour is too vivid for skin, hair or wood.
_VIVID = 46


def chosen(survey: Survey, family: HueFamily, ground: Ground) -> tuple[Selection, list[str]]:
    """The selection with notes of what a person should check; Rejected where it would be a guess."""
    core = sure(survey, family, survey.valid)
    if not core.any():
        raise refusals.not_found(family, survey, ground.product() if ground.given else None)
    product = _product(survey, family, core, ground)
    if product is None and core.sum() > _MOST * survey.valid.sum():
        raise refusals.everywhere(family)
    if product is not None:
        core = sure(survey, family, survey.valid & product)
        if not core.any():
            raise refusals.not_found(family, survey, product)
    parts = parts_of(survey, core, survey.edges)
    group = _group(survey, parts, known=product is not None)
    main = group[parts.labels]
    selection = grown(survey, main, survey.valid if product is None else product)
    others = int((core & ~dilated(selection.flags, 5)).sum())
    notes = _checked_others(family, parts, group, selection, others, known=product is not None)
    _check_extent(survey, family, selection, product)
    beside, near = left_over(survey, selection, survey.valid if product is None else product)
    if beside > _LEFT:
        raise refusals.several(family)
    if near > _LEFT_NOTED and not notes:
        notes = [_small_others(family)]
    _check_skin(family, parts, group, selection, ground)
    if product is None:
        if leaves_the_hues_of_skin(survey, family, selection):
            raise refusals.like_skin(family)
        notes += doubts(survey, family, selection)
    return selection, notes


def own_family(survey: Survey, ground: Ground) -> HueFamily:
    """The hue of most of the product; Rejected where there is none."""
    product = ground.product()
    if product is None:
        raise refusals.no_product()
    ranked = refusals.shares(survey, product)
    chromatic = sum(share for _family, share in ranked)
    family, first = ranked[0]
    if first < 0.2 or first < 0.6 * chromatic:
        raise refusals.no_own_colour(survey, product)
    return family


def _product(survey: Survey, family: HueFamily, core: Flags, ground: Ground) -> Flags | None:
    """The product where it matters: the colour reaches the border, or there is little of it."""
    share = float(core.sum()) / max(int(survey.valid.sum()), 1)
    if not ground.given and border_share(core) < _TOUCHES and share > 2 * _LEAST:
        return None
    product = ground.product()
    if product is None or ground.given:
        return product
    outside = core & ~product
    if outside.sum() > 0.1 * core.size:
        inside = core & product
        if not inside.any():
            raise refusals.backdrop(family)
        apart = survey.lab[inside].mean(axis=0) - survey.lab[outside].mean(axis=0)
        if float(np.linalg.norm(apart)) < 28:
            raise refusals.backdrop(family)
    return dilated(product, 3)


def _group(survey: Survey, parts: Parts, *, known: bool) -> Flags:
    """By number, the areas to change: of one colour in a scene, of one hue on a known product."""
    group = main_group(parts)
    if not near_skin(survey, group[parts.labels]):
        group = group | parts.akin(group)
    if not known:
        group &= ~_cut_by_border(parts, group)
    if known:
        vivid = _chroma(parts, group) > _VIVID
        group = (parts.area > 0) & (group | ~(parts.like_skin() & vivid))
    total = float(parts.area[group].sum())
    large = group & (parts.area >= 0.004 * total)
    if parts.area[large].sum() > 0.85 * total:
        reach = max(3, round(0.012 * max(parts.labels.shape))) | 1
        near = dilated(large[parts.labels], reach)
        inside = np.bincount(parts.labels[near], minlength=len(group))
        group = large | (group & (inside > 0.5 * parts.area))
    return group & ~_in_skin(survey, parts, group)


def _cut_by_border(parts: Parts, group: Flags) -> Flags:
    """By number, lesser areas at the border of the image where the largest lies inside of it."""
    labels = parts.labels
    met = np.bincount(
        np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]), minlength=len(group)
    )
    largest = int(np.argmax(np.where(group, parts.area, 0)))
    if met[largest]:
        return np.zeros_like(group)
    return np.asarray(met > 0)


def _chroma(parts: Parts, group: Flags) -> float:
    return float(np.average(parts.chroma[group], weights=parts.area[group]))


def _in_skin(survey: Survey, parts: Parts, group: Flags) -> Flags:
    """By number, small areas with skin all round, such as lips."""
    hue, light = survey.angle, survey.lab[..., 0]
    skin = (hue > 22) & (hue < 82) & (survey.chroma > 8) & (survey.chroma < 48) & (light > 25)
    skin &= ~group[parts.labels]
    total = parts.area[group].sum()
    found = np.zeros_like(group)
    for number in np.flatnonzero(group & (parts.area < 0.1 * total) & (parts.area > 0.0015 * total)):
        flags = parts.labels == number
        ring = dilated(flags, 9) & ~flags
        found[number] = float(skin[ring].mean()) > 0.5
    return found


def _checked_others(
    family: HueFamily, parts: Parts, group: Flags, selection: Selection, others: int, *, known: bool
) -> list[str]:
    """A note of areas of the hue that stay as they are; Rejected where they are large."""
    reached = np.bincount(parts.labels[selection.flags], minlength=len(group))
    left = (parts.area > 0) & (reached < 0.5 * parts.area)
    total = float(selection.flags.sum())
    if others < 0.015 * total:
        return []
    dull = left & parts.like_skin() & (parts.chroma < 0.7 * _chroma(parts, group))
    if others - float(parts.area[dull].sum()) > _OTHERS * total:
        raise refusals.several(family)
    if others > _OTHERS * total:
        if _chroma(parts, group) < _VIVID and not known:
            raise refusals.like_skin(family)
        return [f"paler {refusals.named(family)} such as skin, hair or wood was left as it was"]
    return [_small_others(family)]


def _small_others(family: HueFamily) -> str:
    return f"small other areas of {refusals.named(family)} were left as they were"


def _check_extent(survey: Survey, family: HueFamily, selection: Selection, product: Flags | None) -> None:
    area = float(selection.flags.sum())
    valid = float(survey.valid.sum())
    least = _LEAST * valid if product is None else min(_LEAST * valid, _LEAST_OF_PRODUCT * product.sum())
    if area < least:
        raise refusals.not_found(family, survey, product)
    if product is None and area > _MOST * valid:
        raise refusals.everywhere(family)
    growth, weak = area / selection.core.sum(), weak_outline(survey, selection)
    skin = near_skin(survey, selection.core)
    if growth > (_MOST_GROWTH_BESIDE_SKIN if skin else _MOST_GROWTH) or weak > (
        _WEAK if growth < _GROWTH else _WEAK_OF_GROWN
    ):
        raise refusals.no_edge(family)
    if strayed(survey, selection) > _STRAYED:
        raise refusals.no_edge(family)
    most_open = _OPEN_BESIDE_SKIN if skin else _OPEN
    if pale_share(survey, selection) > _PALE or openness(survey, selection) > most_open:
        raise refusals.no_edge(family)
    top = float(selection.flags[0].mean())
    if product is None and (border_share(selection.flags) > _BACKDROP or top > _SKY):
        raise refusals.backdrop(family)


def _check_skin(family: HueFamily, parts: Parts, group: Flags, selection: Selection, ground: Ground) -> None:
    """What has the colour of skin must be most of a product, in one piece: else it may be a face."""
    skin = float(parts.area[group & parts.like_skin()].sum())
    if skin < 0.3 * parts.area[group].sum():
        return
    product = ground.product()
    if product is None:
        raise refusals.like_skin(family)
    area = float(selection.flags.sum())
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(selection.flags.astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    pieces = areas[areas < 0.3 * areas.max()].sum()
    if ground.given:
        if area < _SKIN_OF_GIVEN * product.sum():
            raise refusals.like_skin(family)
    elif (
        area < _SKIN_OF_PRODUCT * product.sum()
        or pieces > 0.05 * areas.max()
        or border_share(selection.flags) > 0.01
    ):
        raise refusals.like_skin(family)
