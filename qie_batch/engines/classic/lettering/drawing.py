"""Draws a text onto an image, as large as the place allows, in a colour with enough contrast."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image, ImageDraw

from qie_batch.engines.classic.edits import Place
from qie_batch.engines.classic.lettering.typesetting import fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import ImageFont

    from qie_batch.engines.classic.canvas import Box, Canvas
    from qie_batch.engines.classic.edits import WriteText
    from qie_batch.vision.arrays import Floats, Pixels

    Rgb = tuple[int, int, int]

_DARK, _LIGHT = (24, 25, 28), (255, 255, 255)
_LEFT = frozenset({Place.LEFT, Place.TOP_LEFT, Place.BOTTOM_LEFT})
_RIGHT = frozenset({Place.RIGHT, Place.TOP_RIGHT, Place.BOTTOM_RIGHT})
_TOP = frozenset({Place.TOP, Place.TOP_LEFT, Place.TOP_RIGHT})
_BOTTOM = frozenset({Place.BOTTOM, Place.BOTTOM_LEFT, Place.BOTTOM_RIGHT})
#: Shares of the height and of the width that stay free beside a text; the smaller one counts at the sides.
_MARGIN, _SIDE_MARGIN = 0.06, 0.08
#: WCAG 2 asks for 3 of large text; with less than this a text gets a plate.
_LEAST_CONTRAST = 3.5
#: Opacity of a plate, of 255.
_PLATE = 217


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """The lines of a text, set at its size."""

    text: str
    font: ImageFont.FreeTypeFont
    align: Literal["left", "center", "right"]

    @property
    def spacing(self) -> int:
        return round(self.font.size * 0.28)

    def box(self) -> tuple[float, float, float, float]:
        draw = ImageDraw.Draw(Image.new("L", (1, 1)))
        return draw.multiline_textbbox(
            (0, 0), self.text, font=self.font, spacing=self.spacing, align=self.align
        )

    def cover(self, size: tuple[int, int], start: tuple[float, float]) -> Pixels:
        """The coverage of each pixel by ink in an area of this size."""
        layer = Image.new("L", size)
        ImageDraw.Draw(layer).multiline_text(
            start, self.text, font=self.font, fill=255, spacing=self.spacing, align=self.align
        )
        return np.asarray(layer)


def write(canvas: Canvas, text: WriteText) -> Canvas:
    """The image with the text, opaque also where the image is transparent.

    Rejected (text_does_not_fit) at no readable size.
    """
    width, height = canvas.size
    align: Literal["left", "center", "right"] = (
        "left" if text.place in _LEFT else "right" if text.place in _RIGHT else "center"
    )
    lines, font = fitted(text.text, (width, height), beside=align != "center")
    block = _Block(text="\n".join(lines), font=font, align=align)
    ink_box = block.box()
    wide, tall = round(ink_box[2] - ink_box[0]), round(ink_box[3] - ink_box[1])
    left, top = _corner((wide, tall), text.place, (width, height))
    area = _area((left, top, left + wide, top + tall), round(font.size * 0.42), canvas.size)
    ink, plate = _ink(
        _visible(canvas, (left, top, left + wide, top + tall)), text.colour.rgb if text.colour else None
    )
    size = area[2] - area[0], area[3] - area[1]
    out = canvas
    if plate:
        out = _painted(out, area, _plate(size, font.size), plate)
    start = (left - ink_box[0] - area[0], top - ink_box[1] - area[1])
    return _painted(out, area, block.cover(size, start), ink)


def _corner(text: tuple[int, int], place: Place, size: tuple[int, int]) -> tuple[int, int]:
    """Left and top of a text of this size."""
    (wide, tall), (width, height) = text, size
    margin = round(_MARGIN * height)
    side = min(margin, round(_SIDE_MARGIN * width))
    left = side if place in _LEFT else width - side - wide if place in _RIGHT else (width - wide) // 2
    top = margin if place in _TOP else height - margin - tall if place in _BOTTOM else (height - tall) // 2
    return left, top


def _area(box: Box, pad: int, size: tuple[int, int]) -> Box:
    """The box with a plate's margin, within the image."""
    left, top, right, bottom = box
    return max(0, left - pad), max(0, top - pad), min(size[0], right + pad), min(size[1], bottom + pad)


def _visible(canvas: Canvas, box: Box) -> Pixels:
    """(n, 3): what is seen around the box, on white where the image is transparent."""
    pad = max(2, (box[3] - box[1]) // 4)
    left, top, right, bottom = _area(box, pad, canvas.size)
    pixels = canvas.rgb[top:bottom, left:right]
    if canvas.alpha is not None:
        cover = canvas.alpha[top:bottom, left:right, None].astype(np.float32) / 255
        pixels = np.round(cover * pixels + (1 - cover) * 255).astype(np.uint8)
    return pixels.reshape(-1, 3)


def _ink(under: Pixels, asked: Rgb | None) -> tuple[Rgb, Rgb | None]:
    """Colour of the text, and of a plate under the text if the contrast with the image is too low."""
    worst = {ink: _least_contrast(under, ink) for ink in ((asked,) if asked else (_DARK, _LIGHT))}
    ink = max(worst, key=lambda colour: worst[colour])
    if worst[ink] >= _LEAST_CONTRAST:
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


def _plate(size: tuple[int, int], font_size: float) -> Pixels:
    """The opacity of a rounded plate, its corners antialiased."""
    factor = 4
    wide, tall = size
    shape = Image.new("L", (wide * factor, tall * factor))
    ImageDraw.Draw(shape).rounded_rectangle(
        (0, 0, wide * factor - 1, tall * factor - 1), radius=font_size * 0.34 * factor, fill=_PLATE
    )
    return np.asarray(shape.resize((wide, tall), Image.Resampling.BOX))


def _painted(canvas: Canvas, area: Box, opacity: Pixels, colour: Rgb) -> Canvas:
    """The colour laid over the area: alpha becomes the union of both."""
    left, top, right, bottom = area
    place = np.s_[top:bottom, left:right]
    over: Floats = opacity[..., None].astype(np.float32) / np.float32(255)
    rgb = canvas.rgb.copy()
    own = (
        np.ones_like(over)
        if canvas.alpha is None
        else canvas.alpha[place][..., None].astype(np.float32) / 255
    )
    total = over + own * (1 - over)
    ink = np.array(colour, np.float32)
    blend = (over * ink + own * (1 - over) * rgb[place]) / np.maximum(total, 1e-6)
    rgb[place] = np.where(over > 0, np.round(blend), rgb[place]).astype(np.uint8)
    if canvas.alpha is None:
        return replace(canvas, rgb=rgb)
    alpha = canvas.alpha.copy()
    alpha[place] = np.round(total[..., 0] * 255).astype(np.uint8)
    return replace(canvas, rgb=rgb, alpha=alpha)
