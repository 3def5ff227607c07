"""Posters with the project's font."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from qie_batch.engines.classic.lettering.typesetting import load_font

if TYPE_CHECKING:
    from collections.abc import Iterable

    Line = tuple[str, tuple[int, int], int]

RED, WHITE = (196, 44, 40), (255, 255, 255)


def poster(
    lines: Iterable[Line], *, size: tuple[int, int] = (480, 360), ground: str = "plain"
) -> Image.Image:
    """White lines of text, each with its middle and its size, on red or on a background of many colours."""
    image = Image.new("RGB", size, RED)
    if ground == "busy":
        colours = np.random.default_rng(3).integers(0, 255, (size[1] // 8, size[0] // 8, 3), np.uint8)
        image = Image.fromarray(colours).resize(size, Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(image)
    for text, middle, pixels in lines:
        pen.text(middle, text, font=load_font().font_variant(size=pixels), fill=WHITE, anchor="mm")
    return image
