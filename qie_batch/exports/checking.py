"""Each rule of a channel, checked in the bytes of a file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from qie_batch.exports.measuring import box_of, is_plain, product_in, stained
from qie_batch.images.colour import on_white
from qie_batch.model import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qie_batch.exports.channel import Channel, Span
    from qie_batch.vision.arrays import Pixels

_EXTENSIONS = {"jpeg": (".jpg", ".jpeg"), "png": (".png",), "webp": (".webp",)}
#: Pillow's decoders of the formats that exports may have.
_DECODERS = ("JPEG", "PNG", "WEBP")


def check(data: bytes, channel: Channel, name: str = "", *, product_known: bool = True) -> list[Finding]:
    """A finding for each rule that the channel has; for an image of this program's own, since it is decoded.

    Without a `name`, the file's, its extension is not checked. `product_known` is False where an export could
    not tell product from background.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=_DECODERS)
        kind = str(image.format).lower()
        findings = [_format(kind, channel), *_of_name(kind, name), _colour(image), _bytes(data, channel)]
        image.load()
    except (UnidentifiedImageError, OSError) as error:
        return [_failed("format", None, None, f"the file cannot be read: {error}")]
    findings += check_size(image.size, channel)
    flat = on_white(image) if image.mode == "RGBA" else image.convert("RGB")
    return [*findings, *check_pixels(np.asarray(flat), channel, product_known=product_known)]


def check_size(size: tuple[int, int], channel: Channel) -> Iterator[Finding]:
    """The rules about width and height."""
    longest, shortest = max(size), min(size)
    shown = f"{size[0]} x {size[1]} pixels"
    side, span = (longest, channel.longest)
    if not channel.shortest.holds(shortest):
        side, span = (shortest, channel.shortest)
    what = "longest" if span is channel.longest else "shortest"
    yield _spanned(
        "size", side, span, f"the image has {shown}, and its {what} side has to have {_told(span)}"
    )
    millions = size[0] * size[1] / 1e6
    yield _finding(
        "pixels",
        millions <= channel.megapixels,
        millions,
        channel.megapixels,
        f"the image has {millions:.1f} megapixels, and {channel.megapixels:g} are allowed",
    )
    if channel.aspect:
        width, height = channel.aspect
        # Within a pixel, as not each size has whole pixels of an aspect.
        off = abs(size[0] * height - size[1] * width) / max(width, height)
        yield _finding("aspect", off < 1, off, 1.0, f"the image has {shown}, which is not {width}:{height}")


def check_pixels(pixels: Pixels, channel: Channel, *, product_known: bool = True) -> Iterator[Finding]:
    """The rules about background and product, of an RGB image."""
    if not channel.places_product:
        return
    product = product_in(pixels, channel.background)
    plain = product_known and is_plain(product)
    colour = "#{:02x}{:02x}{:02x}".format(*channel.background)
    if channel.pure:
        share = stained(pixels, product, channel.background) if plain else float(product.mean())
        said = f"{max(share, 0.001):.1%} of the background is not exactly {colour}"
        sentence = said if plain else f"there is no {colour} round the product"
        yield _finding("background", plain and not share, share, 0.0, sentence)
    if channel.product is None:
        return
    box = box_of(product)
    if not plain or box is None:
        for rule in ("margin", "fill"):
            yield _unchecked(rule, "it is not known where the product is")
        return
    height, width = product.shape
    free = min(box.left / width, box.top / height, 1 - box.right / width, 1 - box.bottom / height)
    yield _finding(
        "margin",
        free >= channel.product.margin,
        free,
        channel.product.margin,
        f"{free:.1%} of a side is free beside the product, and {channel.product.margin:.1%} has to be"
        if free
        else "the product is cut at the border",
    )
    fill = max(box.size[0] / width, box.size[1] / height)
    span = channel.product.fill
    wanted = f"from {span.least:.0%} to {span.most:.0%}" if span.most < 1 else f"at least {span.least:.0%}"
    yield _spanned(
        "fill", fill, span, f"the product fills {fill:.0%} of the frame, and {wanted} is asked for"
    )


def failed_rules(findings: list[Finding] | tuple[Finding, ...], channel: Channel) -> list[Finding]:
    """Those that keep a file out of the channel: failed, and no mere advice."""
    return [
        finding
        for finding in findings
        if finding.verdict is Verdict.FAILED and finding.gate not in channel.advice
    ]


def _format(kind: str, channel: Channel) -> Finding:
    listed = ", ".join(channel.accepts)
    taken = any(kind == each for each in channel.accepts)
    return _finding("format", taken, None, None, f"the file is {kind}, and {listed} is taken")


def _of_name(kind: str, name: str) -> Iterator[Finding]:
    if name:
        right = name.lower().endswith(_EXTENSIONS[kind])
        yield _finding("extension", right, None, None, f"the name {name} is not that of a {kind} file")


def _colour(image: Image.Image) -> Finding:
    profile = image.info.get("icc_profile")
    if image.mode not in ("RGB", "RGBA"):
        return _failed("colour", None, None, f"the colours are {image.mode}, not RGB")
    if not profile:
        return _failed("colour", None, None, "the file has no colour profile")
    try:
        said = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
    except (ImageCms.PyCMSError, OSError) as error:
        return _failed("colour", None, None, f"the colour profile cannot be read: {error}")
    return _finding("colour", said.startswith("sRGB"), None, None, f"the colour profile is {said}, not sRGB")


def _bytes(data: bytes, channel: Channel) -> Finding:
    span = channel.bytes
    wanted = f"{int(span.most):,} are allowed" if len(data) > span.most else f"{int(span.least):,} are needed"
    return _spanned("bytes", len(data), span, f"the file has {len(data):,} bytes, and {wanted}")


def _told(span: Span) -> str:
    if span.least == span.most:
        return f"{span.least:g}"
    return f"{span.least:g} to {span.most:g}" if span.most < float("inf") else f"{span.least:g} or more"


def _spanned(rule: str, figure: float, span: Span, sentence: str) -> Finding:
    limit = span.least if figure < span.least else span.most
    return _finding(rule, span.holds(figure), figure, limit, sentence)


def _finding(
    rule: str,
    passed: bool,  # noqa: FBT001 - each call has a comparison there
    figure: float | None,
    limit: float | None,
    sentence: str,
) -> Finding:
    if not passed:
        return _failed(rule, figure, limit, sentence)
    return Finding(gate=rule, verdict=Verdict.PASSED, figure=figure, limit=limit, sentence="")


def _failed(rule: str, figure: float | None, limit: float | None, sentence: str) -> Finding:
    return Finding(gate=rule, verdict=Verdict.FAILED, figure=figure, limit=limit, sentence=f"{sentence}.")


def _unchecked(rule: str, why: str) -> Finding:
    return Finding(gate=rule, verdict=Verdict.UNCHECKED, figure=None, limit=None, sentence=f"{why}.")
