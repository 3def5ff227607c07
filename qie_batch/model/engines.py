"""Abilities, limits and prices of an engine, known without loading its weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named choice between quality and speed of one engine."""

    name: str
    steps: int
    cfg: float
    #: The LoRA that this preset runs with, "" for none.
    lora: str = ""
    #: What changes the pixels beside steps, CFG and LoRA, as a cache key contains it; "" for nothing.
    recipe: str = ""
    #: Expected device seconds of an edit at 1 MP, for estimates before there is history.
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLimits:
    """The limits of one edit, checked at submit and again on the worker."""

    #: Images of one edit, the one to edit included.
    max_images: int = 1
    #: Longest side over shortest, of the image to edit and of the result. None: 20 with `sizes`, else any.
    max_ratio: float | None = None
    #: Likewise, of each reference; None where `max_ratio` applies.
    max_reference_ratio: float | None = None
    #: The sizes (width, height) that the engine paints; empty where it edits an image of any size in place.
    sizes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """How edits are charged: by device hour (at the price of the device), by image, or free of charge."""

    kind: Literal["device_hour", "image", "free"]
    #: Micro-dollars for each image that the engine returned, whether or not it was stored.
    image_micros: int = 0


DEVICE_HOUR = Tariff(kind="device_hour")
FREE = Tariff(kind="free")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """The description of an engine that submit, estimate, budget and worker share."""

    name: str
    #: Changes whenever the same request may give other pixels.
    revision: str
    #: Names of the settings that decide the revision.
    revision_settings: tuple[str, ...] = ()
    #: Fields of EditParams that change the result beside instruction, size and output.
    honours: frozenset[str] = frozenset()
    #: By name, in the order in which they are shown; empty where the engine has no presets.
    presets: Mapping[str, Preset] = field(default_factory=dict)
    #: By LoRA: its name with the pinned hash of its file, as a cache key contains them.
    loras: Mapping[str, str] = field(default_factory=dict)
    #: LoRAs that a row may choose by name: what a cache key contains of each.
    own_loras: Mapping[str, str] = field(default_factory=dict)
    limits: EngineLimits = EngineLimits()
    #: The engine takes and gives RGBA images; any other engine gets transparent pixels composed on white, and
    #: they are put back where `EditParams.keep_alpha` asks for that.
    alpha: bool = False
    #: A model paints pixels; False for one that follows rules alone. Results say which.
    generative: bool = True
    tariff: Tariff = DEVICE_HOUR
    #: The device that edits are expected on, whose price is charged for estimates before there is history.
    device: str = "cpu"
    #: One worker process runs for each visible CUDA device; otherwise one for the machine.
    on_cuda: bool = False
    #: Device seconds of an edit without a preset, for estimates before there is history.
    seconds: float = 2.0
    #: Edits at a time in one worker process: 1 on a local device, more for a remote server.
    concurrency: int = 1
    #: Seconds without a step after which an edit counts as hung; None takes the worker's setting.
    deadline_seconds: float | None = None

    def expected_seconds(self, preset: str) -> float:
        """Device seconds of one edit, before there is history."""
        found = self.presets.get(preset)
        return found.seconds if found else self.seconds

    def runs_with(self, preset: str, own_lora: str) -> str:
        """What runs beside steps and CFG, as `EditSpec.lora`: LoRA and recipe of the preset, own LoRA."""
        found = self.presets.get(preset)
        of_preset = (self.loras.get(found.lora, found.lora), found.recipe) if found else ()
        return " ".join(filter(None, (*of_preset, self.own_loras.get(own_lora, ""))))
