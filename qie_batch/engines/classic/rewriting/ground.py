"""What is behind the letters of a line, and whether it can be painted over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from qie_batch.engines.classic.rewriting.refusals import no_ground

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qie_batch.engines.classic.rewriting.frame import Frame
    from qie_batch.vision.arrays import Flags, Floats

#: Levels of 255 within which a pixel is ground, whatever its noise, and from which it is a letter.
_LEAST, _MOST = 10.0, 40.0
#: Noise in levels beyond which no patch of ground would look like its neighbours.
_MOST_NOISE = 16.0
#: Reaches of the changes that bend the surface, in units of the line's height, and levels within which a
#: pixel then counts as ground: in the line, and at its edge, where there are no letters.
_REACHES, _LIKELY, _AT_EDGE = (1.0, 0.6, 0.4, 0.4), 26.0, 70.0
#: Shares of the line, and of the band at its edge, that must be ground; of the band of a tightened frame.
_LEAST_GROUND, _LEAST_BAND, _TIGHT_BAND = 0.35, 0.8, 0.92
#: Levels of grain, in the mean, that need not be painted.
_NO_GRAIN = 0.15
#: The band, in units of the line's height.
_BAND = 0.13
#: Steps of the fit, and pixels that it looks at.
_STEPS, _SAMPLE = 12, 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A surface of the second degree for each channel of a patch."""

    #: (height, width, 3).
    surface: Floats
    #: Levels by which a pixel differs from the surface, in its worst channel.
    residue: Floats
    #: Usual residue of the ground, and the one from which a pixel is a letter.
    noise: float
    limit: float

    @classmethod
    def behind(cls, patch: Floats, frame: Frame, valid: Flags) -> Self:
        """Rejected (text_background) where the ground is not even enough."""
        line = _boxed(patch.shape[:2], frame.box) & valid
        edge = line & ~_boxed(patch.shape[:2], frame.box, -round(_BAND * frame.height * frame.scale))
        surface = _fitted(patch, line, edge)
        surface = _bent(patch, surface, frame.height * frame.scale, valid, edge)
        residue = np.abs(patch - surface).max(axis=-1)
        near = residue[line & (residue < _MOST)]
        if near.size < _LEAST_GROUND * line.sum():
            raise no_ground("it is not even behind the letters")
        noise = _noise(residue, line)
        limit = float(np.clip(4.0 * noise, _LEAST, _MOST))
        ground = residue < limit
        least = _TIGHT_BAND if frame.tight else _LEAST_BAND
        if noise > _MOST_NOISE:
            raise no_ground("it has too much texture")
        if ground[line].mean() < _LEAST_GROUND or ground[edge].mean() < least:
            raise no_ground("it is not even behind the letters")
        return cls(surface=surface, residue=residue, noise=noise, limit=limit)


def _noise(residue: Floats, line: Flags) -> float:
    near = residue[line & (residue < _MOST)]
    return 1.4826 * float(np.median(near)) if near.size else 0.0


def _bent(patch: Floats, surface: Floats, height: float, valid: Flags, edge: Flags) -> Floats:
    """The surface with the slow changes that the second degree does not follow, also farther away."""
    likely = np.where(edge, _AT_EDGE, _LIKELY)
    for reach in (height * share for share in _REACHES):
        ground = valid & (np.abs(patch - surface).max(axis=-1) < likely)
        weight = blurred(ground.astype(np.float32), reach)
        rest = blurred(np.where(ground[..., None], patch - surface, 0), reach)
        surface = (surface + rest / np.maximum(weight, 0.05)[..., None]).astype(np.float32)
    return surface


def blurred(values: Floats, reach: float) -> Floats:
    """By a Gaussian of this many pixels, computed on a small copy where these are many."""
    height, width = values.shape[:2]
    factor = max(1, int(reach / 4))
    if factor == 1:
        same: Floats = cv2.GaussianBlur(values, (0, 0), reach)
        return same
    size = (-(-width // factor), -(-height // factor))
    small = cv2.GaussianBlur(cv2.resize(values, size, interpolation=cv2.INTER_AREA), (0, 0), reach / factor)
    large: Floats = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return large


def _boxed(shape: tuple[int, int], box: tuple[int, int, int, int], grown: int = 0) -> Flags:
    left, top, right, bottom = box
    flags = np.zeros(shape, np.bool_)
    flags[max(0, top - grown) : bottom + grown, max(0, left - grown) : right + grown] = True
    return flags


def _fitted(patch: Floats, line: Flags, edge: Flags) -> Floats:
    """The surface through the ground of the line: begun at its edge, where there are no letters."""
    rows, columns = np.nonzero(line)
    step = max(1, rows.size // _SAMPLE)
    rows, columns = rows[::step], columns[::step]
    terms, colours = _terms(rows, columns, patch.shape), patch[rows, columns]
    weights = edge[rows, columns].astype(np.float64)
    factors = np.zeros((terms.shape[1], 3))
    for number in range(_STEPS):
        heavy = terms * weights[:, None]
        flat = 1e-3 * weights.sum() * np.diag([0, 0, 0, 1, 1, 1])
        factors = np.linalg.solve(heavy.T @ terms + flat + 1e-6 * np.eye(6), heavy.T @ colours)
        residue = np.abs(colours - terms @ factors).max(axis=1)
        reach = max(_LEAST, 40.0 * 0.75**number)
        weights = np.square(np.clip(1 - np.square(residue / reach), 0, None))
        if weights.sum() < 12:
            break
    height, width = patch.shape[:2]
    every = np.mgrid[0:height, 0:width].reshape(2, -1)
    surface = _terms(every[0], every[1], patch.shape) @ factors
    return surface.reshape(patch.shape).astype(np.float32)


def _terms(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, ...]) -> Floats:
    y, x = 2.0 * rows / shape[0] - 1, 2.0 * columns / shape[1] - 1
    return np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=1).astype(np.float32)


def painted_over(patch: Floats, ground: Ground, hidden: Flags, usable: Flags) -> Floats:
    """The patch with ground in the place of what is hidden; `usable` are pixels of ground.

    The slow changes go on from the pixels around, the grain is that of the ground nearby.
    """
    rest = np.where(usable[..., None], patch - ground.surface, 0)
    slow = _continued(rest, usable)
    grain = np.where(usable[..., None], rest - slow, 0)
    return np.where(hidden[..., None], ground.surface + slow + _moved(grain, hidden, usable), patch)


def _continued(rest: Floats, usable: Flags) -> Floats:
    """The mean of the usable pixels nearby, of the nearest where there are some."""
    known = usable.astype(np.float32)
    slow = np.zeros_like(rest)
    for reach in (32.0, 12.0, 5.0):
        weight = blurred(known, reach)
        near = blurred(rest, reach) / np.maximum(weight, 1e-6)[..., None]
        share = np.clip((weight - 0.02) / 0.1, 0, 1)[..., None]
        slow = share * near + (1 - share) * slow
    return slow


def _moved(grain: Floats, hidden: Flags, usable: Flags) -> Floats:
    """The grain of other places in those that are hidden: moved by what brings most of it there."""
    filled, missing = np.zeros_like(grain), hidden.copy()
    if float(np.abs(grain).mean()) < _NO_GRAIN:
        return filled
    height = hidden.shape[0]
    moves = [(down, across) for down in range(-height // 2, height // 2, 3) for across in (-7, 5, 23, -31)]
    for down, across in sorted(moves, key=lambda move: abs(move[0]) + abs(move[1])):
        if not missing.any():
            break
        source = np.roll(usable, (down, across), (0, 1)) & missing
        filled[source] = np.roll(grain, (down, across), (0, 1))[source]
        missing &= ~source
    return filled
