"""What the header of an image file says."""

from __future__ import annotations

from typing import NamedTuple


class ImageHeader(NamedTuple):
    #: "JPEG", "PNG" or "WEBP".
    format: str
    #: Pixels, after the EXIF orientation is applied.
    width: int
    height: int
    #: Whether any pixel may be transparent.
    alpha: bool = False
    #: Whether the file has its end marker; without one, all pixels are there all the same.
    ended: bool = True
