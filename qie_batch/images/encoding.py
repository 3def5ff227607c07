"""Encodes RGB and RGBA images without metadata.

Thread CPU in ms / MB of images of 1.5 MP: a photograph with noise, a product on white, a drawn product. On a
processor without SHA extensions whose two cores were shared, A-B-A, so that only the ratios count:

    PNG   Pillow level 6                          1050 / 1.76    313 / 0.69    298 / 0.68
    PNG   OpenCV level 6, run lengths, all         180 / 1.68    119 / 0.65    145 / 0.87
    PNG   OpenCV level 6, run lengths, Paeth       104 / 1.68     78 / 0.65     91 / 0.88   <- chosen: `small`
    PNG   OpenCV level 1, run lengths, up           82 / 2.11     49 / 0.81     60 / 0.81
    PNG   libdeflate level 1, up                    53 / 2.07     28 / 0.82     27 / 0.84
    PNG   libvips level 1, up                       60 / 3.21     32 / 1.28     31 / 1.24
    PNG   ISA-L level 1, sub                        41 / 2.28     16 / 0.90     20 / 1.03
    PNG   ISA-L level 1, up                         30 / 2.16     16 / 0.86     18 / 0.87   <- chosen: `fast`

Likewise of one image with 3 levels of noise, 1.05 MP and 1.5 MP, on a 2-core AMD EPYC:

    JPEG  q95 4:4:4                          4.6 / 0.54    6.9 / 0.79   <- chosen
    JPEG  q95 4:4:4 optimised               12.5 / 0.51   18.8 / 0.74
    WebP  q95 method 0                        40 / 0.33     61 / 0.44
    WebP  q95 method 2                        53 / 0.30     84 / 0.44   <- chosen: a third smaller on white
    WebP  q95 method 4                       109 / 0.32    170 / 0.46
"""

from __future__ import annotations

import io

from PIL import Image

from qie_batch.images.colour import on_checks, on_white
from qie_batch.images.decoding import DEFAULT_LIMITS, Limits, decode
from qie_batch.images.png_files import PngEffort, png_file
from qie_batch.model import OutputFormat

#: Of JPEG and WebP, unless the job says otherwise.
QUALITY = 95


def encode(
    image: Image.Image, output: OutputFormat, quality: int | None = None, effort: PngEffort = "fast"
) -> tuple[bytes, str]:
    """The bytes and their content type; JPEG holds no alpha and shows the image on white.

    What an image holds under fully transparent pixels is gone from PNG and WebP, too: they are white there.
    Alpha is exact in both. JPEG is 4:4:4, because 4:2:0 blurs coloured text and edges.
    """
    assert output not in (OutputFormat.SAME, OutputFormat.AUTO)  # decided at submit
    quality = quality or QUALITY
    bare = on_white(image) if output is OutputFormat.JPEG else image
    if bare.mode == "RGBA" or bare.info:
        bare = _bare(bare)
    if bare.mode == "RGBA":
        _clear_hidden(bare)
    if output is OutputFormat.PNG:
        return png_file(bare, effort), "image/png"
    buffer = io.BytesIO()
    if output is OutputFormat.JPEG:
        bare.save(buffer, "JPEG", quality=quality, subsampling="4:4:4")
        return buffer.getvalue(), "image/jpeg"
    bare.save(buffer, "WEBP", quality=quality, method=2, alpha_quality=100)
    return buffer.getvalue(), "image/webp"


def thumbnail_jpeg(image: Image.Image | bytes, side: int, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """A JPEG whose longest side is at most `side`, transparency on checks; Rejected for undecodable bytes."""
    if isinstance(image, bytes):
        # Twice the side, so that the resampling still averages pixels.
        image = decode(image, limits, draft=2 * side)
    small = _bare(image)
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    on_checks(small).save(buffer, "JPEG", quality=85, optimize=True)
    return buffer.getvalue()


def _bare(image: Image.Image) -> Image.Image:
    """A copy without `info`, from which Pillow would write comments, profiles and text."""
    bare = image.copy()
    bare.info = {}
    return bare


def _clear_hidden(image: Image.Image) -> None:
    """Make fully transparent pixels white: what was cut away must not travel along unseen.

    White, because programs that drop alpha show it.
    """
    hidden = image.getchannel("A").point([255] + [0] * 255)
    if hidden.getbbox():
        image.paste((255, 255, 255, 0), mask=hidden)
