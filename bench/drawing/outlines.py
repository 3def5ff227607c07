"""Outlines from a few points, and masks from outlines. Coordinates are pixels of the finished picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

Point = Sequence[float]
Array = np.ndarray

#: Samples drawn for each pixel, across and down; and straight pieces between two points of a curve.
SAMPLES, PIECES = 2, 24
#: Fractional bits of the coordinates that OpenCV takes.
_BITS = 4


def curve(points: Sequence[Point], *, closed: bool = False) -> Array:
    """A smooth line through the points (Catmull-Rom); a third number of a point makes it a corner."""
    at = np.array([point[:2] for point in points], np.float32)
    corner = np.array([len(point) > 2 for point in points])
    count = len(at)
    before, after = np.roll(at, 1, 0), np.roll(at, -1, 0)
    if not closed:
        before[0], after[-1] = at[0], at[-1]
    slope = (after - before) / 2
    slope[corner] = 0
    t = np.linspace(0, 1, PIECES, endpoint=False, dtype=np.float32)[:, None]
    pieces = []
    for index in range(count if closed else count - 1):
        a, b = index, (index + 1) % count
        start, end, leave, arrive = at[a], at[b], slope[a], slope[b]
        pieces.append(
            (2 * t**3 - 3 * t**2 + 1) * start
            + (t**3 - 2 * t**2 + t) * leave
            + (3 * t**2 - 2 * t**3) * end
            + (t**3 - t**2) * arrive
        )
    if not closed:
        pieces.append(at[-1:])
    return np.concatenate(pieces)


def mirrored(points: Sequence[Point], axis: float) -> list[Point]:
    """The closed outline of which the points, from top to bottom, are the right half."""
    other = [point for point in points if point[0] != axis]
    return [*points, *reversed(reflected(other, axis))]


def reflected(points: Sequence[Point], axis: float) -> list[Point]:
    return [(2 * axis - point[0], *point[1:]) for point in points]


def box(left: float, top: float, right: float, bottom: float, radius: float = 0) -> list[Point]:
    """A rectangle with round corners."""
    if not radius:
        return [(left, top, 1), (right, top, 1), (right, bottom, 1), (left, bottom, 1)]
    middles = ((right, top, -1, 1), (right, bottom, -1, -1), (left, bottom, 1, -1), (left, top, 1, 1))
    return [
        (x + across * radius + radius * np.cos(angle), y + down * radius + radius * np.sin(angle), 1)
        for quarter, (x, y, across, down) in enumerate(middles)
        for angle in np.linspace(quarter - 1, quarter, 9) * np.pi / 2
    ]


def ellipse(x: float, y: float, across: float, down: float) -> list[Point]:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return [(x + across * np.cos(angle), y + down * np.sin(angle)) for angle in turn]


def limb(points: Sequence[Point], widths: Sequence[float]) -> list[Point]:
    """The outline of an arm, a leg, a strap: a line through the points with a width at each."""
    line = curve(points)
    along = np.linspace(0, 1, len(line))
    wide = np.interp(along, np.linspace(0, 1, len(widths)), widths)[:, None] / 2
    way = np.gradient(line, axis=0)
    across = np.stack([-way[:, 1], way[:, 0]], 1) / np.maximum(
        np.linalg.norm(way, axis=1, keepdims=True), 1e-6
    )
    there, back = line + across * wide, (line - across * wide)[::-1]
    outline: list[Point] = []
    for side in (there, back):
        outline += [(*side[0], 1), *side[6:-6:6], (*side[-1], 1)]
    return outline


def fill(shape: tuple[int, int], *outlines: Sequence[Point]) -> Array:
    """A float32 mask of (height, width) samples, 1 inside any of the outlines."""
    mask = np.zeros(shape, np.uint8)
    for outline in outlines:
        line = curve(outline, closed=True) * SAMPLES * 2**_BITS
        cv2.fillPoly(mask, [np.rint(line).astype(np.int32)], 255, cv2.LINE_AA, _BITS)
    return mask.astype(np.float32) / 255


def stroke(shape: tuple[int, int], points: Sequence[Point], width: float, soft: float = 0) -> Array:
    """A mask of a line through the points, blurred by `soft`; its largest value stays near 1."""
    mask = np.zeros(shape, np.uint8)
    line = np.rint(curve(points) * SAMPLES * 2**_BITS).astype(np.int32)
    cv2.polylines(
        mask,
        [line],
        isClosed=False,
        color=255,
        thickness=max(1, round(width * SAMPLES)),
        lineType=cv2.LINE_AA,
        shift=_BITS,
    )
    return blur(mask.astype(np.float32) / 255, soft)


def blur(image: Array, radius: float) -> Array:
    """Gaussian; large ones on a smaller copy."""
    sigma = radius * SAMPLES
    if sigma < 0.3:
        return image
    if sigma < 12:
        return cv2.GaussianBlur(image, (0, 0), sigma)
    height, width = image.shape[:2]
    small = cv2.resize(image, (max(width // 6, 1), max(height // 6, 1)), interpolation=cv2.INTER_AREA)
    large = cv2.resize(
        cv2.GaussianBlur(small, (0, 0), sigma / 6), (width, height), interpolation=cv2.INTER_CUBIC
    )
    return cv2.GaussianBlur(large, (0, 0), 3)  # without the pattern of the enlargement


def noise(shape: tuple[int, int], across: float, down: float, seed: int) -> Array:
    """Smooth noise of mean 0 and deviation 1 whose grains are `across` x `down` pixels large."""
    generator = np.random.default_rng(seed)
    height, width = shape
    small = (max(int(height / SAMPLES / down), 4), max(int(width / SAMPLES / across), 4))
    grains = generator.standard_normal(small).astype(np.float32)
    large = cv2.resize(grains, (width, height), interpolation=cv2.INTER_CUBIC)
    return (large - large.mean()) / max(float(large.std()), 1e-6)
