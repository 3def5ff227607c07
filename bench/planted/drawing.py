"""Drawn products with true alpha: a body with light and shade, a cap or a handle, and a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from qie_batch.engines.classic import lettering

if TYPE_CHECKING:
    from planted.cases import Pixels

from pathlib import Path

FONT = next((Path(lettering.__file__).parent / "fonts").glob("*.ttc"))
_WORDS = ("AURORA", "NORD 12", "Fresh Mint", "OAT MILK", "No. 5", "Trail", "新品上市", "SUNDAY", "Café")


def drawn_product(rng: np.random.Generator, side: int) -> Pixels:
    """RGBA of `side` squared, drawn at twice the size."""
    large = 2 * side
    rgb = tuple(int(part) for part in rng.integers(20, 236, 3))
    cover, body = Image.new("L", (large, large)), Image.new("RGB", (large, large), rgb)
    left, right = (round(large * share) for share in (rng.uniform(0.18, 0.34), rng.uniform(0.62, 0.8)))
    top, bottom = (round(large * share) for share in (rng.uniform(0.14, 0.3), rng.uniform(0.72, 0.86)))
    _outline(rng, ImageDraw.Draw(cover), (left, top, right, bottom))
    _parts(rng, ImageDraw.Draw(body), (left, top, right, bottom))
    light = _light(rng, large, left, right)
    shaded = np.clip(np.asarray(body, np.float32) * light[..., None], 0, 255)
    grain = rng.normal(0, 1.2, (side, side, 1))
    small = Image.fromarray(shaded.astype(np.uint8)).resize((side, side), Image.Resampling.BOX)
    alpha = np.asarray(cover.resize((side, side), Image.Resampling.BOX))
    colours = np.clip(np.asarray(small, np.float32) + grain, 0, 255).astype(np.uint8)
    return np.dstack([colours, alpha])


def _outline(rng: np.random.Generator, draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    width, radius = right - left, round(float(rng.uniform(0.05, 0.3)) * (right - left))
    shape = rng.integers(3)
    if shape == 0:  # a bottle: body and neck
        neck = round(width * 0.32)
        draw.rounded_rectangle((left, top + (bottom - top) // 4, right, bottom), radius, fill=255)
        draw.rounded_rectangle((left + neck, top, right - neck, bottom), radius // 3, fill=255)
    elif shape == 1:  # a mug: body and handle
        draw.rounded_rectangle((left, top, right, bottom), radius // 2, fill=255)
        ring = (
            right - width // 6,
            top + (bottom - top) // 4,
            right + width // 4,
            bottom - (bottom - top) // 4,
        )
        draw.ellipse(ring, outline=255, width=max(6, width // 12))
    else:
        draw.rounded_rectangle((left, top, right, bottom), radius, fill=255)


def _parts(rng: np.random.Generator, draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    cap = tuple(int(part) for part in rng.integers(10, 246, 3))
    draw.rectangle((0, top, 2 * right, top + height // 9), fill=cap)
    label = (left + width // 8, top + height // 3, right - width // 8, bottom - height // 5)
    paper = tuple(int(part) for part in rng.integers(150, 250, 3))
    draw.rounded_rectangle(label, width // 30, fill=paper)
    word = _WORDS[rng.integers(len(_WORDS))]
    size = round(1.4 * (label[2] - label[0]) / max(4, len(word)))
    font = ImageFont.truetype(str(FONT), size)
    middle = ((label[0] + label[2]) // 2, label[1] + (label[3] - label[1]) // 3)
    draw.text(middle, word, font=font, fill=(25, 25, 30), anchor="mm")
    for number in range(4):
        line = label[1] + (label[3] - label[1]) * (6 + number) // 11
        draw.rectangle((label[0] + width // 12, line, label[2] - width // 12, line + 5), fill=(110, 110, 115))


def _light(rng: np.random.Generator, large: int, left: int, right: int) -> np.ndarray:
    """Lighter on one side, darker on the other, and a soft highlight down the body."""
    across = np.clip((np.arange(large) - left) / max(1, right - left), 0, 1)
    if rng.random() < 0.5:
        across = across[::-1]
    shade = 1.12 - 0.45 * across + 0.35 * np.exp(-(((across - 0.25) / 0.07) ** 2))
    soft = Image.fromarray((shade * 127).astype(np.uint8)[None]).filter(ImageFilter.GaussianBlur(2))
    row = np.asarray(soft, np.float32)[0] / 127
    return np.broadcast_to(row, (large, large))
