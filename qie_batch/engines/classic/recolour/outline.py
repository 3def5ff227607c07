"""Finds the outline of what has a colour: a graph cut between its colours and all others of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from qie_batch.engines.classic.recolour.survey import Survey
    from qie_batch.vision.arrays import Flags, Pixels

#: Pixels of the longer side at which the colours are learnt.
_SIDE = 400
_ROUNDS, _SEED = 3, 5
#: By how much light and hue count in the distance of two colours.
_LIGHT, _HUE = 1.2, 1.6


def cut_out(survey: Survey, core: Flags, likely: Flags, candidates: Flags) -> Flags:
    """The candidates whose colours are nearer to the core's than to those of all other pixels.

    The inside of the core stays; likely candidates are taken for its colours at first, the others not.
    """
    candidates = candidates | core
    box = _box(candidates, 24)
    colours = _colours(survey)[box]
    core, likely, candidates = core[box], likely[box], candidates[box]
    scale = min(1.0, _SIDE / max(survey.valid.shape))
    small = (max(2, round(core.shape[1] * scale)), max(2, round(core.shape[0] * scale)))
    coarse = _divided(
        cv2.resize(colours, small, interpolation=cv2.INTER_AREA),
        _shrunk(core, small, 0.6),
        _shrunk(likely, small, 0.5),
        _shrunk(candidates, small, 0.3),
    )
    size = core.shape[::-1]
    inside = cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) > 0.5
    inside &= candidates
    found = np.zeros(survey.valid.shape, bool)
    found[box] = inside
    return found


def _divided(colours: Pixels, core: Flags, likely: Flags, candidates: Flags) -> Flags:
    sure = cv2.erode(core.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if sure.sum() < 0.3 * core.sum():
        sure = core
    mask = np.full(core.shape, cv2.GC_BGD, np.uint8)
    mask[candidates] = cv2.GC_PR_BGD
    mask[core | (likely & candidates)] = cv2.GC_PR_FGD
    mask[sure] = cv2.GC_FGD
    if not sure.any() or not (mask == cv2.GC_BGD).any():
        return np.asarray(core | candidates)
    cv2.setRNGSeed(_SEED)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(colours, mask, None, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.asarray((mask & 1) == 1)


def _colours(survey: Survey) -> Pixels:
    shifted = survey.lab * np.array([_LIGHT, _HUE, _HUE], np.float32) + np.array([0, 128, 128], np.float32)
    return np.clip(shifted, 0, 255).astype(np.uint8)


def _shrunk(flags: Flags, size: tuple[int, int], least: float) -> Flags:
    return np.asarray(cv2.resize(flags.astype(np.float32), size, interpolation=cv2.INTER_AREA) > least)


def _box(flags: Flags, margin: int) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero(flags.any(axis=axis)) for axis in (1, 0))
    return (
        slice(max(0, rows[0] - margin), rows[-1] + margin + 1),
        slice(max(0, columns[0] - margin), columns[-1] + margin + 1),
    )
