"""A drawn product before a backdrop, and what an edit may make of it."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from qie_batch.gates.evidence import Evidence
from qie_batch.model import Checks, Edited

SIDE = 320


def layers(side=SIDE, seed=3):
    """Colours and cover of a can with a label, letters and a pattern."""
    rng = np.random.default_rng(seed)
    colours = np.full((side, side, 3), (40, 90, 150), np.uint8)
    pattern = cv2.resize(rng.integers(20, 235, (side // 10, side // 10, 3), np.uint8), (side, side))
    label = slice(side * 4 // 10, side * 7 // 10), slice(side * 3 // 10, side * 7 // 10)
    colours[label] = pattern[label] // 3 + 150
    cv2.putText(colours, "NORD 12", (side * 32 // 100, side * 56 // 100), 0, side / 380, (20, 20, 25), 2, 16)
    cover = np.zeros((side, side), np.uint8)
    cv2.rectangle(cover, (side // 4, side // 5), (side * 3 // 4, side * 4 // 5), 255, -1)
    return colours, cv2.GaussianBlur(cover, (0, 0), 0.8)


def on(backdrop, colours, cover):
    share = cover[..., None].astype(np.float32) / 255
    return np.rint(share * colours + (1 - share) * np.array(backdrop)).astype(np.uint8)


def moved(pixels, *, zoom=1.0, degrees=0.0, shift=(0.0, 0.0)):
    """About the middle, clockwise."""
    middle = ((pixels.shape[1] - 1) / 2, (pixels.shape[0] - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, -degrees, zoom)
    matrix[:, 2] += shift
    size = pixels.shape[1::-1]
    return cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def evidence(before, after, instruction="make the background blue", keep=None):
    keep = None if keep is None else Image.fromarray(keep.astype(np.uint8) * 255)
    before, after = (Image.fromarray(np.ascontiguousarray(each)) for each in (before, after))
    return Evidence(Edited(before=before, after=after, instruction=instruction, keep=keep), Checks())
