"""A small photo studio: outlines become lit, shaded things before a soft backdrop.

Pictures are float32 RGB of 0 to 1, (height, width, 3); outlines are points (x, y) in pixels. The light
comes from the upper left. Everything is seeded: the same calls give the same pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources
from io import BytesIO
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

Point = tuple[float, float]
Rgb = tuple[float, float, float]

#: To the light, from the thing; y points down.
_LIGHT = np.array([-0.46, -0.58, 0.67], np.float32)
_HALF = (_LIGHT + np.array([0, 0, 1], np.float32)) / np.linalg.norm(_LIGHT + np.array([0, 0, 1], np.float32))
_FINE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A fold (above 0) or a seam (below 0) pressed into a surface along a curve."""

    points: tuple[Point, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloth:
    rgb: Rgb
    #: Pixels from the edge over which the surface rounds off.
    bulge: float = 40
    #: 0 matt, 1 glazed.
    gloss: float = 0.08
    #: How sharp the highlight is.
    polish: float = 18
    grain: float = 0.02
    strokes: tuple[Stroke, ...] = ()
    #: Blurs the relief, in pixels.
    smooth: float = 1.2
    #: How dark it makes what lies just beneath its edge.
    contact: float = 0.35


def rgb(code: int) -> Rgb:
    return ((code >> 16) / 255, (code >> 8 & 0xFF) / 255, (code & 0xFF) / 255)


def curve(points: Sequence[Point], *, closed: bool = True, steps: int = 14) -> list[Point]:
    """A Catmull-Rom spline through the points; a point given twice is a corner."""
    given = np.array(points, np.float32)
    padded = (
        np.concatenate([given[-1:], given, given[:2]])
        if closed
        else np.concatenate([given[:1], given, given[-1:]])
    )
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[:, None]
    parts = []
    for index in range(len(padded) - 3):
        a, b, c, d = padded[index : index + 4]
        if np.array_equal(b, c):
            parts.append(b[None])
            continue
        parts.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        )
    smooth = np.concatenate(parts)
    return [(float(x), float(y)) for x, y in smooth] + ([] if closed else [points[-1]])


def mirrored(points: Sequence[Point], middle: float) -> list[Point]:
    return [(2 * middle - x, y) for x, y in points]


def cover(outline: Sequence[Point], shape: tuple[int, int]) -> Floats:
    """How much of each pixel the outline covers."""
    fine = np.zeros((shape[0] * _FINE, shape[1] * _FINE), np.uint8)
    corners = np.round(np.array(outline) * _FINE).astype(np.int32)
    cv2.fillPoly(fine, [corners], 255)
    mask: Floats = cv2.resize(fine, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return mask


def line(points: Sequence[Point], width: float, shape: tuple[int, int]) -> Floats:
    fine = np.zeros((shape[0] * _FINE, shape[1] * _FINE), np.uint8)
    corners = np.round(np.array(points) * _FINE).astype(np.int32)
    cv2.polylines(fine, [corners], isClosed=False, color=255, thickness=max(1, round(width * _FINE)))
    mask: Floats = cv2.resize(fine, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return mask


def letters(text: str, size: int, centre: Point, shape: tuple[int, int]) -> Floats:
    """The text as a mask, its middle at the centre."""
    font = resources.files("qie_batch").joinpath("engines/classic/fonts/QieSans-Bold.otf").read_bytes()
    sheet = Image.new("L", shape[::-1])
    ImageDraw.Draw(sheet).text(
        centre, text, font=ImageFont.truetype(BytesIO(font), size), fill=255, anchor="mm"
    )
    mask: Floats = (np.asarray(sheet) / 255).astype(np.float32)
    return mask


def blurred(values: Floats, sigma: float) -> Floats:
    """A wide blur is done small: nobody sees the difference in a shadow."""
    if sigma > 12:
        size = (max(2, values.shape[1] // 6), max(2, values.shape[0] // 6))
        small = cv2.GaussianBlur(cv2.resize(values, size, interpolation=cv2.INTER_AREA), (0, 0), sigma / 6)
        wide: Floats = cv2.resize(small, values.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        return wide
    out: Floats = cv2.GaussianBlur(values, (0, 0), sigma)
    return out


def noise(shape: tuple[int, int], sigma: float, seed: int) -> Floats:
    """Smooth noise of mean 0 and deviation 1."""
    values = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    values = blurred(values, sigma) if sigma else values
    normal: Floats = (values - values.mean()) / values.std()
    return normal


def backdrop(shape: tuple[int, int], wall: Rgb, floor: Rgb, horizon: float = 0.72) -> Floats:
    """Paper that bends from wall to floor without an edge, lit from the upper left."""
    height, width = shape
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    bend = 1 / (1 + np.exp(-(down - horizon) * 7))
    paper = np.array(wall, np.float32) * (1 - bend[..., None]) + np.array(floor, np.float32) * bend[..., None]
    glow = 1.03 - 0.10 * ((across - 0.42) ** 2 + (down - 0.40) ** 2) / 0.5
    lit: Floats = paper * glow[..., None]
    return lit


def cast(picture: Floats, mask: Floats, offset: Point, sigma: float, strength: float) -> None:
    """A soft shadow of the mask, moved by the offset."""
    matrix = np.array([[1, 0, offset[0]], [0, 1, offset[1]]], np.float32)
    moved = cv2.warpAffine(blurred(mask, sigma), matrix, mask.shape[::-1])
    picture *= (1 - strength * np.clip(moved, 0, 1))[..., None]


def pool(picture: Floats, centre: Point, radii: Point, strength: float) -> None:
    """The shadow of a thing that stands on the floor."""
    height, width = picture.shape[:2]
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    away = ((across - centre[0]) / radii[0]) ** 2 + ((down - centre[1]) / radii[1]) ** 2
    picture *= (1 - strength * np.exp(-1.6 * away))[..., None]


def relief(mask: Floats, cloth: Cloth) -> Floats:
    """The surface's height in pixels: rounded towards the mask's edge, then the strokes."""
    inside = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    rise = np.clip(inside / cloth.bulge, 0, 1)
    rise_to = cloth.bulge * 0.75 * np.sqrt(np.clip(1 - (1 - rise) ** 2, 0, 1))
    height: Floats = blurred(rise_to.astype(np.float32), max(cloth.smooth, cloth.bulge * 0.07))
    for stroke in cloth.strokes:
        path = curve(stroke.points, closed=False) if len(stroke.points) > 2 else stroke.points
        soft = blurred(line(path, stroke.width * 0.6, mask.shape), stroke.width * 0.5)
        height += stroke.height * soft
    return height


def shaded(height: Floats, cloth: Cloth, seed: int) -> Floats:
    slope_x, slope_y = np.gradient(height, axis=1), np.gradient(height, axis=0)
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    lit = np.clip((-slope_x * _LIGHT[0] - slope_y * _LIGHT[1] + _LIGHT[2]) / length, 0, 1)
    shine = np.clip((-slope_x * _HALF[0] - slope_y * _HALF[1] + _HALF[2]) / length, 0, 1) ** cloth.polish
    light = 0.40 + 0.84 * lit
    if cloth.grain:
        light = light * (1 + cloth.grain * noise(height.shape, 0.7, seed))
        light = light * (1 + 0.6 * cloth.grain * noise(height.shape, 14, seed + 1))
    colour = np.array(cloth.rgb, np.float32) * light[..., None] + cloth.gloss * shine[..., None]
    clipped: Floats = np.clip(colour, 0, 1).astype(np.float32)
    return clipped


def lay(picture: Floats, outline: Sequence[Point], cloth: Cloth, seed: int = 1) -> None:
    """Draws one piece of a thing over what is there, inside the outline's own box for speed."""
    points = np.array(outline)
    margin = 24
    left, top = np.maximum(np.floor(points.min(axis=0)).astype(int) - margin, 0)
    right, bottom = np.ceil(points.max(axis=0)).astype(int) + margin
    part = picture[top:bottom, left:right]
    inner = [(x - left, y - top) for x, y in outline]
    mask = cover(inner, part.shape[:2])
    strokes = tuple(
        replace(stroke, points=tuple((x - left, y - top) for x, y in stroke.points))
        for stroke in cloth.strokes
    )
    moved = replace(cloth, strokes=strokes)
    if cloth.contact:
        cast(part, mask, (2, 5), 6, cloth.contact)
    surface = shaded(relief(mask, moved), moved, seed)
    part += mask[..., None] * (surface - part)


def stitch(
    picture: Floats, points: Sequence[Point], colour: Rgb, width: float = 2.2, dash: float = 9
) -> None:
    """A dashed seam along the curve."""
    path = np.array(points)
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    for start in np.arange(0, along[-1] - dash, dash * 1.6):
        ends = [
            (float(np.interp(a, along, path[:, 0])), float(np.interp(a, along, path[:, 1])))
            for a in (start, start + dash)
        ]
        low = np.floor(np.min(ends, axis=0)).astype(int) - 6
        high = np.ceil(np.max(ends, axis=0)).astype(int) + 6
        part = picture[low[1] : high[1], low[0] : high[0]]
        mask = line([(x - low[0], y - low[1]) for x, y in ends], width, part.shape[:2])[..., None]
        part += 0.8 * mask * (np.array(colour, np.float32) - part)


def developed(picture: Floats, seed: int) -> NDArray[np.uint8]:
    """A little sensor noise, and 8 bits."""
    noisy = picture + 0.004 * noise(picture.shape[:2], 0.6, seed)[..., None]
    return np.round(np.clip(noisy, 0, 1) * 255).astype(np.uint8)
