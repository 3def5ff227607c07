"""What the border of an image shows: the colour that a new margin continues, and whether it is plain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from qie_batch.engines.classic.canvas import Margin

if TYPE_CHECKING:
    from qie_batch.engines.classic.canvas import Canvas
    from qie_batch.vision.arrays import Flags, Pixels

#: Alpha up to this counts as transparent, and from which on as opaque: a soft shadow lies between.
CLEAR, _OPAQUE = 8, 230
#: Levels of a channel by which a pixel of a plain border may differ from its median without a visible seam.
_PLAIN = 5
#: Levels over which a pixel is content, not backdrop with artefacts of JPEG.
_UNLIKE = 10
#: The share of the border that must be alike; the product may touch the rest.
_PLAIN_SHARE = 0.97
#: The share that has the very median colour in a border without noise.
_EXACT_SHARE = 0.7
#: The share of a cut edge that may be product before the result is doubtful.
_MOST_CUT = 0.01
#: Levels by which a cut edge differs from a plain side where it is product, and the plain share of a side.
_CONTENT, _SIDE_SHARE = 30, 0.7


def margin_of(canvas: Canvas) -> Margin:
    """What was trimmed away; clear, unless half of the border is opaque; else the median of that."""
    if canvas.trimmed:
        return canvas.trimmed
    rgb = rim(canvas.rgb)
    if canvas.alpha is None:
        return _opaque(rgb, 1)
    alpha = rim(canvas.alpha)
    opaque = alpha >= _OPAQUE
    if opaque.mean() < 0.5:
        shown = float((alpha > CLEAR).mean())
        return Margin(rgba=(0, 0, 0, 0), plain=shown == 0, exact=shown < 1 - _EXACT_SHARE)
    return _opaque(rgb[opaque], float(opaque.mean()))


def rim(pixels: Pixels) -> Pixels:
    """The outermost pixels, (n, 3) of RGB and (n,) of a mask."""
    return np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])


def unlike(pixels: Pixels, colour: tuple[int, ...], levels: int = _UNLIKE) -> Flags:
    """Where a channel differs by more than these levels from the colour."""
    low = tuple(max(0, value - levels) for value in colour[:3])
    high = tuple(min(255, value + levels) for value in colour[:3])
    differs: Flags = cv2.inRange(pixels.reshape(pixels.shape[0], -1, 3), low, high) == 0
    return differs.reshape(pixels.shape[:-1])


def crossed(content: Flags, upright: tuple[int, int], level: tuple[int, int]) -> bool:
    """Whether content lies on both sides of an edge, when so many columns and rows are cut off."""
    return any(
        float((layer[cut - 1] & layer[cut]).mean()) > _MOST_CUT
        for layer, cuts in ((content.T, upright), (content, level))
        for layer, cut in ((layer, cuts[0]), (layer[::-1], cuts[1]))
        if cut
    )


def leaves_content(rgb: Pixels, upright: tuple[int, int], level: tuple[int, int]) -> bool:
    """Whether a cut edge differs from the side of the image that is cut off, where that side is plain."""
    for pixels, cuts in ((rgb.transpose(1, 0, 2), upright), (rgb, level)):
        for layer, cut in ((pixels, cuts[0]), (pixels[::-1], cuts[1])):
            if cut and _differs(layer[0], layer[cut]):
                return True
    return False


def _differs(side: Pixels, edge: Pixels) -> bool:
    red, green, blue = (int(value) for value in np.median(side, axis=0))
    if float((~unlike(side, (red, green, blue), _CONTENT)).mean()) < _SIDE_SHARE:
        return False
    away = np.abs(edge.astype(np.int16) - side).max(axis=-1)
    return float((away > _CONTENT).mean()) > _MOST_CUT


def _opaque(rgb: Pixels, share: float) -> Margin:
    red, green, blue = (round(float(value)) for value in np.median(rgb, axis=0))
    colour = (red, green, blue)
    alike = share * float((~unlike(rgb, colour, _PLAIN)).mean())
    exact = share * float((~unlike(rgb, colour, 1)).mean())
    return Margin(rgba=(*colour, 255), plain=alike >= _PLAIN_SHARE, exact=exact >= _EXACT_SHARE)
