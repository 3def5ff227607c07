"""What the gates look at: one image before and after its edit, and what several gates need of both."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.gates.intent import Intent, intent_of
from qie_batch.images.colour import on_white
from qie_batch.vision.arrays import shrunk
from qie_batch.vision.registration import SIDE, followed, register
from qie_batch.vision.silhouette import silhouette

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

    from qie_batch.model import Checks, Edited
    from qie_batch.vision.arrays import Flags, Pixels
    from qie_batch.vision.registration import Registration

#: A kept pixel of a keep-mask is at least so light.
_KEPT = 128


class Evidence:
    """Computed once for all gates, when the first of them asks."""

    def __init__(self, edited: Edited, checks: Checks, channels: Path | None = None) -> None:
        self._edited = edited
        self.checks = checks
        #: Where the user's own channels are.
        self.channels = channels
        self.instruction = edited.instruction
        #: Whether both images had one size without resampling.
        self.same_size = edited.before.size == edited.after.size

    @cached_property
    def after(self) -> Pixels:
        """(height, width, 3), uint8; what is transparent is on white."""
        return np.asarray(on_white(self._edited.after))

    @cached_property
    def before(self) -> Pixels:
        """Likewise, at the size of the result."""
        pixels = np.asarray(on_white(self._edited.before))
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

    @cached_property
    def copies(self) -> tuple[Pixels, Pixels]:
        """Before and after with a longer side of at most SIDE pixels."""
        return shrunk(self.before, SIDE), shrunk(self.after, SIDE)

    @cached_property
    def registration(self) -> Registration | None:
        """Where the content of `before` is in `after`; None where that cannot be told."""
        height, width = self.after.shape[:2]
        return register(*self.copies, (width, height))

    @cached_property
    def followed(self) -> Pixels:
        """The copy of `before`, its content moved to where the copy of `after` has it, if that is known."""
        before = self.copies[0]
        return followed(before, self.registration) if self.registration else before

    @cached_property
    def product(self) -> Flags | None:
        """The pixels of `followed` that stand out of its backdrop; None where that is not plain."""
        return silhouette(self.followed)


def _alpha(image: Image) -> Pixels | None:
    return np.asarray(image.getchannel("A")) if image.mode == "RGBA" else None
