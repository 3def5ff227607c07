"""An image -> the file that a channel takes, as far as the image allows that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from qie_batch.exports.checking import check
from qie_batch.exports.encoding import encoded
from qie_batch.exports.framing import frame_of
from qie_batch.exports.measuring import cleaned
from qie_batch.exports.subject import subject_of
from qie_batch.images.scaling import scaled
from qie_batch.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qie_batch.exports.channel import Channel
    from qie_batch.exports.framing import Frame
    from qie_batch.exports.subject import Basis, Subject
    from qie_batch.model import Finding

    #: An RGB image and the size at which it is needed -> the image, at least of this size.
    Enlarge = Callable[[Image.Image, tuple[int, int]], Image.Image]

_CUT = "the product touches the border of the image, where it may be cut."


@dataclass(frozen=True, slots=True, kw_only=True)
class Upscaler:
    #: As a report names it.
    name: str
    enlarge: Enlarge


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    data: bytes
    width: int
    height: int
    #: Of the encoder; None for PNG.
    quality: int | None
    encodes: int
    #: How it is known where the product is.
    basis: Basis
    #: What was done to the image that a person should know of: clauses.
    notes: tuple[str, ...]
    #: Of `check`, of these bytes.
    findings: tuple[Finding, ...]


def render(
    image: Image.Image,
    channel: Channel,
    *,
    name: str = "",
    upscaler: Upscaler | None = None,
    xmp: bytes = b"",
) -> Rendered:
    """Of an upright RGB or RGBA image in sRGB. `xmp` is metadata that stays with it; `name` is the file's."""
    subject = subject_of(image, channel)
    fill = channel.product.aim if channel.product and subject.is_known else 1.0
    frame = frame_of(subject.box.size, channel, fill=fill)
    canvas = _laid_out(subject, frame, channel, upscaler)
    file = encoded(canvas, channel, xmp)
    return Rendered(
        data=file.data,
        width=frame.width,
        height=frame.height,
        quality=file.quality,
        encodes=file.encodes,
        basis=subject.basis,
        notes=tuple(_notes(subject, frame, upscaler)),
        findings=tuple(_findings(subject, file.data, channel, name)),
    )


def _findings(subject: Subject, data: bytes, channel: Channel, name: str) -> Iterator[Finding]:
    """Those of the file, which cannot show that the product was cut before; a cut-out is often cropped so."""
    cut = subject.touches and subject.basis != "alpha"
    for finding in check(data, channel, name, product_known=subject.basis != "none"):
        if cut and finding.gate == "margin":
            yield replace(finding, verdict=Verdict.FAILED, figure=0.0, sentence=_CUT)
        else:
            yield finding


def _laid_out(subject: Subject, frame: Frame, channel: Channel, upscaler: Upscaler | None) -> Image.Image:
    image, box = subject.image, subject.box
    if frame.scale > 1 and upscaler:
        part = image.crop(box)
        image = _enlarged(part, frame.box, upscaler)
        box = type(box)(0, 0, *image.size)
    inner = scaled(image, frame.box, box, enlarge=Image.Resampling.LANCZOS)
    canvas = Image.new("RGB", (frame.width, frame.height), channel.background)
    canvas.paste(inner, (frame.left, frame.top), inner.getchannel("A") if inner.mode == "RGBA" else None)
    if not subject.is_known:
        return canvas
    # What is left of noise, of faint shadows and of the resampling's rings.
    return Image.fromarray(cleaned(np.asarray(canvas), channel.background))


def _enlarged(image: Image.Image, size: tuple[int, int], upscaler: Upscaler) -> Image.Image:
    """By the model; alpha, which models do not know, by Lanczos."""
    larger = upscaler.enlarge(image.convert("RGB"), size)
    if image.mode == "RGBA":
        larger = larger.copy()
        larger.putalpha(image.getchannel("A").resize(larger.size, Image.Resampling.LANCZOS))
    return larger


def _notes(subject: Subject, frame: Frame, upscaler: Upscaler | None) -> list[str]:
    notes = []
    if subject.basis == "none":
        notes.append(f"the product could not be placed: {subject.note}")
    elif subject.note:
        notes.append(subject.note)
    if subject.basis == "cut-out":
        notes.append("put on the channel's background by a cut-out")
    if frame.scale > 1.001:
        notes.append(f"enlarged {frame.scale:.2f} times by {upscaler.name if upscaler else 'Lanczos'}")
    return notes
