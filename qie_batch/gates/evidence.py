"""What the gates look at: one image before and after its edit, and what several gates need of both."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.gates.intent import Intent, intent_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from qie_batch.model import Checks, Edited
    from qie_batch.vision.arrays import Flags, Pixels

#: A kept pixel of a keep-mask is at least so light.
_KEPT = 128


class Evidence:
    """Computed once for all gates, when the first of them asks."""

    def __init__(self, edited: Edited, checks: Checks) -> None:
        self._edited = edited
        self.checks = checks
        self.instruction = edited.instruction
        #: Whether both images had one size without resampling.
        self.same_size = edited.before.size == edited.after.size

    @cached_property
    def after(self) -> Pixels:
        """(height, width, 3), uint8; what is transparent is on white."""
        return _on_white(self._edited.after)

    @cached_property
    def before(self) -> Pixels:
        """Likewise, at the size of the result."""
        pixels = _on_white(self._edited.before)
        if self.same_size:
            return pixels
        height, width = self.after.shape[:2]
        resized: Pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
        return resized

    @cached_property
    def after_alpha(self) -> Pixels | None:
        """(height, width), uint8; None for an image without alpha."""
        return _alpha(self._edited.after)

    @cached_property
    def before_alpha(self) -> Pixels | None:
        """Likewise, at the image's own size."""
        return _alpha(self._edited.before)

    @cached_property
    def keep(self) -> Flags | None:
        """(height, width): the pixels that the row keeps; None where it keeps none."""
        keep = self._edited.keep
        return None if keep is None else np.asarray(keep.convert("L")) >= _KEPT

    @cached_property
    def intent(self) -> Intent:
        return intent_of(self.instruction)


def _alpha(image: Image) -> Pixels | None:
    return np.asarray(image.getchannel("A")) if image.mode == "RGBA" else None


def _on_white(image: Image) -> Pixels:
    if image.mode != "RGBA":
        return np.asarray(image.convert("RGB"))
    pixels = np.asarray(image).astype(np.uint16)
    alpha = pixels[..., 3:]
    return ((pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
