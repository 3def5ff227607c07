"""Draws a text onto an image, as large as the place allows, in a colour with enough contrast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from qie_batch.engines.classic.edits import Place
from qie_batch.engines.classic.typesetting import fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qie_batch.engines.classic.canvas import Canvas, Pixels
    from qie_batch.engines.classic.edits import WriteText

    Rgb = tuple[int, int, int]
    Box = tuple[int, int, int, int]

_DARK, _LIGHT = (24, 25, 28), (255, 255, 255)


def write(canvas: Canvas, text: WriteText) -> Canvas:
    """The image with the text; Rejected (text_does_not_fit) at no readable size."""
    pixels = canvas.rgb
    width, height = canvas.size
    lines, sized = fitted(text.text, (width, height))
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    block = "\n".join(lines)
    spacing = round(sized.size * 0.28)
    box = draw.multiline_textbbox((0, 0), block, font=sized, spacing=spacing, align="center")
    left, top = _corner(box, text.place, width, height)
    placed = (left, top, left + round(box[2] - box[0]), top + round(box[3] - box[1]))
    ink, plate = _ink(pixels, placed, text.colour.rgb if text.colour else None)
    if plate:
        image = _plated(image, placed, plate, round(sized.size))
        draw = ImageDraw.Draw(image)
    start = (left - box[0], top - box[1])
    draw.multiline_text(start, block, font=sized, fill=ink, spacing=spacing, align="center")
    return canvas.painted(np.asarray(image))


def _corner(box: tuple[float, float, float, float], place: Place, width: int, height: int) -> tuple[int, int]:
    wide, tall = round(box[2] - box[0]), round(box[3] - box[1])
    margin = round(0.06 * height)
    tops = {Place.TOP: margin, Place.CENTRE: (height - tall) // 2, Place.BOTTOM: height - margin - tall}
    return (width - wide) // 2, tops[place]


def _ink(pixels: Pixels, box: Box, asked: Rgb | None) -> tuple[Rgb, Rgb | None]:
    """Colour of the text, and of a plate under the text if the contrast with the image is too low."""
    left, top, right, bottom = box
    pad = max(2, (bottom - top) // 4)
    under = pixels[max(0, top - pad) : bottom + pad, max(0, left - pad) : right + pad].reshape(-1, 3)
    worst = {ink: _least_contrast(under, ink) for ink in ((asked,) if asked else (_DARK, _LIGHT))}
    ink = max(worst, key=lambda colour: worst[colour])
    if worst[ink] >= 3.5:
        return ink, None
    if not asked:
        return _LIGHT, _DARK
    return asked, max((_DARK, _LIGHT), key=lambda plate: _least_contrast(np.array([plate], np.uint8), asked))


def _least_contrast(under: Pixels, ink: Rgb) -> float:
    """WCAG 2 contrast of the ink against all but the worst 4 % of the pixels under it."""
    light = _luminance(under)
    own = float(_luminance(np.array([ink], np.uint8))[0])
    contrast = (np.maximum(light, own) + 0.05) / (np.minimum(light, own) + 0.05)
    return float(np.percentile(contrast, 4))


def _luminance(rgb: Pixels) -> NDArray[np.float64]:
    linear = (rgb / 255.0) ** 2.2
    luminance: NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return luminance


def _plated(image: Image.Image, box: Box, plate: Rgb, size: int) -> Image.Image:
    """The image with a rounded, mostly opaque plate, its corners antialiased."""
    pad, factor = round(size * 0.42), 4
    left, top, right, bottom = (box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad)
    wide, tall = right - left, bottom - top
    shape = Image.new("L", (wide * factor, tall * factor))
    ImageDraw.Draw(shape).rounded_rectangle(
        (0, 0, wide * factor - 1, tall * factor - 1), radius=pad * factor * 0.8, fill=217
    )
    out = image.copy()
    out.paste(
        Image.new("RGB", (wide, tall), plate), (left, top), shape.resize((wide, tall), Image.Resampling.BOX)
    )
    return out
