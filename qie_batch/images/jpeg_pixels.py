"""Decodes a JPEG file and refuses one whose pixels are damaged.

Pillow hides libjpeg's warnings, of which every one about the essence of a file means that pixels were lost.
simplejpeg reports the first. Both contain libjpeg-turbo and give the same pixels; simplejpeg takes half the
time.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from qie_batch.images.jpeg_seams import has_seam

if TYPE_CHECKING:
    from qie_batch.images.jpeg_layout import JpegLayout

_COLOURS = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}

#: simplejpeg reads common colours and samplings only.
_NOT_READ = re.compile("Could not determine (?:colorspace|subsampling)")
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0xd9")

#: Bytes that the decoder has read ahead and does not count.
_SLACK = 8


class DamagedError(Exception):
    """Pixels are missing or wrong."""


def load(layout: JpegLayout, image: JpegImageFile, draft: tuple[int, int] | None = None) -> Image.Image:
    """The pixels, with the metadata of the opened `image`; a draft is not checked for damage."""
    essence = layout.essence()
    if draft:
        pixels = _by_pillow(essence, draft)
    else:
        pixels = _checked(layout, image, essence)
    pixels.info = image.info
    return pixels


def check(layout: JpegLayout, image: JpegImageFile) -> None:
    """DamagedError as of `load`."""
    _checked(layout, image, layout.essence())


def _checked(layout: JpegLayout, image: JpegImageFile, essence: bytes) -> Image.Image:
    import simplejpeg  # noqa: PLC0415 - it loads NumPy, needed only by processes that decode

    # The limits were checked by the size that Pillow read.
    if layout.size != image.size or layout.has_zeros() or layout.is_unfinished():
        raise DamagedError
    try:
        samples = simplejpeg.decode_jpeg(essence, _COLOURS[image.mode])
    except ValueError as error:
        reason = str(error)
        if not _NOT_READ.search(reason) and not _is_padding(layout, reason):
            raise DamagedError(reason) from error
        return _by_pillow(essence)
    if not layout.restarts and has_seam(samples, layout.block):
        raise DamagedError
    if image.mode == "CMYK":
        return _by_pillow(essence)
    return Image.frombuffer(image.mode, image.size, samples, "raw", image.mode, 0, 1)


def _is_padding(layout: JpegLayout, reason: str) -> bool:
    """Whether the warning is of zero bytes alone that follow the last pixel."""
    found = _EXTRANEOUS.search(reason)
    return found is not None and 0 <= layout.padding() - int(found[1]) <= _SLACK


def _by_pillow(essence: bytes, draft: tuple[int, int] | None = None) -> Image.Image:
    with JpegImageFile(io.BytesIO(essence)) as image:
        if draft:
            image.draft("RGB", draft)
        image.load()
        return image
