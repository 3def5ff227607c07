"""Drawn posters whose background under the text is known, so that traces of the old text can be measured."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from qie_batch.engines.classic.lettering.typesetting import load_font
from qie_batch.engines.classic.rewriting.glyphs import drawn

if TYPE_CHECKING:
    from collections.abc import Callable

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
LATIN = (
    "DejaVuSans-Bold.ttf", "DejaVuSans.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSerif.ttf", "STIXGeneralBol.ttf",
    "STIXGeneral.ttf", "cmss10.ttf", "cmb10.ttf",
)  # fmt: skip
#: Chinese with its English, each the other's replacement.
TITLES = (
    ("新品上市", "New Arrival"), ("限时特惠", "Limited Offer"), ("全场八折", "20% Off"),
    ("夏季新款", "Summer Styles"),
    ("买一送一", "Buy 1 Get 1"), ("热卖爆款", "Best Seller"), ("秋冬上新", "Autumn Winter"),
    ("清仓特卖", "Final Sale"),
    ("会员专享", "Members Only"), ("年终大促", "Year End Sale"), ("品质生活", "Quality Living"),
    ("有机棉", "Organic Cotton"), ("手工制作", "Handmade"), ("意大利制造", "Made in Italy"),
)  # fmt: skip
SMALL = (
    ("免费配送", "Free shipping"), ("立即购买", "Buy now"), ("仅限今天", "Today only"),
    ("满百减十", "10 off 100"),
    ("七天无理由退货", "7 day returns"), ("扫码领券", "Scan for coupon"), ("轻薄透气", "Light and airy"),
)  # fmt: skip
SIDES = ((720, 960), (900, 900), (960, 640))
_PALETTES = (
    ((200, 40, 45), (255, 255, 255), (255, 221, 120)), ((245, 240, 230), (40, 40, 45), (170, 30, 40)),
    ((22, 40, 92), (255, 255, 255), (120, 200, 255)), ((250, 208, 60), (35, 30, 30), (190, 30, 40)),
    ((40, 110, 80), (250, 248, 235), (250, 210, 90)), ((230, 190, 195), (120, 30, 60), (60, 30, 40)),
    ((25, 25, 28), (235, 200, 120), (255, 255, 255)), ((255, 255, 255), (20, 20, 24), (220, 60, 30)),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    name: str
    pixels: Pixels
    #: The same without the text that is to be replaced; None for a photograph.
    empty: Pixels | None
    old: str
    new: str
    #: Texts beside it, which must stay.
    others: tuple[str, ...] = ()

    @property
    def instruction(self) -> str:
        return f'replace the text "{self.old}" with "{self.new}"'


def poster(number: int) -> Poster:
    """The same for the same number."""
    rng = np.random.default_rng(20_261_127 + number)
    size = SIDES[rng.integers(len(SIDES))]
    ground, ink, accent = _PALETTES[rng.integers(len(_PALETTES))]
    name, painted = list(_GROUNDS.items())[number % len(_GROUNDS)]
    name, painted = ("busy", _busy) if number % _BUSY == _BUSY - 1 else (name, painted)
    back = painted(rng, size, ground)
    chinese, english = TITLES[rng.integers(len(TITLES))]
    old, new = (chinese, english) if rng.random() < 0.6 else (english, chinese)
    if rng.random() < 0.2:
        old, new = _other_of_language(rng, old)
    place = _Placed.of(rng, size, old)
    effect = _EFFECTS[number // len(_GROUNDS) % len(_EFFECTS)]
    lower = _below(rng, back, size, accent)
    plain = Image.fromarray(back)
    others = lower(plain)
    full = plain.copy()
    _title(full, place, old, ink, effect)
    angle = float(rng.choice([0, 0, 0, 0, 4, -7, 12]))
    quality = int(rng.choice([0, 95, 88, 75]))
    grain = float(rng.choice([0, 0, 1.5, 3]))
    both = [_finished(image, angle, grain, quality, number) for image in (full, plain)]
    return Poster(
        name=f"{number:02d} {name}, {effect}" + (f", {angle:g}°" if angle else ""),
        pixels=both[0], empty=both[1], old=old, new=new, others=others,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    centre: tuple[int, int]
    size: float
    font: str
    weight: float

    @classmethod
    def of(cls, rng: np.random.Generator, size: tuple[int, int], text: str) -> _Placed:
        wide = float(rng.uniform(0.35, 0.7)) * size[0]
        unit = 1.0 if not text.isascii() else 0.6
        pixels = min(wide / (unit * len(text)), 0.14 * size[1])
        x = size[0] // 2 if rng.random() < 0.7 else round(0.08 * size[0] + wide / 2)
        return cls(
            centre=(x, round(size[1] * float(rng.uniform(0.18, 0.34)))),
            size=pixels,
            font=LATIN[rng.integers(len(LATIN))],
            weight=float(rng.choice([1.0, 0.8, 0.6])),
        )


def _title(image: Image.Image, place: _Placed, text: str, ink: tuple[int, int, int], effect: str) -> None:
    cover = _cover(image.size, place, text)
    pixels = np.asarray(image).astype(np.float32)
    if effect == "shadow":
        moved = cv2.GaussianBlur(np.roll(cover, (3, 3), (0, 1)), (0, 0), 2)[..., None]
        pixels = pixels * (1 - 0.45 * moved)
    if effect == "outline":
        around = cv2.dilate(cover, np.ones((5, 5)))[..., None]
        pixels = pixels * (1 - around) + (255.0 - np.array(ink, np.float32)) * around
    colour = np.array(ink, np.float32)
    if effect == "gradient":
        share = np.linspace(0, 1, image.width, dtype=np.float32)[None, :, None]
        colour = colour * (1 - 0.35 * share) + 128.0 * 0.35 * share
    soft = cv2.GaussianBlur(cover, (0, 0), 1.0) if effect == "soft" else cover
    mixed = pixels * (1 - soft[..., None]) + colour * soft[..., None]
    image.paste(Image.fromarray(np.clip(np.round(mixed), 0, 255).astype(np.uint8)))


def _cover(size: tuple[int, int], place: _Placed, text: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Chinese in the project's font at some weight, Latin in a font of matplotlib."""
    layer = np.zeros((size[1], size[0]), np.float32)
    if text.isascii():
        mask = Image.new("L", size)
        font = ImageFont.truetype(str(FONTS / place.font), round(place.size))
        ImageDraw.Draw(mask).text(place.centre, text, font=font, fill=255, anchor="mm")
        return np.asarray(mask).astype(np.float32) / 255
    letters, _ = drawn(text, place.size, weight=place.weight)
    left, top = place.centre[0] - letters.shape[1] // 2, place.centre[1] - letters.shape[0] // 2
    left = max(0, left)
    part = letters[:, : size[0] - left]
    layer[top : top + part.shape[0], left : left + part.shape[1]] = part
    return layer


def _below(
    rng: np.random.Generator, back: Pixels, size: tuple[int, int], accent: tuple[int, int, int]
) -> Callable[[Image.Image], tuple[str, ...]]:
    """Draws a product, a smaller line and a button under the title, and says which texts these are."""
    line, button = (SMALL[each][rng.integers(2)] for each in rng.choice(len(SMALL), 2, replace=False))
    product = tuple(int(each) for each in rng.integers(30, 220, 3))
    del back

    def draw(image: Image.Image) -> tuple[str, ...]:
        width, height = size
        pen = ImageDraw.Draw(image)
        font = load_font().font_variant(size=round(0.036 * height))
        middle = width // 2
        pen.text((middle, round(0.46 * height)), line, font=font, fill=accent, anchor="mm")
        wide, tall = round(0.16 * width), round(0.24 * height)
        box = (middle - wide, round(0.54 * height), middle + wide, round(0.54 * height) + tall)
        pen.rounded_rectangle(box, wide // 4, fill=product)
        high = round(0.045 * height)
        box = (middle - wide, round(0.88 * height) - high, middle + wide, round(0.88 * height) + high)
        pen.rounded_rectangle(box, high, fill=accent)
        dark = sum(accent) > 380
        ink = (25, 25, 30) if dark else (255, 255, 255)
        pen.text((middle, round(0.88 * height)), button, font=font, fill=ink, anchor="mm")
        return line, button

    return draw


def _other_of_language(rng: np.random.Generator, old: str) -> tuple[str, str]:
    """Old and new of one language."""
    column = int(old.isascii())
    others = [pair[column] for pair in TITLES if pair[column] != old]
    return old, others[rng.integers(len(others))]


def _finished(image: Image.Image, angle: float, grain: float, quality: int, seed: int) -> Pixels:
    if angle:
        image = image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=image.getpixel((2, 2)))
    pixels = np.asarray(image)
    if grain:
        noise = np.random.default_rng(seed).normal(0, grain, (*pixels.shape[:2], 1))
        pixels = np.clip(np.round(pixels + noise), 0, 255).astype(np.uint8)
    if not quality:
        return pixels
    stored = BytesIO()
    Image.fromarray(pixels).save(stored, "JPEG", quality=quality)
    return np.asarray(Image.open(stored))


def _flat(_rng: np.random.Generator, size: tuple[int, int], colour: tuple[int, int, int]) -> Pixels:
    return np.asarray(Image.new("RGB", size, colour))


def _sloped(rng: np.random.Generator, size: tuple[int, int], colour: tuple[int, int, int]) -> Pixels:
    """A gradient to another colour."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    way = rng.uniform(-1, 1, 2)
    share = (way[0] * x / size[0] + way[1] * y / size[1])[..., None]
    other = np.clip(np.array(colour) + rng.integers(-90, 90, 3), 0, 255)
    share = (share - share.min()) / max(1e-6, float(np.ptp(share)))
    return np.round(np.array(colour) * (1 - share) + other * share).astype(np.uint8)


def _lit(rng: np.random.Generator, size: tuple[int, int], colour: tuple[int, int, int]) -> Pixels:
    """Light in the middle, dark at the corners, as paper in a photograph."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    away = np.hypot(x / size[0] - rng.uniform(0.3, 0.7), y / size[1] - rng.uniform(0.2, 0.6))
    light = (1.05 - 0.5 * away)[..., None]
    return np.clip(np.round(np.array(colour) * light), 0, 255).astype(np.uint8)


def _blurred(rng: np.random.Generator, size: tuple[int, int], colour: tuple[int, int, int]) -> Pixels:
    """Large soft spots, as a scene out of focus."""
    spots = rng.normal(0, 1, (7, 7, 3)).astype(np.float32)
    large = cv2.resize(spots, size, interpolation=cv2.INTER_CUBIC)
    return np.clip(np.round(np.array(colour) + 14 * large), 0, 255).astype(np.uint8)


def _papery(rng: np.random.Generator, size: tuple[int, int], colour: tuple[int, int, int]) -> Pixels:
    """Grain of paper."""
    fine = rng.normal(0, 1, (size[1], size[0], 1)).astype(np.float32)
    coarse = cv2.GaussianBlur(rng.normal(0, 1, (size[1], size[0])).astype(np.float32), (0, 0), 2.0)[..., None]
    return np.clip(np.round(np.array(colour) + 2.5 * fine + 12 * coarse), 0, 255).astype(np.uint8)


def _plated(rng: np.random.Generator, size: tuple[int, int], colour: tuple[int, int, int]) -> Pixels:
    """A busy scene with a plate of one colour where the title goes."""
    back = Image.fromarray(_busy(rng, size, colour))
    box = (round(0.04 * size[0]), round(0.06 * size[1]), round(0.96 * size[0]), round(0.5 * size[1]))
    ImageDraw.Draw(back).rounded_rectangle(box, 24, fill=colour)
    return np.asarray(back)


def _busy(rng: np.random.Generator, size: tuple[int, int], colour: tuple[int, int, int]) -> Pixels:
    """Leaves of many colours: a background that nothing can be painted over."""
    image = Image.new("RGB", size, colour)
    pen = ImageDraw.Draw(image)
    for _ in range(260):
        x, y, wide = rng.uniform(0, size[0]), rng.uniform(0, size[1]), rng.uniform(12, 60)
        shade = tuple(int(each) for each in np.clip(np.array(colour) + rng.integers(-70, 70, 3), 0, 255))
        pen.ellipse((x, y, x + wide, y + wide * rng.uniform(0.4, 1)), fill=shade)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(0.7)))


_GROUNDS: dict[str, Callable[[np.random.Generator, tuple[int, int], tuple[int, int, int]], Pixels]] = {
    "flat": _flat, "gradient": _sloped, "lit": _lit, "blurred": _blurred, "paper": _papery, "plate": _plated,
}  # fmt: skip
#: One poster of so many has a background that nothing can be painted over.
_BUSY = 20
_EFFECTS = ("plain", "shadow", "soft", "gradient", "outline")
