"""Grows the backdrop from the border of the image up to sharp edges.

An outline may have gaps, where a product is as bright as its backdrop. Growing with a disc that does not fit
through a gap does not leak through it; what discs of different sizes reach is compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.vision.cutout.values import Grown, box_of, dilated, disc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.vision.arrays import Flags
    from qie_batch.vision.cutout.contours import Contours
    from qie_batch.vision.cutout.values import Surface

#: Radii of the discs: the usual one, and those that it is compared with.
_RADIUS, _NARROW, _WIDE = 3, 1, 6
#: The least area of a part of the product, and of a hole in it, as shares of the image.
_SPECK, _HOLE = 0.0003, 0.0008
#: Lab lightness from which a backdrop is overexposed: a white print is as white.
_CLIPPED = 99.5


def first_ground(surface: Surface, contours: Contours) -> Flags:
    return _reached(surface.like_shade() & ~dilated(contours.barrier, _RADIUS))


def grow(surface: Surface, contours: Contours) -> Grown:
    narrow, usual, wide = (_ground(surface, contours, radius) for radius in (_NARROW, _RADIUS, _WIDE))
    ground = usual.copy()
    narrow_leak = wide_leak = 0
    strict = surface.light_and_neutral
    for box, inside, area in _parts(narrow & ~usual, 4):
        if _equal(surface, box, inside, strict=strict):
            ground[box] |= inside
        elif area > 20:
            narrow_leak += area
    # Thinner ones are the ringing beside an edge.
    between = cv2.morphologyEx((usual & ~wide).astype(np.uint8), cv2.MORPH_OPEN, disc(_RADIUS)) > 0
    for box, inside, area in _parts(between, 20):
        if not _equal(surface, box, inside, strict=strict):
            wide_leak += area
    holes, uncertain = _holes(surface, contours, ground)
    return Grown(
        ground=ground | holes,
        narrow_leak=narrow_leak,
        wide_leak=wide_leak,
        uncertain_inside=uncertain,
    )


def _ground(surface: Surface, contours: Contours, radius: int) -> Flags:
    barrier = contours.barrier
    alike = surface.like_shade() & ~barrier
    free = _reached(alike & ~dilated(barrier, radius))
    return _without_islands(surface, contours, dilated(free, radius) & alike)


def _reached(free: Flags) -> Flags:
    """What is connected to the border of the image."""
    count, labels = cv2.connectedComponents(free.astype(np.uint8), connectivity=4)
    kept = np.zeros(count, bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        kept[side] = True
    kept[0] = False
    flags: Flags = kept[labels]
    return flags


def _without_islands(surface: Surface, contours: Contours, found: Flags) -> Flags:
    """The ground with specks, and with the steepest parts of shadows, which are islands in it."""
    _count, labels, stats, _ = cv2.connectedComponentsWithStats((~found).astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    largest = int(areas[1:].max(initial=0))
    kept = np.zeros(len(stats), bool)
    for label in range(1, len(stats)):
        if areas[label] < _SPECK * labels.size:
            continue
        box = box_of(stats[label])
        kept[label] = areas[label] > 0.6 * largest or not _is_shade(
            surface, contours, box, labels[box] == label
        )
    ground: Flags = ~kept[labels]
    return ground


def _is_shade(surface: Surface, contours: Contours, box: tuple[slice, slice], inside: Flags) -> bool:
    darker, tint = -surface.lightness[box][inside], surface.tint[box][inside]
    slope, sharpness = contours.slope[box][inside], contours.sharpness[box][inside]
    steep = slope > max(contours.least, 0.5 * float(np.percentile(slope, 95)))
    return bool(
        np.percentile(darker, 2) > -1
        and np.percentile(tint, 95) < 4 + 0.06 * np.percentile(darker, 98)
        and np.percentile(slope, 99) < 3
        and (not steep.any() or np.percentile(sharpness[steep], 75) < 2.4)
    )


def _holes(surface: Surface, contours: Contours, ground: Flags) -> tuple[Flags, int]:
    """Areas enclosed by sharp edges that equal the backdrop (a mug's handle), and doubtful pixels."""
    holes = np.zeros_like(ground)
    uncertain = 0
    strict = surface.light_and_neutral
    clipped = float(np.median(surface.lab[::8, ::8, 0])) > _CLIPPED
    for box, inside, area in _parts(~ground & ~contours.barrier, int(_HOLE * ground.size)):
        if not _equal(surface, box, inside):
            continue
        if clipped or not _equal(surface, box, inside, strict=strict):
            uncertain += area
        else:
            holes[box] |= inside
    return holes, uncertain


def _equal(surface: Surface, box: tuple[slice, slice], inside: Flags, *, strict: bool = False) -> bool:
    distance = surface.distance[box][inside]
    if strict:
        # JPEG's ringing fills the rim of the area.
        padded = cv2.copyMakeBorder(inside.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        inner = cv2.erode(padded, disc(3))[1:-1, 1:-1] > 0
        distance = surface.distance[box][inner] if inner.sum() > 50 else distance
        return bool(np.median(distance) < surface.error and np.percentile(distance, 75) < 2 * surface.error)
    alike = max(1.2, 1.5 * surface.error)
    return bool(np.median(distance) < alike and np.percentile(distance, 90) < 2 * alike)


def _parts(flags: Flags, least: int) -> Iterator[tuple[tuple[slice, slice], Flags, int]]:
    """Box, flags in the box, and area of every connected part of at least so many pixels."""
    _count, labels, stats, _ = cv2.connectedComponentsWithStats(flags.astype(np.uint8), connectivity=4)
    for label in range(1, len(stats)):
        area = int(stats[label, cv2.CC_STAT_AREA])
        if area >= least:
            box = box_of(stats[label])
            yield box, labels[box] == label, area
