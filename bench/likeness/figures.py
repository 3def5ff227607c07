"""Figures of how like an image is to the reference's: PSNR, SSIM, LPIPS, and where the edit is and is not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

#: In the place of infinity, for images that are equal.
MOST_PSNR = 100.0
#: Levels of 255 by which the reference must differ from the input, over a few pixels, to count as edited.
EDITED = 12
#: Pixels around what was edited that belong to it, such as the soft edge of a shadow.
_MARGIN = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    psnr: float
    #: Of the luminance, 1 for equal images.
    ssim: float
    #: None where the package or its weights are missing; 0 for equal images.
    lpips: float | None
    #: Mean difference in levels of 255 where the reference changed the input, and where it did not; None
    #: where there is no such place.
    inside: float | None
    outside: float | None
    #: The share of the image that the reference changed.
    edited: float


def likeness(reference: Pixels, other: Pixels, before: Pixels) -> Likeness:
    """All are (height, width, 3); `before` is the input as the model got it."""
    if not reference.shape == other.shape == before.shape:
        raise ValueError(f"the shapes differ: {reference.shape}, {other.shape} and {before.shape}")
    region = edited_region(before, reference)
    apart = np.abs(reference.astype(np.float32) - other).mean(axis=2)
    return Likeness(
        psnr=psnr(reference, other),
        ssim=ssim(reference, other),
        lpips=lpips(reference, other),
        inside=float(apart[region].mean()) if region.any() else None,
        outside=float(apart[~region].mean()) if not region.all() else None,
        edited=float(region.mean()),
    )


def psnr(a: Pixels, b: Pixels) -> float:
    error = float(np.square(a.astype(np.float64) - b).mean())
    return min(MOST_PSNR, 10 * math.log10(255**2 / error)) if error else MOST_PSNR


def ssim(a: Pixels, b: Pixels) -> float:
    """With the Gaussian window and constants of Wang et al. (2004)."""
    x, y = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in (a, b))

    def blurred(values: NDArray[np.float64]) -> Any:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    mean_x, mean_y = blurred(x), blurred(y)
    variance_x, variance_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
    covariance = blurred(x * y) - mean_x * mean_y
    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    like = (2 * mean_x * mean_y + first) * (2 * covariance + second)
    return float((like / ((mean_x**2 + mean_y**2 + first) * (variance_x + variance_y + second))).mean())


def edited_region(before: Pixels, after: Pixels) -> NDArray[np.bool_]:
    """Where the edit is: what differs by more than the drift of a model that paints everything anew."""
    apart = np.abs(before.astype(np.float32) - after).max(axis=2)
    visible = (cv2.blur(apart, (5, 5)) > EDITED).astype(np.uint8)
    return cv2.dilate(visible, np.ones((_MARGIN, _MARGIN), np.uint8)).astype(bool)


def lpips(a: Pixels, b: Pixels) -> float | None:
    network = _network()
    if network is None:
        return None
    import torch  # noqa: PLC0415 - needed by this figure alone

    tensors = [torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1 for image in (a, b)]
    with torch.no_grad():
        return float(network(*tensors))


@cache
def _network() -> Any:
    """AlexNet's LPIPS on the CPU; None where it is not installed."""
    if find_spec("lpips") is None:
        return None
    import lpips as package  # noqa: PLC0415 - optional

    return package.LPIPS(net="alex", verbose=False).eval()
