"""The rules of a channel: what a shop or marketplace takes, as the file that names them says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date

    from qie_batch.model import OutputFormat

#: The rules that `checking` knows, in the order of a report. A channel may call some of them advice.
RULES = (
    "format",
    "extension",
    "colour",
    "bytes",
    "size",
    "pixels",
    "aspect",
    "background",
    "margin",
    "fill",
)
#: Raised when the same image and rules give other pixels or findings.
VERSION = 1


class Span(NamedTuple):
    """From the least to the most that is allowed, both included."""

    least: float
    most: float

    def holds(self, figure: float) -> bool:
        return self.least <= figure <= self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a rule was read."""

    url: str
    read: date
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """How a channel wants the product to lie in the frame."""

    #: The share of the frame's side that the product's box covers, where it covers more of it.
    fill: Span
    #: The share at which exports aim.
    aim: float
    #: The share of a side that is free at each edge at least.
    margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    #: By which a request names it; the stem of its file.
    name: str
    title: str
    #: When the rules were written down.
    dated: date
    sources: tuple[Source, ...]
    #: Pixels of the longest side at which exports aim; smaller where the image has fewer.
    aim: int
    longest: Span
    shortest: Span
    megapixels: float
    #: Width and height in the least whole numbers; None for any.
    aspect: tuple[int, int] | None
    #: Whether an image below the least size is enlarged.
    upscale: bool
    #: None where the product may lie anywhere.
    product: Product | None
    #: Of what is added round an image, RGB.
    background: tuple[int, int, int]
    #: Whether nothing else may be behind the product.
    pure: bool
    format: OutputFormat
    accepts: tuple[OutputFormat, ...]
    bytes: Span
    #: Of JPEG and WebP; the least to which an export goes to meet `bytes`.
    quality: Span
    template: str
    #: Rules of RULES that the channel only advises.
    advice: frozenset[str]

    @property
    def revision(self) -> str:
        """Changes with whatever may change a file or a verdict; not with the sources."""
        told = {"name", "title", "dated", "sources"}
        rules = [
            (field.name, sorted(value) if isinstance(value, frozenset) else value)
            for field in fields(self)
            if field.name not in told
            for value in (getattr(self, field.name),)
        ]
        return hashlib.sha256(repr((VERSION, rules)).encode()).hexdigest()[:12]

    @property
    def places_product(self) -> bool:
        """Whether an export has to know where the product is."""
        return self.product is not None or self.pure
