"""Where the product is in the small copy of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.errors import Rejected

if TYPE_CHECKING:
    from qie_batch.engines.classic.canvas import Canvas, Cutter
    from qie_batch.engines.classic.recolour.survey import Survey
    from qie_batch.vision.arrays import Flags

#: A cut-out needs this many pixels on the shorter side.
_LEAST_SIDE = 32
#: Of 255, from which a pixel counts as product.
_OPAQUE = 100


class Ground:
    """Searches for the product once, and only if asked, since a cut-out takes time."""

    def __init__(self, canvas: Canvas, survey: Survey, cut: Cutter) -> None:
        self._canvas, self._survey, self._cut = canvas, survey, cut
        self._searched = False
        self._found: Flags | None = None

    @property
    def given(self) -> bool:
        """Whether the image itself says where the product is."""
        return self._canvas.product is not None or not bool(self._survey.valid.all())

    def product(self) -> Flags | None:
        """None where there is no plain backdrop to tell it from."""
        if not self._searched:
            self._found, self._searched = self._search(), True
        return self._found

    def _search(self) -> Flags | None:
        valid = self._survey.valid
        size = valid.shape[::-1]
        if self._canvas.product is not None:
            product = cv2.resize(self._canvas.product, size, interpolation=cv2.INTER_AREA)
            return np.asarray(valid & (product > _OPAQUE))
        if not valid.all():
            return valid
        if min(self._canvas.size) < _LEAST_SIDE:
            return None
        try:
            cutout = self._cut(self._canvas.rgb)
        except Rejected:
            return None
        return np.asarray(cv2.resize(cutout.mask, size, interpolation=cv2.INTER_LINEAR) > 0.5)


def border_share(flags: Flags) -> float:
    """The share of the image's border that is set."""
    border = np.concatenate([flags[0], flags[-1], flags[:, 0], flags[:, -1]])
    return float(border.mean())
