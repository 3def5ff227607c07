"""Drawn products, as an edit may leave them."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageDraw

SIDE = 640


def on(background: str, size: tuple[int, int] = (SIDE, SIDE), *, wide: bool = False) -> Image.Image:
    """A textured bottle, or a wide box, in the middle of a plain image."""
    image = Image.new("RGB", size, background)
    image.paste(_texture(size), mask=_shape(size, wide=wide))
    return image


def cut_out(size: tuple[int, int] = (SIDE, SIDE), *, wide: bool = False) -> Image.Image:
    """Likewise, with a transparent background."""
    image = _texture(size).convert("RGBA")
    image.putalpha(_shape(size, wide=wide))
    return image


def scene(size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    """A product before a busy background, from which none can be cut out."""
    image = Image.effect_noise(size, 90).convert("RGB")
    image.paste(_texture(size), mask=_shape(size, wide=False))
    return image


def _texture(size: tuple[int, int]) -> Image.Image:
    """Deep red with bands and grain, so that a JPEG of the image has many bytes."""
    grain = Image.merge("RGB", [Image.effect_noise(size, 40) for _ in range(3)])
    bands = Image.new("RGB", size, (120, 20, 40))
    draw = ImageDraw.Draw(bands)
    for top in range(0, size[1], 24):
        draw.rectangle((0, top, size[0], top + 10), fill=(60, 20, 90))
    return ImageChops.blend(bands, grain, 0.25)


def _shape(size: tuple[int, int], *, wide: bool) -> Image.Image:
    width, height = size
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    if wide:
        draw.rounded_rectangle((width * 0.1, height * 0.4, width * 0.9, height * 0.6), 12, fill=255)
        return mask
    draw.rounded_rectangle((width * 0.36, height * 0.3, width * 0.64, height * 0.85), 30, fill=255)
    draw.rectangle((width * 0.45, height * 0.15, width * 0.55, height * 0.32), fill=255)
    return mask
