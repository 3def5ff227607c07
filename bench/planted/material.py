"""What cases are made of: photographs, packshots on backdrops, drawn products, and the classic engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from photographs import sources
from PIL import Image, ImageOps

from planted.drawing import drawn_product
from qie_batch import wiring
from qie_batch.errors import QieError
from qie_batch.model import EditParams, EditRequest
from qie_batch.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from planted.cases import Pixels
    from qie_batch.interfaces import Engine

#: Pixels of the shorter side from which an image is a photograph and no icon.
_LEAST_SIDE = 300
#: A rendered colour wheel with black corners.
_DRAWINGS = frozenset({"color.png"})
BACKDROPS = ((255, 255, 255), (225, 225, 225), (96, 144, 205), (226, 211, 186), (60, 62, 66), (203, 172, 160))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A product before a backdrop, with its true cover."""

    pixels: Pixels
    #: 0 backdrop to 255 product.
    cover: Pixels
    #: The product alone, without the backdrop's light.
    product: Pixels


@dataclass(frozen=True, kw_only=True)
class Material:
    #: As of photos.py: fetched where it is not there.
    cache: Path
    #: RGBA packshots with true alpha; may be empty.
    packshots: Path
    #: Pixels of the longer side of every case.
    side: int

    @cached_property
    def photographs(self) -> list[Path]:
        sources.fetch(self.cache)
        found = [path for path in sorted(self.cache.rglob("*")) if path.suffix.lower() in sources.KINDS]
        return [path for path in found if _is_photograph(path)]

    @cached_property
    def _packshot_paths(self) -> list[Path]:
        return sorted(self.packshots.glob("*.png"))

    @cached_property
    def engine(self) -> Engine:
        return wiring.InstalledEngines(Settings()).create("classic")

    def photograph(self, rng: np.random.Generator) -> Pixels:
        """Any part of a real photograph."""
        path = self.photographs[rng.integers(len(self.photographs))]
        whole = _read(path, round(1.3 * self.side))
        height, width = whole.shape[:2]
        rows, columns = (round(length * rng.uniform(0.75, 1)) for length in (height, width))
        top, left = rng.integers(height - rows + 1), rng.integers(width - columns + 1)
        return _shrunk(whole[top : top + rows, left : left + columns], self.side)

    def rgba(self, rng: np.random.Generator) -> Pixels:
        """A packshot or a drawn product, with alpha."""
        paths = self._packshot_paths
        if paths and rng.random() < 0.5:
            return _shrunk(_read_rgba(paths[rng.integers(len(paths))]), self.side)
        return drawn_product(rng, self.side)

    def scene(self, rng: np.random.Generator, backdrop: tuple[int, int, int] | None = None) -> Scene:
        """A packshot or drawn product before an even backdrop, with a little noise and JPEG's traces."""
        rgba = self.rgba(rng)
        cover = rgba[..., 3:].astype(np.float32) / 255
        rgb = backdrop or BACKDROPS[rng.integers(len(BACKDROPS))]
        pixels = cover * rgba[..., :3] + (1 - cover) * np.array(rgb, np.float32)
        if rgb != (255, 255, 255):
            pixels += rng.normal(0, 1, pixels.shape)
        return Scene(
            pixels=jpeg(levels(pixels), int(rng.integers(75, 96))),
            cover=np.ascontiguousarray(rgba[..., 3]),
            product=np.ascontiguousarray(rgba[..., :3]),
        )

    def any_image(self, rng: np.random.Generator) -> Pixels:
        """A photograph, or a product before a backdrop."""
        return self.photograph(rng) if rng.random() < 0.5 else self.scene(rng).pixels

    def edited(self, pixels: Pixels, instruction: str) -> tuple[Pixels, Pixels | None] | None:
        """Colours and alpha as the classic engine edits them; None where it refuses."""
        image = Image.fromarray(pixels)
        request = EditRequest(
            images=(image,),
            params=EditParams(instruction=instruction),
            width=image.width,
            height=image.height,
        )
        try:
            result = self.engine.edit(request, lambda _step: None).image
        except QieError:
            return None
        if result.mode == "RGBA":
            return np.ascontiguousarray(np.asarray(result)[..., :3]), np.asarray(result.getchannel("A"))
        return np.asarray(result.convert("RGB")), None


def levels(pixels: np.ndarray) -> Pixels:
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])


def _shrunk(pixels: Pixels, side: int) -> Pixels:
    scale = min(1.0, side / max(pixels.shape[:2]))
    size = tuple(max(1, round(length * scale)) for length in pixels.shape[1::-1])
    return np.ascontiguousarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def _is_photograph(path: Path) -> bool:
    if path.name in _DRAWINGS:
        return False
    with Image.open(path) as image:
        if min(image.size) < _LEAST_SIDE or image.mode not in {"RGB", "L", "CMYK"}:
            return False
        small = np.asarray(image.convert("RGB").resize((64, 64)), np.uint8).reshape(-1, 3)
    return len(np.unique(small, axis=0)) > 800  # a drawing or a diagram has few colours


@lru_cache(maxsize=256)
def _read(path: Path, side: int) -> Pixels:
    with Image.open(path) as image:
        image.draft("RGB", (side, side))
        return _shrunk(np.asarray(ImageOps.exif_transpose(image).convert("RGB")), side)


@lru_cache(maxsize=256)
def _read_rgba(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"))
