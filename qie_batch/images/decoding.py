"""Decodes untrusted bytes to upright RGB, or RGBA where a pixel is transparent.

Only the decoders of `kinds.DECODED` run, called by class: `Image.open` would warn through process-global
warning filters, which three threads cannot toggle safely, and would take the small second images that
phones append to a JPEG (MPO) for an animation. The size is checked before any pixel is decoded.

A file whose pixels are damaged is refused, one whose metadata is damaged is not (docs/decisions/0017).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from qie_batch.errors import Rejected
from qie_batch.images import jpeg_pixels, png_chunks, webp_chunks
from qie_batch.images.colour import Layers, check_transparency, load, upright, upright_size
from qie_batch.images.jpeg_layout import JpegLayout, read_layout
from qie_batch.images.kinds import is_cut_short, recognise
from qie_batch.images.sizes import check_sides
from qie_batch.model import ImageHeader

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_DECODERS: dict[str, type[ImageFile]] = {"JPEG": JpegImageFile, "PNG": PngImageFile, "WEBP": WebPImageFile}

#: What decoders raise of sound images, too: a decoder process cannot import what it has not at its start.
_NO_DAMAGE = (MemoryError, Rejected, ImportError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that an image may declare. The settings of the same names say otherwise.

    The cameras with the most pixels beside medium format give 60 MP (9504 x 6336).
    """

    max_pixels: int = 64_000_000
    max_side: int = 12_000
    max_bytes: int = 50_000_000
    #: What sentences call the settings: those of the gateway, of which one is for sides and pixels.
    of_gateway: bool = False

    @property
    def pixels_setting(self) -> str:
        return "QIE_GATEWAY_MAX_SIDE" if self.of_gateway else "QIE_MAX_PIXELS"

    @property
    def side_setting(self) -> str:
        return "QIE_GATEWAY_MAX_SIDE" if self.of_gateway else "QIE_MAX_SIDE"

    @property
    def bytes_setting(self) -> str:
        return "QIE_GATEWAY_MAX_IMAGE_BYTES" if self.of_gateway else "QIE_MAX_BYTES"


DEFAULT_LIMITS = Limits()


def check_length(length: int, limits: Limits = DEFAULT_LIMITS) -> None:
    """Rejected (image_too_large) if a file of so many bytes is over the limit."""
    if length > limits.max_bytes:
        raise Rejected(
            f"the file has {length:,} bytes and {limits.max_bytes:,} are allowed "
            f"({limits.bytes_setting}): save it smaller or with stronger compression",
            code="image_too_large",
        )


def inspect(data: bytes, limits: Limits = DEFAULT_LIMITS) -> ImageHeader:
    """What the header declares, with no pixel decoded (0.3 ms); Rejected if `decode` would refuse that.

    Pixels are decoded where the structure of the file suggests that some are missing.

    The error's sentence does not name the file; the caller adds the name.
    """
    opened = _open_checked(data, limits)
    with opened.image as image:
        if opened.layout and opened.layout.is_suspicious():
            try:
                jpeg_pixels.check(opened.layout, image)
            except _NO_DAMAGE:
                raise
            except Exception as error:
                raise _undecodable(opened.kind, opened.data) from error
        if opened.kind == "PNG":
            # The decoder finds it behind the pixels only by decoding them.
            image.info["exif"] = png_chunks.exif(opened.data)
        ended = opened.layout is None or opened.layout.ended
        return ImageHeader(opened.kind, *upright_size(image), image.has_transparency_data, ended)


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS, *, draft: int | None = None) -> Image.Image:
    """The image, upright, in sRGB, without metadata, RGBA where a pixel is transparent; else Rejected.

    With `draft` a JPEG may be decoded to a half, a quarter or an eighth of its size, but its longest side
    is at least `draft`, and it is not checked for damage. MemoryError is not translated, because an image
    within the limits did not cause it.
    """
    opened = _open_checked(data, limits)
    kind, data = opened.kind, opened.data
    try:
        layers = _load(opened, draft)
        del opened  # and with it the decoder and its memory
        return upright(layers)
    except _NO_DAMAGE:
        raise
    except Exception as error:
        raise _undecodable(kind, data) from error


def _load(opened: _Opened, draft: int | None) -> Layers:
    with opened.image as image:
        if opened.layout:
            box = _draft_box(image.size, draft) if draft else None
            return load(jpeg_pixels.load(opened.layout, image, box))
        if opened.kind == "WEBP":
            return load(image)
        # load() accepts PNGs with wrong checksums; verify() does not, but leaves the object unusable.
        image.verify()
    with PngImageFile(io.BytesIO(opened.data)) as image:
        return load(image)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    kind: str
    #: Without what no pixel depends on.
    data: bytes
    image: ImageFile
    #: Of a JPEG.
    layout: JpegLayout | None


def _open_checked(data: bytes, limits: Limits) -> _Opened:
    check_length(len(data), limits)
    kind = recognise(data)
    layout = None
    if kind == "JPEG":
        layout = read_layout(data)
        layout.check_process()
    elif kind == "PNG":
        data = png_chunks.essence(data)
    image = _open(kind, data, limits)
    _check_size(image.size, limits)
    _check_still(image)
    if kind == "PNG":
        check_transparency(image)
    if (kind == "PNG" and not png_chunks.is_sound(data)) or (kind == "WEBP" and webp_chunks.has_hole(data)):
        raise _undecodable(kind, data)
    return _Opened(kind=kind, data=data, image=image, layout=layout)


def _open(kind: str, data: bytes, limits: Limits) -> ImageFile:
    try:
        return _DECODERS[kind](io.BytesIO(data))
    except _NO_DAMAGE:
        raise
    except Image.DecompressionBombError as error:
        raise Rejected(
            f"the picture declares more than the {limits.max_pixels:,} pixels that are allowed "
            f"({limits.pixels_setting}): make it smaller",
            code="image_too_large",
        ) from error
    except Exception as error:
        raise _undecodable(kind, data) from error


def _check_still(image: ImageFile) -> None:
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise Rejected(
            f"the picture is an animation of {frames} frames: save the one to edit as a still picture",
            code="image_animated",
        )


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    check_sides(size)
    if max(size) > limits.max_side:
        raise Rejected(
            f"the picture is {width:,} x {height:,} pixels and no side may be longer than "
            f"{limits.max_side:,} ({limits.side_setting}): make it smaller",
            code="image_too_large",
        )
    if width * height > limits.max_pixels:
        raise Rejected(
            f"the picture has {width * height:,} pixels ({width:,} x {height:,}) and {limits.max_pixels:,} "
            f"are allowed ({limits.pixels_setting}): make it smaller",
            code="image_too_large",
        )


def _undecodable(kind: str, data: bytes) -> Rejected:
    """image_truncated or image_broken, by the end of the file, as decoders raise any exception for both."""
    if is_cut_short(kind, data):
        return Rejected(
            f"the {kind} file is cut short after {len(data):,} bytes: fetch or export it again",
            code="image_truncated",
        )
    return Rejected(f"the {kind} file is damaged: export it again from its source", code="image_broken")


def _draft_box(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
