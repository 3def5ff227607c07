"""Where the content of an image went in its edit: one zoom, rotation and shift, to a fraction of a pixel.

Points are tracked in the strength of edges, relative to the edges around: colours, light and contrast may
change, and what was replaced is left out because it agrees on no motion. Points come from the edited image,
too, where most of the first image is gone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from typing import Self

    from qie_batch.vision.arrays import Pixels

Points: TypeAlias = NDArray[np.float64]
#: [[a, -b, x], [b, a, y]]: pixels of the first image to pixels of the second.
Matrix: TypeAlias = NDArray[np.float64]

#: Pixels of the longer side of the copies in which points are tracked.
SIDE = 640
#: Points of each image.
_POINTS = 400
#: The slope, in levels a pixel, that counts as half an edge where there are no others.
_FAINT = 6.0
#: Pixels at least of the longer side of the smallest copy in which points are tracked.
_COARSEST = 80
#: Pixels within which the edges around a pixel are, and between two points.
_AROUND, _BETWEEN = 8, 6
#: Pixels by which a point that is tracked forth and back may miss itself, at first and at last.
_BACK, _BACK_AT_LAST = 1.0, 0.5
#: Points that agree, below which those of the second image are tracked, too; the share of all, likewise.
_FEW, _FEW_OF_ALL = 60, 0.35
#: Points that must agree.
_LEAST = 16
#: Pixels of the copy within which a point agrees.
_AGREES = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The motion on which most of what is seen in both images agrees."""

    matrix: Matrix
    #: (n, 2): where the points are in the first image that agree, in its pixels.
    points: Points
    #: Width and height of both images.
    size: tuple[int, int]

    @property
    def zoom(self) -> float:
        """1 for none."""
        return math.hypot(self.matrix[0, 0], self.matrix[1, 0])

    @property
    def degrees(self) -> float:
        """Clockwise, as an image is seen."""
        return math.degrees(math.atan2(self.matrix[1, 0], self.matrix[0, 0]))

    @property
    def shift(self) -> tuple[float, float]:
        """Pixels to the right and downward of what was in the middle."""
        middle = (np.array([self.size]) - 1) / 2
        right, down = (_moved(self.matrix, middle) - middle)[0]
        return float(right), float(down)

    @property
    def moved(self) -> float:
        """Pixels by which one in twenty of the points that agree moved at least."""
        way = np.linalg.norm(_moved(self.matrix, self.points) - self.points, axis=1)
        return float(np.percentile(way, 95))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Where points are in the first and in the second image."""

    first: Points
    second: Points

    @classmethod
    def none(cls) -> Self:
        return cls(np.empty((0, 2)), np.empty((0, 2)))

    def __add__(self, other: _Pairs) -> _Pairs:
        return _Pairs(np.vstack([self.first, other.first]), np.vstack([self.second, other.second]))


def register(before: Pixels, after: Pixels, size: tuple[int, int]) -> Registration | None:
    """The motion from `before` to `after`; None where too little agrees on any.

    Both are RGB copies with a longer side of SIDE or less, of images of `size` (width, height).
    """
    scale = before.shape[1] / size[0]
    first, second = _edges(before), _edges(after)
    points = _points(first)
    pairs = _tracked(first, second, points)
    matrix, agreeing = _common_motion(pairs)
    if agreeing < max(_FEW, _FEW_OF_ALL * len(points)):
        back = _tracked(second, first, _points(second))
        pairs += _Pairs(back.second, back.first)
        points = np.vstack([points, back.second])
        matrix, agreeing = _common_motion(pairs)
    if matrix is None or agreeing < _LEAST:
        return None
    matrix, _ = _fitted(pairs, matrix)
    pairs = _tracked_again(first, second, points, matrix)
    matrix, agrees = _fitted(pairs, matrix)
    if int(agrees.sum()) < _LEAST:
        return None
    places = (pairs.first[agrees] + 0.5) / scale - 0.5
    return Registration(matrix=_scaled(matrix, 1 / scale), points=places, size=size)


def corrected(after: Pixels, registration: Registration) -> Pixels:
    """The second image with its content where that of the first is; a margin that is missing is stretched."""
    return _warped(after, registration, cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)


def followed(before: Pixels, registration: Registration) -> Pixels:
    """The first image, or a small copy of it, with its content where that of the second is."""
    return _warped(before, registration, cv2.INTER_LINEAR)


def _warped(pixels: Pixels, registration: Registration, way: int) -> Pixels:
    height, width = pixels.shape[:2]
    matrix = _scaled(registration.matrix, width / registration.size[0])
    out: Pixels = cv2.warpAffine(pixels, matrix, (width, height), flags=way, borderMode=cv2.BORDER_REPLICATE)
    return out


def _edges(pixels: Pixels) -> Pixels:
    """The strength of edges, relative to its mean around; 85 is the mean."""
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0, 0), 1)
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *way, ksize=3, scale=0.25) for way in ((1, 0), (0, 1)))
    slope = cv2.magnitude(across, down)
    around = cv2.blur(slope, (2 * _AROUND + 1,) * 2)
    edges: Pixels = cv2.convertScaleAbs(slope / (around + _FAINT), alpha=85)
    return edges


def _points(edges: Pixels) -> Points:
    found = cv2.goodFeaturesToTrack(edges, _POINTS, 0.01, _BETWEEN, blockSize=5)
    return np.empty((0, 2)) if found is None else found.reshape(-1, 2).astype(np.float64)


def _follow(
    first: Pixels, second: Pixels, points: Points, guess: Points, window: int, levels: int
) -> tuple[Points, NDArray[np.bool_]]:
    """Where the points are in the second image, and which of them were found."""
    start, hint = (each.astype(np.float32).reshape(-1, 1, 2) for each in (points, guess))
    found, status, _error = cv2.calcOpticalFlowPyrLK(
        first,
        second,
        start,
        hint.copy(),
        winSize=(window, window),
        maxLevel=levels,
        criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 20, 0.01),
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return found.reshape(-1, 2).astype(np.float64), status.ravel() > 0


def _tracked(first: Pixels, second: Pixels, points: Points) -> _Pairs:
    """The points that come back to where they were when they are tracked to the second image and back."""
    if not len(points):
        return _Pairs.none()
    levels = int(np.clip(math.log2(max(first.shape) / _COARSEST), 0, 3))
    there, found = _follow(first, second, points, points, 21, levels)
    back, returned = _follow(second, first, there, there, 21, levels)
    good = found & returned & (np.linalg.norm(back - points, axis=1) < _BACK)
    return _Pairs(points[good], there[good])


def _tracked_again(first: Pixels, second: Pixels, points: Points, matrix: Matrix) -> _Pairs:
    """All points from where the motion takes them, in the first image as the motion makes it.

    At the edge of a product only its inside is alike, which would bias a larger motion.
    """
    size = second.shape[::-1]
    near = cv2.warpAffine(first, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    start = _moved(matrix, points)
    there, found = _follow(near, second, start, start, 15, 0)
    back, returned = _follow(second, near, there, start, 15, 0)
    good = found & returned & (np.linalg.norm(back - start, axis=1) < _BACK_AT_LAST)
    # The mean of both ways has no bias toward either image.
    return _Pairs(_moved(cv2.invertAffineTransform(matrix), (start + back)[good] / 2), there[good])


def _common_motion(pairs: _Pairs) -> tuple[Matrix | None, int]:
    """The motion on which most pairs agree, and how many do."""
    if len(pairs.first) < _LEAST:
        return None, 0
    matrix, agree = cv2.estimateAffinePartial2D(
        pairs.first,
        pairs.second,
        method=cv2.RANSAC,
        ransacReprojThreshold=_AGREES,
        maxIters=1000,
        confidence=0.999,
        refineIters=0,
    )
    return (None, 0) if matrix is None else (matrix, int(agree.sum()))


def _fitted(pairs: _Pairs, matrix: Matrix) -> tuple[Matrix, NDArray[np.bool_]]:
    """The motion that is best for the pairs near it, by Tukey's weights, and which these are."""
    weight = np.zeros(len(pairs.first))
    for _ in range(6):
        miss = np.linalg.norm(_moved(matrix, pairs.first) - pairs.second, axis=1)
        near = miss[miss < 3 * _AGREES]
        usual = float(np.median(near)) if near.size else 0.0
        width = 3 * min(1.0, max(0.15, 1.5 * usual))
        weight = np.clip(1 - (miss / width) ** 2, 0, None) ** 2
        if np.count_nonzero(weight) < _LEAST // 2:
            break
        matrix = _least_squares(pairs, weight / weight.sum())
    return matrix, weight > 0


def _least_squares(pairs: _Pairs, weight: Points) -> Matrix:
    """The similarity with the least sum of weighted squares."""
    from_middle, to_middle = weight @ pairs.first, weight @ pairs.second
    source, target = pairs.first - from_middle, pairs.second - to_middle
    spread = weight @ (source * source).sum(axis=1)
    along = weight @ (source * target).sum(axis=1) / spread
    across = weight @ (source[:, 0] * target[:, 1] - source[:, 1] * target[:, 0]) / spread
    turn = np.array([[along, -across], [across, along]])
    return np.hstack([turn, (to_middle - turn @ from_middle)[:, None]])


def _moved(matrix: Matrix, points: Points) -> Points:
    moved: Points = points @ matrix[:, :2].T + matrix[:, 2]
    return moved


def _scaled(matrix: Matrix, factor: float) -> Matrix:
    """The motion in a copy that is `factor` times as wide; centres of pixels are whole numbers."""
    half = np.array([0.5, 0.5])
    turn = matrix[:, :2]
    shift = (matrix[:, 2] + half - turn @ half) * factor - half + turn @ half
    return np.hstack([turn, shift[:, None]])
