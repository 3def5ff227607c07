"""The image on its way through the operations of an instruction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

import numpy as np
from PIL import Image

from qie_batch.vision.arrays import Pixels
from qie_batch.vision.cutout import Cutout

#: Left, top, right, bottom, in pixels.
Box: TypeAlias = tuple[int, int, int, int]
#: Finds the product before a plain backdrop in RGB pixels; Rejected in doubt.
Cutter: TypeAlias = Callable[[Pixels], Cutout]


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """The border of an image, as a margin around it continues it."""

    rgba: tuple[int, int, int, int]
    #: Whether a margin of this colour shows no seam.
    plain: bool
    #: Whether most of the border has exactly this colour.
    exact: bool

    @property
    def clear(self) -> bool:
        return self.rgba[3] == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    #: (height, width, 3), RGB in sRGB; not premultiplied by alpha.
    rgb: Pixels
    #: (height, width), 0 transparent to 255 opaque; None where the whole image is opaque.
    alpha: Pixels | None = None
    #: (height, width), 0 backdrop to 255 product, where an operation has found the product.
    product: Pixels | None = None
    #: What an operation has just trimmed away, which a margin then continues: the product touches the border.
    trimmed: Margin | None = None
    #: What a person should know of the result, as short clauses.
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, image: Image.Image) -> Self:
        """The canvas of an RGB or RGBA image."""
        if image.mode == "RGB":
            return cls(rgb=np.asarray(image))
        pixels = np.asarray(image)
        return cls(rgb=np.ascontiguousarray(pixels[..., :3]), alpha=np.ascontiguousarray(pixels[..., 3]))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]

    def image(self) -> Image.Image:
        """RGB, or RGBA where a pixel is not opaque."""
        if self.alpha is None or int(self.alpha.min()) == 255:
            return Image.fromarray(self.rgb)
        return Image.fromarray(np.dstack([self.rgb, self.alpha]))

    def painted(self, rgb: Pixels, *notes: str) -> Self:
        """The canvas with other colours in the same places."""
        return replace(self, rgb=rgb, notes=(*self.notes, *notes))

    def noted(self, *notes: str) -> Self:
        return replace(self, notes=(*self.notes, *notes))
