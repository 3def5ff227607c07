"""One case: an image before and after an edit, and what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image

from qie_batch.gates.evidence import Evidence
from qie_batch.model import Checks, Edited

if TYPE_CHECKING:
    from planted.material import Material

Pixels: TypeAlias = "np.ndarray[Any, np.dtype[np.uint8]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    #: uint8 (height, width, 3); where there is alpha, the colours under it.
    before: Pixels
    after: Pixels
    instruction: str = ""
    checks: Checks = field(default_factory=Checks)
    before_alpha: Pixels | None = None
    after_alpha: Pixels | None = None
    #: True where the row locks the pixel.
    keep: np.ndarray[Any, np.dtype[np.bool_]] | None = None

    def evidence(self) -> Evidence:
        """A new one, so that each gate computes what it needs."""
        edited = Edited(
            before=_image(self.before, self.before_alpha),
            after=_image(self.after, self.after_alpha),
            instruction=self.instruction,
            keep=None if self.keep is None else Image.fromarray(self.keep.astype(np.uint8) * 255),
        )
        return Evidence(edited, self.checks)


def _image(pixels: Pixels, alpha: Pixels | None) -> Image.Image:
    return Image.fromarray(pixels if alpha is None else np.dstack([pixels, alpha]))


Maker: TypeAlias = "Callable[[Material, np.random.Generator], Case]"
Kinds: TypeAlias = Mapping[str, Maker]
