"""What a result says of its origin: how it came to be, by which engine, and whose rights its input names.

A field is named as Exiv2 names it; `images.metadata` reads and writes the fields, in decoder processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.model import EditSpec

#: A text, several, or one for each language, which is written lang="de".
Value = str | list[str] | dict[str, str]

#: In the place of a field: the colours are described by an ICC profile of sRGB.
PROFILE = "Icc"
SOURCE_TYPE = "Xmp.iptcExt.DigitalSourceType"
CREDIT = "Xmp.photoshop.Credit"
RIGHTS, CREATOR = "Xmp.dc.rights", "Xmp.dc.creator"
COPYRIGHT_EXIF, ARTIST_EXIF = "Exif.Image.Copyright", "Exif.Image.Artist"
_CREATOR_TOOL, IDENTIFIER = "Xmp.xmp.CreatorTool", "Xmp.dc.identifier"
SYSTEM, SYSTEM_VERSION = "Xmp.iptcExt.AISystemUsed", "Xmp.iptcExt.AISystemVersionUsed"

#: Of an input, what its result keeps.
KEPT = (
    RIGHTS,
    CREATOR,
    CREDIT,
    "Xmp.xmpRights.UsageTerms",
    "Xmp.xmpRights.Marked",
    "Xmp.xmpRights.WebStatement",
    "Xmp.plus.DataMining",
    COPYRIGHT_EXIF,
    ARTIST_EXIF,
    PROFILE,
)
#: What is read of a file: no other field leaves the decoder process.
READ = (*KEPT, SOURCE_TYPE, _CREATOR_TOOL, IDENTIFIER, SYSTEM, SYSTEM_VERSION)
#: Characters of a text, and entries of a list.
LONGEST_TEXT, MOST_TEXTS = 1000, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamping:
    """What the results of a worker say, beside what their specs decide."""

    credit: str = "Edited with qie-batch"
    #: Copyright, creator, credit and terms of the input stay with its result.
    keep_rights: bool = True


USUAL_STAMPING = Stamping()


class SourceType(StrEnum):
    """https://cv.iptc.org/newscodes/digitalsourcetype/, as far as results are of these kinds."""

    #: Made by a model alone.
    GENERATED = "trainedAlgorithmicMedia"
    #: A model painted in a photograph.
    PARTLY_GENERATED = "compositeWithTrainedAlgorithmicMedia"
    #: Changed by rules that learned nothing.
    ENHANCED = "algorithmicallyEnhanced"

    @property
    def address(self) -> str:
        return f"http://cv.iptc.org/newscodes/digitalsourcetype/{self}"


def claim(
    spec: EditSpec, origin: Mapping[str, Value], stamping: Stamping, *, generative: bool
) -> dict[str, Value]:
    """The fields of a result; `origin` are those of the image to edit.

    Nothing of the job or the time: a result belongs to every job that asks for the same edit.
    """
    params = spec.params
    preset = f", preset {params.preset}" if params.preset else ""
    kept = {name: origin[name] for name in KEPT if name in origin} if stamping.keep_rights else {}
    fields = kept | {
        SOURCE_TYPE: _source_type(origin, generative=generative).address,
        CREDIT: _credits(kept.get(CREDIT), stamping.credit),
        _CREATOR_TOOL: f"qie-batch, engine {spec.engine}, revision {spec.revision}{preset}",
        IDENTIFIER: spec.cache_key,
    }
    if generative:
        model = f"{spec.revision}, {spec.lora}" if spec.lora else spec.revision
        fields |= {SYSTEM: f"{spec.engine} by qie-batch", SYSTEM_VERSION: model}
    return fields


def _source_type(origin: Mapping[str, Value], *, generative: bool) -> SourceType:
    """That of the edit, or that of the input where a model had painted there before."""
    before = str(origin.get(SOURCE_TYPE, "")).rpartition("/")[2]
    if before == SourceType.GENERATED:
        return SourceType.GENERATED
    if generative or before == SourceType.PARTLY_GENERATED:
        return SourceType.PARTLY_GENERATED
    return SourceType.ENHANCED


def _credits(before: Value | None, ours: str) -> str:
    """Both, as the owner of the input may ask for the first."""
    if not isinstance(before, str) or ours in before:
        return before if isinstance(before, str) else ours
    return f"{before} / {ours}"
