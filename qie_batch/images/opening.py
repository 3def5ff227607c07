"""Untrusted bytes in, upright opaque RGB out.

Only the decoders of `kinds.OPENED` run, called by class: `Image.open` would warn through process-global
warning filters, which three threads cannot toggle safely, and would take the small second pictures that
phones put behind a JPEG (MPO) for an animation. Size is checked here, before any pixel is decoded.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from qie_batch.errors import Rejected
from qie_batch.images.colour import upright_rgb
from qie_batch.images.kinds import is_cut_short, recognise
from qie_batch.images.sizes import check_sides

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_DECODERS: dict[str, type[ImageFile]] = {"JPEG": JpegImageFile, "PNG": PngImageFile, "WEBP": WebPImageFile}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a picture may declare at most; at 40 MP a decode stays under 1.1 GB and two seconds."""

    max_pixels: int = 40_000_000
    max_side: int = 8192
    max_bytes: int = 50_000_000


DEFAULT_LIMITS = Limits()


class Header(NamedTuple):
    #: "JPEG", "PNG" or "WEBP".
    format: str
    #: As stored, before the EXIF orientation is applied.
    width: int
    height: int


def check_length(length: int, limits: Limits = DEFAULT_LIMITS) -> None:
    """Rejected (image_too_large) if a file of so many bytes is not worth reading."""
    if length > limits.max_bytes:
        raise Rejected(
            f"the file has {length:,} bytes and {limits.max_bytes:,} are allowed: "
            "save it smaller or with stronger compression",
            code="image_too_large",
        )


def inspect(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Header:
    """What the header declares, no pixel decoded (0.1 ms); Rejected if `decode` would refuse that.

    The sentence names no file: the caller knows which one it is.
    """
    kind, picture = _open_checked(data, limits)
    with picture:
        return Header(kind, *picture.size)


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS, *, draft: int | None = None) -> Image.Image:
    """The picture, upright, RGB in sRGB, transparency on white, without metadata; else Rejected.

    With `draft` a JPEG may come out smaller, at the decoder's own 1/2, 1/4 or 1/8, but its longest side
    no shorter than `draft`. A MemoryError comes out as it is: the limits held, so the machine is at fault.
    """
    kind, first = _open_checked(data, limits)
    try:
        with first:
            # load() accepts PNGs with wrong checksums; verify() does not, and spends the object.
            first.verify()
        with _DECODERS[kind](io.BytesIO(data)) as picture:
            if draft:
                picture.draft("RGB", _draft_box(picture.size, draft))
            return upright_rgb(picture)
    except (MemoryError, Rejected):
        raise
    except Exception as error:
        raise _undecodable(kind, data) from error


def _open_checked(data: bytes, limits: Limits) -> tuple[str, ImageFile]:
    check_length(len(data), limits)
    kind = recognise(data)
    try:
        picture = _DECODERS[kind](io.BytesIO(data))
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:
        raise Rejected(
            f"the picture declares more than {limits.max_pixels:,} pixels: make it smaller",
            code="image_too_large",
        ) from error
    except Exception as error:
        raise _undecodable(kind, data) from error
    _check_size(picture.size, limits)
    frames = getattr(picture, "n_frames", 1)
    if frames > 1:
        raise Rejected(
            f"the picture is an animation of {frames} frames: save the one to edit as a still picture",
            code="image_animated",
        )
    return kind, picture


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    check_sides(size)
    remedy = "make it smaller: about 1,000,000 pixels are enough"
    if max(size) > limits.max_side:
        raise Rejected(
            f"the picture is {width:,} x {height:,} pixels and no side may be longer than "
            f"{limits.max_side:,}: {remedy}",
            code="image_too_large",
        )
    if width * height > limits.max_pixels:
        raise Rejected(
            f"the picture has {width * height:,} pixels ({width:,} x {height:,}) and {limits.max_pixels:,} "
            f"are allowed: {remedy}",
            code="image_too_large",
        )


def _undecodable(kind: str, data: bytes) -> Rejected:
    """Decoders raise nearly anything on damaged data; the file's own end tells the two causes apart."""
    if is_cut_short(kind, data):
        return Rejected(
            f"the {kind} file is cut short after {len(data):,} bytes: fetch or export it again",
            code="image_truncated",
        )
    return Rejected(f"the {kind} file is damaged: export it again from its source", code="image_broken")


def _draft_box(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
