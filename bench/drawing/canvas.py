"""A picture that is painted in layers, each lit by its relief and casting a shadow on those below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from drawing.outlines import SAMPLES, Array, Point, blur, ellipse, fill, noise

if TYPE_CHECKING:
    from pathlib import Path

Colour = str | Array
#: Where the light comes from: from the left, from above, from the camera.
LIGHT = np.array([-0.42, -0.58, 0.70], np.float32)


def linear(colour: str) -> Array:
    """Linear light of #rrggbb."""
    code = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype(np.float32)


class Canvas:
    """Linear light in float32, `SAMPLES` times as wide and high as the picture."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self.shape = (height * SAMPLES, width * SAMPLES)
        self.light = np.zeros((*self.shape, 3), np.float32)
        down, across = np.indices(self.shape, dtype=np.float32)
        #: Pixels from the left, and from the top.
        self.x, self.y = across / SAMPLES, down / SAMPLES
        #: Where something is painted; and whether it stands in front of its backdrop, and throws no shadow there.
        self.covered = np.zeros(self.shape, np.float32)
        self.stands = False

    def studio(self, colour: str, *, floor: float = 0.0) -> None:
        """A backdrop without a seam, brighter behind the product."""
        width, height = self.size
        away = np.hypot((self.x - width * 0.45) / width, (self.y - height * 0.42) / height)
        lit = 1.06 - 0.26 * away**1.6
        self.stands = floor > 0
        if floor:
            lit -= 0.10 / (1 + np.exp(-(self.y - height * floor) / (height * 0.05)))
        self.light[:] = linear(colour) * lit[..., None]

    def gradient(self, top: str, bottom: str) -> None:
        part = (self.y / self.size[1])[..., None]
        self.light[:] = linear(top) * (1 - part) + linear(bottom) * part

    def mask(self, *outlines: list[Point]) -> Array:
        return fill(self.shape, *outlines)

    def relief(self, mask: Array, radius: float, soft: float = 0.2) -> Array:
        """Heights in pixels of a shape whose edge is rounded by `radius`, and smoothed by a part of it."""
        solid = (mask > 0.5).astype(np.uint8)
        inside = cv2.distanceTransform(solid, cv2.DIST_L2, 5) / SAMPLES
        part = np.clip(inside / radius, 0, 1)
        return blur(radius * np.sqrt(np.clip(1 - (1 - part) ** 2, 0, 1)), radius * soft)

    def paint(
        self,
        mask: Array,
        colour: Colour,
        relief: Array | None = None,
        *,
        gloss: float = 0.0,
        shine: float = 30,
        shadow: tuple[float, float, float, float] | None = (4, 6, 7, 0.45),
        opacity: float = 1.0,
    ) -> None:
        """One layer. `shadow` is right, down, blur and strength of what it casts on the layers below."""
        if shadow:
            self.cast(mask, shadow)
        flat = linear(colour) if isinstance(colour, str) else colour
        lit = np.broadcast_to(flat, self.light.shape)
        if relief is not None:
            lit = shaded(lit, relief, gloss, shine)
        alpha = (mask * opacity)[..., None]
        self.light[:] = self.light * (1 - alpha) + lit * alpha
        self.covered = np.maximum(self.covered, mask)

    def cast(self, mask: Array, shadow: tuple[float, float, float, float]) -> None:
        right, down, soft, strength = shadow
        move = np.float32([[1, 0, right * SAMPLES], [0, 1, down * SAMPLES]])
        moved = cv2.warpAffine(blur(mask, soft), move, (self.shape[1], self.shape[0]))
        if self.stands:
            moved = moved * self.covered
        self.light *= 1 - strength * np.clip(moved, 0, 1)[..., None]

    def ground_shadow(self, x: float, y: float, across: float, down: float, strength: float = 0.5) -> None:
        """What stands at (x, y) darkens the ground: a wide soft shadow, and a narrow one where it touches."""
        wide = blur(self.mask(ellipse(x + across * 0.12, y, across * 1.15, down * 1.3)), down * 0.9)
        near = blur(self.mask(ellipse(x, y - down * 0.1, across * 0.93, down * 0.5)), down * 0.25)
        self.light *= (1 - strength * 0.62 * wide - strength * 0.5 * near)[..., None]

    def glow(self, mask: Array, colour: str, soft: float, strength: float) -> None:
        """Light that a lamp or a neon sign adds."""
        self.light += blur(mask, soft)[..., None] * linear(colour) * strength

    def save(self, path: Path, quality: int, grain: float = 0.004) -> None:
        """As JPEG with all of its colours, reduced to its size, with the grain of a camera."""
        small = cv2.resize(self.light, self.size, interpolation=cv2.INTER_AREA)
        small = np.clip(small, 0, None)
        small = np.where(small > 0.8, 0.8 + 0.2 * np.tanh((small - 0.8) / 0.2), small)
        code = np.where(small <= 0.0031308, small * 12.92, 1.055 * small ** (1 / 2.4) - 0.055)
        generator = np.random.default_rng(7)
        code += generator.standard_normal(code.shape[:2]).astype(np.float32)[..., None] * grain
        pixels = np.rint(np.clip(code, 0, 1) * 255).astype(np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        ok, data = cv2.imencode(
            ".jpg",
            pixels[..., ::-1],
            [
                cv2.IMWRITE_JPEG_QUALITY,
                quality,
                cv2.IMWRITE_JPEG_OPTIMIZE,
                1,
                cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
                cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
            ],
        )
        assert ok
        path.write_bytes(data.tobytes())


def shaded(albedo: Array, relief: Array, gloss: float, shine: float) -> Array:
    """The light that a surface with these heights sends to the camera."""
    across = cv2.Scharr(relief, cv2.CV_32F, 1, 0) / 32 * SAMPLES
    down = cv2.Scharr(relief, cv2.CV_32F, 0, 1) / 32 * SAMPLES
    length = np.sqrt(across**2 + down**2 + 1)
    normal = np.stack([-across / length, -down / length, 1 / length], -1)
    facing = normal @ (LIGHT / np.linalg.norm(LIGHT))
    wrapped = np.clip((facing + 0.25) / 1.25, 0, 1) ** 1.2
    sky = 0.5 - 0.5 * normal[..., 1]
    hollow = np.clip((blur(relief, 10) - relief) / 12, 0, 0.35)
    amount = (0.20 + 0.20 * sky + 0.92 * wrapped) * (1 - hollow)
    half = LIGHT / np.linalg.norm(LIGHT) + np.array([0, 0, 1], np.float32)
    spark = np.clip(normal @ (half / np.linalg.norm(half)), 0, 1) ** shine
    edge = (1 - normal[..., 2]) ** 3
    return albedo * amount[..., None] + (gloss * (spark + 0.35 * edge))[..., None]


def woven(canvas: Canvas, colour: str, amount: float = 0.05, seed: int = 1) -> Array:
    """Cloth: threads, and the uneven dye of large areas."""
    threads = noise(canvas.shape, 1.2, 3.5, seed) + noise(canvas.shape, 3.5, 1.2, seed + 1)
    dye = noise(canvas.shape, 90, 90, seed + 2)
    return linear(colour) * (1 + amount * 0.5 * threads + amount * 0.6 * dye)[..., None]
