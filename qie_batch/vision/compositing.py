"""A product without the light of its old backdrop, on a new one, or over a shadow; in bands of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.vision.bands import BAND, bands, enlarged, enlarged_part, runs

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Floats, Pixels
    from qie_batch.vision.cutout import Cutout

#: How far a JPEG carries the backdrop's chroma into the product, in pixels.
_BLEED = 2
#: How far inside the product the colour of a pixel at its edge is looked for, in pixels; farther where
#: the mask is of a smaller copy.
_REACH = 5
#: The share of the backdrop's chroma up to which a pixel of the product has it from the JPEG; beyond the
#: second, it is the product's own.
_BLED, _OWN = 0.6, 0.85
#: Rows of a band that needs no overlap.
_THIN = 32
#: The distance of product and backdrop, in levels, from which alpha is corrected by it, and fully so.
_ALIKE, _APART = 40, 90
#: The distance of a pixel from every mixture of the two at which it has a third colour.
_UNLIKE = 15
#: The most by which alpha is corrected, in levels: little downward, since the product may have a rim of the
#: backdrop's colour.
_LESS, _MORE = 30, 90
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def separated(
    pixels: Pixels, alpha: Pixels, cutout: Cutout, *, band: int = BAND // 2
) -> tuple[Pixels, Pixels]:
    """The product's own colours, without the backdrop that shows through its edge, and alpha after them.

    Colours are 0 where alpha is 0.
    """
    height, width = alpha.shape
    out: Pixels = cv2.copyTo(pixels, alpha)
    cover = alpha.copy()
    reach = _REACH + round(1.5 * max(0.0, width / cutout.mask.shape[1] - 1))
    margin = _BLEED + reach
    for first, last in bands(height, band):
        top, bottom = max(0, first - margin), min(height, last + margin)
        around = alpha[top:bottom]
        edge = (around.max(axis=0) > 0) & (around.min(axis=0) < 255)
        for left, right in runs(edge, margin):
            start, end = max(0, left - margin), min(width, right + margin)
            inside, own = _inside(pixels[top:bottom, start:end], around[:, start:end], reach)
            window = slice(first - top, last - top), slice(left - start, right - start)
            part = slice(first, last), slice(left, right)
            old = _light(cutout, (width, height), *part)
            cover[part] = _solved(pixels[part], alpha[part], old, own[window], inside[window])
            out[part] = _cleaned(pixels[part], cover[part], old, own[window], inside[window])
    return out, cover


def _light(cutout: Cutout, size: tuple[int, int], rows: slice, columns: slice) -> Floats:
    """A part of the backdrop in its shadow, RGB, at `size` (width, height)."""
    backdrop = enlarged_part(cutout.backdrop, size, rows, columns)
    return backdrop * enlarged_part(cutout.shade, size, rows, columns)[..., None]


def _inside(pixels: Pixels, alpha: Pixels, reach: int) -> tuple[Pixels, Floats]:
    """1 in the edge near an inside and 0 elsewhere, and the mean colour of the inside around each pixel."""
    core = cv2.erode((alpha == 255).astype(np.uint8), np.ones((2 * _BLEED + 1,) * 2, np.uint8))
    side = (2 * reach + 1,) * 2
    count = cv2.boxFilter(core, cv2.CV_32F, side, normalize=False)
    total = cv2.boxFilter(cv2.copyTo(pixels, core), cv2.CV_32F, side, normalize=False)
    return ((count > 0) & (core == 0)).astype(np.uint8), total / np.maximum(count, 1)[..., None]


def _solved(pixels: Pixels, alpha: Pixels, old: Floats, own: Floats, near: Pixels) -> Pixels:
    """Alpha by where the pixel's colour lies between backdrop and product, as far as these two differ."""
    way = own - old
    length = np.einsum("ijk,ijk->ij", way, way)
    seen = pixels - old
    share = np.einsum("ijk,ijk->ij", seen, way) / np.maximum(length, 1)
    unlike = seen - np.clip(share, 0, 1)[..., None] * way
    moved = np.clip(255 * share - alpha, -_LESS, _MORE)
    trust = np.clip((length - _ALIKE**2) / (_APART**2 - _ALIKE**2), 0, 1) * near
    trust *= np.clip(1 - np.einsum("ijk,ijk->ij", unlike, unlike) / _UNLIKE**2, 0, 1)
    partly = (alpha > 0) & (alpha < 255)
    solved: Pixels = np.rint(np.clip(alpha + moved * trust * partly, 0, 255)).astype(np.uint8)
    return solved


def _cleaned(pixels: Pixels, alpha: Pixels, old: Floats, own: Floats, near: Pixels) -> Pixels:
    """The inside's colours, corrected by what cover and backdrop leave unexplained (Forte 2021)."""
    cover = (alpha.astype(np.float32) / 255)[..., None]
    rest = pixels - (1 - cover) * old
    out = np.where(near[..., None] > 0, own + cover * (rest - cover * own), rest / np.maximum(cover, 0.2))
    out -= _bled(out, old, own)[..., None] * near[..., None] * _chroma(old - own)
    out[alpha == 0] = 0
    cleaned: Pixels = np.rint(np.clip(out, 0, 255)).astype(np.uint8)
    return cleaned


def _chroma(rgb: Floats) -> Floats:
    return rgb - (rgb @ _LUMA)[..., None]


def _bled(seen: Floats, old: Floats, own: Floats) -> Floats:
    """The share by which chroma lies on the way from the product's own colour to the backdrop's."""
    way = _chroma(old - own)
    share = (_chroma(seen - own) * way).sum(axis=-1) / ((way * way).sum(axis=-1) + 200)
    bled: Floats = np.clip(share, 0, 1) * np.clip((_OWN - share) / (_OWN - _BLED), 0, 1)
    return bled


def lay_on(product: Pixels, alpha: Pixels, rgb: tuple[int, int, int], shade: Floats | None) -> None:
    """Put a colour, multiplied by `shade` (0 to 1, of any size), behind the product, in its own array."""
    height, width = alpha.shape
    new = np.array(rgb, np.float32)
    for first, last in bands(height, _THIN):
        rows = slice(first, last)
        light = _shade_of(shade, (width, height), first, last)
        plain = (alpha[rows].max(axis=0) == 0) & (light.min(axis=0) >= 1)
        for left, right in runs(plain, 0):
            product[rows, left:right] = rgb
        for left, right in runs(~plain & (alpha[rows].min(axis=0) < 255), 0):
            part = rows, slice(left, right)
            behind = new * light[:, left:right, None]
            cover = (alpha[part].astype(np.float32) / 255)[..., None]
            product[part] = np.rint(behind + cover * (product[part] - behind)).astype(np.uint8)


def _shade_of(shade: Floats | None, size: tuple[int, int], first: int, last: int) -> Floats:
    if shade is None:
        return np.ones((1, size[0]), np.float32)
    return np.clip(enlarged(shade, size, first, last), 0, 1)


def darkened(pixels: Pixels, alpha: Pixels, dark: Floats, cutout: Cutout) -> Pixels:
    """The image with less light on the backdrop alone: `dark` is the share that goes, of any size."""
    height, width = alpha.shape
    out = pixels.copy()
    for first, last in bands(height, BAND):
        rows = slice(first, last)
        gone = enlarged(dark, (width, height), first, last) * (1 - alpha[rows].astype(np.float32) / 255)
        for left, right in runs(gone.max(axis=0) > 0, 0):
            part = rows, slice(left, right)
            # On pure backdrop the image's own value counts, so that noise and texture are darkened with it.
            edge = (alpha[part] > 0)[..., None]
            lost = np.where(edge, _light(cutout, (width, height), *part), pixels[part])
            lost *= gone[:, left:right, None]
            out[part] = np.rint(np.clip(pixels[part] - lost, 0, 255)).astype(np.uint8)
    return out


def underlaid(pixels: Pixels, alpha: Pixels, dark: Floats) -> tuple[Pixels, Pixels]:
    """Colours and alpha of a transparent image over black of alpha `dark` (0 to 1, of any size)."""
    height, width = alpha.shape
    out, whole = pixels.copy(), alpha.copy()
    for first, last in bands(height, BAND):
        rows = slice(first, last)
        cover = alpha[rows].astype(np.float32) / 255
        both = cover + (1 - cover) * enlarged(dark, (width, height), first, last)
        share = cover / np.maximum(both, 1e-6)
        out[rows] = np.rint(pixels[rows] * share[..., None]).astype(np.uint8)
        whole[rows] = np.rint(both * 255).astype(np.uint8)
    return out, whole
