"""The cut-out with a segmentation model: as a second opinion on the built-in one, and in its place.

Where the built-in cut-out accepts an image, the model must agree with it. Where it refuses, the model's mask
alone is the cut-out, if the model is sure of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.errors import Rejected
from qie_batch.vision.cutout import Cutout, find_product
from qie_batch.vision.cutout.values import dilated

if TYPE_CHECKING:
    from qie_batch.vision.arrays import Flags, Floats, Pixels
    from qie_batch.vision.segmentation.inference import Segmenter

ALONE = "cut out by model alone"
#: Pixels of the longer side of the copy in which masks are compared.
_SIDE = 448
#: Pixels at an edge in which two masks may differ.
_BAND = 3
#: The share of the product's area in which two masks may differ beyond the band.
_TOLERANCE = 0.03
#: The share of the product's area that may be neither product nor backdrop to the model, beyond the band.
_MOST_UNSURE = 0.04
#: Lab units a pixel from which an edge is seen, and the multiple of the backdrop's own that it must have.
_SEEN_SLOPE, _OVER_BACKDROP = 1.0, 3.0
#: The share of the mask's outline that must lie on an edge in the image.
_LEAST_SEEN = 0.9
#: A shadow darkens the three channels of the backdrop alike, and its outline has less than this slope.
_GREY, _SOFT_SLOPE = 0.08, 3.5
_LEAST_PRODUCT, _MOST_PRODUCT = 0.005, 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCutter:
    """A `Cutter` with a model: pixels of any size -> Cutout."""

    segment: Segmenter

    def __call__(self, pixels: Pixels) -> Cutout:
        """Rejected (cutout_doubtful, and those of `find_product`) in doubt."""
        sure = self._mask(pixels)
        try:
            cutout = find_product(pixels)
        except Rejected as refusal:
            return self._alone(pixels, sure, refusal)
        own = _resized(sure, cutout.mask.shape)
        cutout = _without_shadows(cutout, _small(pixels, own), own)
        if _difference(cutout.mask > 0.5, own > 0.5) > _TOLERANCE:
            raise _doubtful("the built-in cut-out and the model find different products in it")
        return cutout

    def _mask(self, pixels: Pixels) -> Floats:
        scale = min(1.0, _SIDE / max(pixels.shape[:2]))
        height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
        return _resized(self.segment(pixels), (height, width))

    def _alone(self, pixels: Pixels, mask: Floats, refusal: Rejected) -> Cutout:
        """The model's mask; `refusal`, or Rejected (cutout_doubtful), if the model is not sure of it."""
        product = mask > 0.5
        if not _LEAST_PRODUCT < float(product.mean()) < _MOST_PRODUCT:
            raise refusal
        unsure = (mask > 0.1) & (mask < 0.9) & ~_edge(product)
        if float(unsure.sum()) > _MOST_UNSURE * float(product.sum()):
            raise _doubtful("the model is not sure what belongs to the product")
        small = _small(pixels, mask)
        if _seen_outline(small, product) < _LEAST_SEEN:
            raise _doubtful("there is no edge in it where the model sees one")
        mirrored = self._mask(np.ascontiguousarray(pixels[:, ::-1]))[:, ::-1]
        if _difference(product, mirrored > 0.5) > _TOLERANCE:
            raise _doubtful("the model finds another product in the mirrored picture")
        return _cutout(small.astype(np.float32), ((mask + mirrored) / 2).astype(np.float32))


def _small(pixels: Pixels, mask: Floats) -> Pixels:
    """The image at the size of the mask."""
    small: Pixels = cv2.resize(pixels, mask.shape[::-1], interpolation=cv2.INTER_AREA)
    return small


def _resized(mask: Floats, shape: tuple[int, ...]) -> Floats:
    shrinks = mask.shape[0] > shape[0] and mask.shape[1] > shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized: Floats = cv2.resize(mask, (shape[1], shape[0]), interpolation=way)
    return resized


def _edge(product: Flags) -> Flags:
    """The pixels within the band of the product's outline, on both sides."""
    return dilated(product, _BAND) & dilated(~product, _BAND)


def _difference(one: Flags, other: Flags) -> float:
    """What either mask has beyond the band round the other, as a share of the smaller product."""
    beyond = (one & ~dilated(other, _BAND)) | (other & ~dilated(one, _BAND))
    return float(beyond.sum()) / max(1, min(int(one.sum()), int(other.sum())))


def _doubtful(why: str) -> Rejected:
    return Rejected(
        f"Product and background cannot be told apart for certain in this picture: {why}.",
        code="cutout_doubtful",
        hint="Use a picture whose product stands out from its backdrop, or one with transparency.",
    )


def _slope(small: Pixels) -> Floats:
    """Lab units a pixel."""
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    down, across = (cv2.Sobel(lab, cv2.CV_32F, *way) / 8 for way in ((0, 1), (1, 0)))
    slope: Floats = np.sqrt((down * down + across * across).sum(axis=-1))
    return slope


def _outline(product: Flags) -> Flags:
    """The outermost pixels, but not those at the border of the image."""
    inner: Flags = cv2.erode(product.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    return product & ~inner


def _without_shadows(cutout: Cutout, small: Pixels, model: Floats) -> Cutout:
    """The cut-out less its parts beside the model's product that are soft shadows on the backdrop."""
    own, slope = cutout.mask > 0.5, _slope(small)
    light = small / np.maximum(cutout.backdrop, 1)
    count, labels = cv2.connectedComponents(own.astype(np.uint8))
    touching = set(np.unique(labels[dilated(model > 0.1, _BAND)]))
    shadows = np.zeros_like(own)
    for part in (labels == label for label in range(1, count) if label not in touching):
        grey = float(np.median(np.ptp(light[part], axis=-1))) < _GREY
        if grey and light[part].max() < 1 and float(np.median(slope[_outline(part)])) < _SOFT_SLOPE:
            shadows |= part
    if not shadows.any():
        return cutout
    shade = np.where(shadows, light.mean(axis=-1), cutout.shade).astype(np.float32)
    return replace(cutout, mask=np.where(shadows, np.float32(0), cutout.mask), shade=shade)


def _seen_outline(small: Pixels, product: Flags) -> float:
    """The share of the outline, inside of the image, that lies on an edge in it."""
    slope, outline = _slope(small), _outline(product)
    beside = slope[~dilated(product, 2 * _BAND)]
    usual = float(np.median(beside)) if beside.size else 0.0
    seen = cv2.dilate(slope, np.ones((5, 5), np.uint8))[outline] > max(_SEEN_SLOPE, _OVER_BACKDROP * usual)
    return float(seen.mean()) if seen.size else 0.0


def _cutout(small: Floats, mask: Floats) -> Cutout:
    """Without a shadow; the backdrop at the edge of the product is what is seen beside it."""
    seen = (~dilated(mask > 0.05, 2)).astype(np.float32)
    backdrop = np.full_like(small, small[seen > 0].mean(axis=0) if seen.any() else 255)
    for reach in (48.0, 12.0, 3.0):
        weight = cv2.GaussianBlur(seen, (0, 0), reach)
        near = cv2.GaussianBlur(small * seen[..., None], (0, 0), reach) / np.maximum(weight, 1e-6)[..., None]
        backdrop = np.where((weight > 0.02)[..., None], near, backdrop)
    return Cutout(mask=mask, backdrop=backdrop, shade=np.ones_like(mask), note=ALONE)
