"""How much of an image an edit has changed."""

from __future__ import annotations

from functools import reduce

from PIL import Image, ImageChops

#: Levels of 255 in a channel from which a person sees a difference in a flat area.
VISIBLE = 8
#: Rows compared at a time: few enough to stay in the processor's cache.
_ROWS = 64


def share_changed(before: Image.Image, after: Image.Image) -> float | None:
    """The share, 0 to 1, of pixels whose colour or alpha differs visibly; None where the sizes differ.

    Colours under transparent pixels do not count.
    """
    if before.size != after.size:
        return None
    if "RGBA" in (before.mode, after.mode):
        before, after = before.convert("RGBA"), after.convert("RGBA")
    width, height = before.size
    changed = 0
    for top in range(0, height, _ROWS):
        box = (0, top, width, min(height, top + _ROWS))
        changed += _changed(before.crop(box), after.crop(box))
    return changed / (width * height)


def _changed(before: Image.Image, after: Image.Image) -> int:
    bands = ImageChops.difference(_comparable(before), _comparable(after)).split()
    return sum(reduce(ImageChops.lighter, bands).histogram()[VISIBLE + 1 :])


def _comparable(image: Image.Image) -> Image.Image:
    # Premultiplied: on white, a white pixel that became transparent would not differ.
    return image.convert("RGBa") if image.mode == "RGBA" else image
