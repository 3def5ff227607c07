"""The areas of one hue between edges, and which of them are one product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from qie_batch.engines.classic.recolour.survey import dilated

if TYPE_CHECKING:
    from qie_batch.engines.classic.recolour.survey import Survey
    from qie_batch.vision.arrays import Flags

Numbers: TypeAlias = NDArray[np.float64]

#: The most by which areas of one colour differ: degrees of Lab hue, ratio of chroma, lightness.
_HUE, _RATIO, _LIGHT = 13.0, 1.5, 24.0
#: The same for hues that neither skin nor wood has.
_AKIN_HUE, _AKIN_RATIO, _AKIN_LIGHT = 22.0, 2.2, 38.0
#: The share of an area's outline that must touch the product if the area is a shade of it.
SHADE_CONTACT = 0.38
#: Areas below this share of the image are judged with their neighbours.
_TINY = 0.0002
#: The share of the longer side up to which edges and tiny areas belong to the nearest larger one.
_REACH = 0.025


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Areas numbered from 1; arrays by number, 0 being all else."""

    labels: NDArray[np.int32]
    area: Numbers
    #: Means in Lab; the hue in degrees.
    light: Numbers
    chroma: Numbers
    hue: Numbers

    def alike(self, number: int) -> Flags:
        turned = np.abs((self.hue - self.hue[number] + 180) % 360 - 180)
        ratio = np.maximum(self.chroma, 1) / max(float(self.chroma[number]), 1)
        same = (turned < _HUE) & (np.maximum(ratio, 1 / ratio) < _RATIO)
        same &= np.abs(self.light - self.light[number]) < _LIGHT
        same[0] = False
        return np.asarray(same)

    def akin(self, group: Flags) -> Flags:
        """Areas that may be the group's colour in other light."""
        light, hue, chroma = (
            float(np.average(each[group], weights=self.area[group]))
            for each in (self.light, self._from(group), self.chroma)
        )
        ratio = np.maximum(self.chroma, 1) / max(chroma, 1)
        same = (np.abs(self._from(group) - hue) < _AKIN_HUE) & (np.maximum(ratio, 1 / ratio) < _AKIN_RATIO)
        return np.asarray(same & (np.abs(self.light - light) < _AKIN_LIGHT) & (self.area > 0))

    def _from(self, group: Flags) -> Numbers:
        """Degrees of hue from the largest area of the group."""
        largest = int(np.argmax(np.where(group, self.area, 0)))
        turned: Numbers = (self.hue - self.hue[largest] + 180) % 360 - 180
        return turned

    def like_skin(self) -> Flags:
        """Of a colour that skin or hair may have."""
        like: Flags = (self.hue >= 30) & (self.hue <= 83) & (self.chroma <= 50)
        return like


def parts_of(survey: Survey, flags: Flags, edges: Flags) -> Parts:
    """The connected areas of `flags` without `edges`; edge pixels go to the nearest area."""
    seeds = (flags & ~edges).astype(np.uint8)
    if not seeds.any():
        seeds = flags.astype(np.uint8)
    count, numbered, stats, _centres = cv2.connectedComponentsWithStats(seeds, connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] >= max(4, _TINY * flags.size)
    if large[1:].any():
        large[0] = False
        seeds = large[numbered].astype(np.uint8)
    distance, nearest = cv2.distanceTransformWithLabels(
        1 - seeds, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_CCOMP
    )
    labels = np.where(flags & (distance < max(8, _REACH * max(flags.shape))), nearest, 0)
    count = int(labels.max()) + 1
    flat = labels.ravel()
    area = np.bincount(flat, minlength=count).astype(np.float64)
    light, a, b = (
        np.bincount(flat, survey.lab[..., channel].ravel(), count) / np.maximum(area, 1)
        for channel in range(3)
    )
    area[0] = 0
    hue = np.degrees(np.arctan2(b, a)) % 360
    return Parts(labels=labels, area=area, light=light, chroma=np.hypot(a, b), hue=hue)


def main_group(parts: Parts) -> Flags:
    """By number, the areas that have the colour with the most pixels and chroma, and their shades."""
    mass = parts.area * parts.chroma
    tries = [int(number) for number in np.argsort(mass)[::-1][:12] if mass[number] > 0]
    main = max(tries, key=lambda number: float(mass[parts.alike(number)].sum()))
    group = parts.alike(main)
    near = np.abs((parts.hue - parts.hue[main] + 180) % 360 - 180) < 1.6 * _HUE
    near &= parts.area > 0
    for _ in range(2):
        group = group | (near & (contact(parts.labels, group[parts.labels], len(group)) > SHADE_CONTACT))
        large = group & (parts.area > 0.05 * parts.area[group].sum())
        for number in np.flatnonzero(large).tolist():
            group = group | (near & parts.alike(number))
    return group


def contact(labels: NDArray[np.int32], flags: Flags, count: int) -> Numbers:
    """By number, the share of the area's outline that touches `flags`."""
    ring = dilated(flags, 5)
    inner = cv2.erode((labels > 0).astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    whole_image = labels.astype(np.float32)
    border = cv2.morphologyEx(whole_image, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    outline = (labels > 0) & (border | ~inner)
    touching = np.bincount(labels[outline & ring], minlength=count)
    share: Numbers = touching / np.maximum(np.bincount(labels[outline], minlength=count), 1)
    return share
