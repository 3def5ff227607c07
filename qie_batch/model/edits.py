"""An edit: the parameters and inputs that decide its pixels, the request to an engine, and the result."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image


#: Part of every cache key: raise it when the same inputs must give a new image.
SCHEMA_VERSION = 1


class OutputFormat(StrEnum):
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    #: The format of the image to edit.
    SAME = "same"
    #: SAME, but PNG where image or result may be transparent. `steps.submit` decides both: no cache key has
    #: them.
    AUTO = "auto"


#: Seeds are whole numbers below this one.
SEEDS = 2**32
#: From a seed to that of the next try: variants of a row have the seeds between.
_NEXT_TRY = 100


def next_seed(seed: int, tries: int = 1) -> int:
    """The seed that an edit has after so many tries more."""
    return (seed + _NEXT_TRY * tries) % SEEDS


@dataclass(frozen=True, slots=True, kw_only=True)
class EditParams:
    """What decides the pixels besides the inputs. `None`, and a preset of "", is the job's choice."""

    instruction: str
    negative: str = " "
    #: Pixels of the result; None keeps those of the first image.
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg: float | None = None
    seed: int | None = None
    preset: str = ""
    output: OutputFormat = OutputFormat.PNG
    #: Of JPEG and WebP, 1 to 100; None is the encoder's choice, and the only value for PNG.
    quality: int | None = None
    #: Of an engine that gets no alpha: the result gets that of the image to edit.
    keep_alpha: bool = False
    #: The name of a LoRA of the user's own beside the preset's, "" for none.
    lora_name: str = ""
    #: Which of the input's own pixels come back after the edit: "product" (its cut-out), "alpha", "mask", ""
    #: for none.
    lock: str = ""
    #: Content that the edit moved a little is moved back.
    align: bool = False
    #: The result says nothing of its origin, and of its input's rights.
    strip_metadata: bool = False

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels; None where the result has the size of the first image."""
        return (self.width, self.height) if self.width and self.height else None


_PARAMS = tuple(field.name for field in fields(EditParams))
#: Left out of a spec where they have these values, as in the specs of earlier versions, so that their cache
#: keys stay.
_LATER: Mapping[str, object] = {
    "quality": None,
    "keep_alpha": False,
    "lora_name": "",
    "lock": "",
    "align": False,
    "strip_metadata": False,
}
# One encoder for all: json.dumps makes a new one at each call.
_encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class EditSpec:
    """Everything that decides the pixels of a result, and so the cache key."""

    #: sha256 (hex) of each input image, in the row's order.
    inputs: tuple[str, ...]
    params: EditParams
    engine: str
    revision: str
    #: The LoRA of the preset with the pinned sha256 of its file and the preset's recipe, "" for none.
    lora: str = ""
    #: sha256 (hex) of the image that says which pixels are kept, "" for none.
    mask: str = ""

    @property
    def objects(self) -> tuple[str, ...]:
        """sha256 (hex) of every image that the edit reads."""
        return (*self.inputs, self.mask) if self.mask else self.inputs

    @property
    def canonical(self) -> str:
        """The canonical JSON of all fields and the schema version; the ledger stores this text."""
        params = self.params
        fields = {name: getattr(params, name) for name in _PARAMS}
        for name, unset in _LATER.items():
            if fields[name] == unset:
                del fields[name]
        fields |= {
            "schema": SCHEMA_VERSION,
            "inputs": self.inputs,
            "engine": self.engine,
            "revision": self.revision,
            "lora": self.lora,
        }
        if self.mask:
            fields["mask"] = self.mask
        return _encoded(fields)

    @property
    def cache_key(self) -> str:
        """Hex sha256 of `canonical`."""
        return cache_key_of(self.canonical)

    @classmethod
    def parse(cls, canonical: str) -> Self:
        """The inverse of `canonical`; ledgers of 0.1.0 hold the same fields without `schema`."""
        fields: dict[str, Any] = json.loads(canonical)
        params = {name: fields[name] for name in _PARAMS if name in fields or name not in _LATER}
        params["output"] = OutputFormat(params["output"])
        return cls(
            inputs=tuple(fields["inputs"]),
            params=EditParams(**params),
            engine=fields["engine"],
            revision=fields["revision"],
            lora=fields["lora"],
            mask=fields.get("mask", ""),
        )


def cache_key_of(canonical: str) -> str:
    """The cache key of a spec, from its canonical JSON."""
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRequest:
    """One call of an engine. All images are upright and RGB, or RGBA where `EngineInfo.alpha` allows that."""

    #: The image to edit first, then the references.
    images: tuple[Image.Image, ...]
    params: EditParams
    #: Pixels that the engine paints; one of `EngineLimits.sizes` where the engine has any.
    width: int
    height: int
    #: Use less device memory, at the cost of time, where the engine can.
    low_memory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """An image before and after its edit, RGB or RGBA, for gates."""

    #: At the size of the result, unless the edit changed the size.
    before: Image.Image
    after: Image.Image
    instruction: str
    #: Of the result's size, mode L: white where the row keeps the input's own pixels; None without a lock.
    keep: Image.Image | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditResult:
    #: RGB, or RGBA where `EngineInfo.alpha` allows that, of the request's width and height; of any size where
    #: `EngineLimits.sizes` is empty.
    image: Image.Image
    #: Short clauses for people, such as "shadow removed".
    notes: tuple[str, ...] = ()
    #: Seconds within the engine: "prompt", "vae", "steps" and "decode", as far as the engine says.
    phases: Mapping[str, float] = field(default_factory=dict)
    #: What really ran, as JSON values: scheduler, steps, cfg, LoRA, attention, versions; empty if not said.
    ran: Mapping[str, Any] = field(default_factory=dict)
