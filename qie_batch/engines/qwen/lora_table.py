"""The LoRAs of the user's own, as the settings name them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qie_batch.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Rows and torch modules have it in their names.
_NAME = re.compile(r"[\w-]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_TRIGGER = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLora:
    """A LoRA that a row may choose by name, beside the one of its preset."""

    #: As rows write it, in any case; kept in lower case.
    name: str
    #: A safetensors file; a relative path starts in QIE_LORA_DIR.
    file: Path
    #: Hex sha256 of the file.
    sha256: str
    #: Factor of what the LoRA adds to the weights.
    scale: float = 1.0
    #: Words that the LoRA was trained with; instructions without them get them in front.
    trigger: str = ""

    @property
    def pinned(self) -> str:
        """All that changes pixels, as cache keys contain it."""
        return f"{self.name}@{self.sha256[:12]} {self.scale}" + (f" {self.trigger}" if self.trigger else "")

    def instruct(self, instruction: str) -> str:
        """The instruction with the trigger words, once."""
        if not self.trigger or self.trigger.casefold() in instruction.casefold():
            return instruction
        return f"{self.trigger}{', ' if self.trigger[-1].isalnum() else ' '}{instruction}"


_FIELDS = frozenset(field.name for field in fields(OwnLora)) - {"name"}


def own_loras(table: Mapping[str, Mapping[str, Any]]) -> dict[str, OwnLora]:
    """By name, in the order of the table; Misconfigured for an entry that means nothing."""
    loras: dict[str, OwnLora] = {}
    for given, values in table.items():
        name = given.strip().casefold()
        if not _NAME.fullmatch(name) or name in ("none", *loras):
            raise _wrong(
                given,
                "has no name of its own",
                "A name has 1 to 64 letters, digits, - and _, is not none, and upper case does not count.",
            )
        loras[name] = _lora(name, values)
    return loras


def _lora(name: str, values: Mapping[str, Any]) -> OwnLora:
    if unknown := sorted(values.keys() - _FIELDS):
        raise _wrong(name, f"has no field {', '.join(unknown)}", f"There are {', '.join(sorted(_FIELDS))}.")
    file, sha256 = values.get("file"), str(values.get("sha256", "")).lower()
    if not (isinstance(file, str | Path) and str(file)):
        raise _wrong(name, "names no file", "Give its safetensors file as file.")
    if not _SHA256.fullmatch(sha256):
        raise _wrong(name, "has no sha256 of 64 hex digits", "Give that of its file, from: sha256sum FILE")
    scale, trigger = values.get("scale", 1.0), values.get("trigger", "")
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not _is_usual(scale):
        raise _wrong(name, f"has the scale {scale!r}", "A scale is a number from -10 to 10 and not 0.")
    if not isinstance(trigger, str) or len(trigger) > _LONGEST_TRIGGER or not trigger.isprintable():
        raise _wrong(
            name,
            "has a trigger that is no line of text",
            f"Give the words it was trained with, at most {_LONGEST_TRIGGER} characters.",
        )
    return OwnLora(name=name, file=Path(file), sha256=sha256, scale=float(scale), trigger=trigger.strip())


def _is_usual(scale: float) -> bool:
    return math.isfinite(scale) and scale != 0 and abs(scale) <= 10


def _wrong(name: str, what: str, hint: str) -> Misconfigured:
    return Misconfigured(f"QIE_LORAS: the LoRA {name!r} {what}.", code="lora_invalid", hint=hint)
