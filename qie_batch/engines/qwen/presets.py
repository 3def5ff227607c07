"""The named choices between quality and speed, and those that a user adds in the settings."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from qie_batch.errors import Misconfigured
from qie_batch.model import Preset

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCache:
    """Steps whose later blocks are not computed: what they added in the last computed step is added again.

    After the first blocks of a step, what they added is compared with what they added in the last computed
    step: below the threshold the step is skipped (DBCache, github.com/vipshop/cache-dit). With a mask the
    choice is fixed instead.
    """

    #: Blocks that every step computes.
    first: int = 8
    #: Relative mean difference (L1) up to which a step is skipped. At 0.08 DBCache reports 1.8 times the
    #: speed and a PSNR of 34 dB against all steps (FLUX, 50 steps).
    threshold: float = 0.08
    #: Steps at the start that are always computed.
    warmup: int = 4
    #: Steps in a row that may be skipped.
    most_skipped: int = 3
    #: By step "1" to compute or "0" to skip, instead of the threshold; the last holds for all later steps.
    mask: str = ""

    @property
    def recipe(self) -> str:
        """The part of a cache key."""
        rule = f"mask {self.mask}" if self.mask else f"{self.threshold:g} {self.warmup} {self.most_skipped}"
        return f"step-cache {self.first} {rule}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QwenPreset(Preset):
    """A preset of this engine. Its LoRA is one of Lightning's, which brings its own scheduler."""

    #: None computes every step.
    cache: StepCache | None = None


#: Steps and CFG of `reference` are the model card's; `fast` and `draft` are the Lightning distillations.
#: Seconds on an H100: published figures of 40 steps, with DBCache, and of 8 and 4 steps; not measured here.
BUILT_IN: Mapping[str, QwenPreset] = {
    preset.name: preset
    for preset in (
        QwenPreset(name="reference", steps=40, cfg=4.0, seconds=25.6),
        QwenPreset(
            name="balanced", steps=40, cfg=4.0, seconds=14.2, cache=StepCache(), recipe=StepCache().recipe
        ),
        QwenPreset(name="fast", steps=8, cfg=1.0, lora="lightning-8", seconds=2.8),
        QwenPreset(name="draft", steps=4, cfg=1.0, lora="lightning-4", seconds=1.5),
    )
}

_FIELDS = frozenset(field.name for field in fields(QwenPreset)) - {"name", "recipe"}


def all_presets(own: Mapping[str, Mapping[str, Any]]) -> dict[str, QwenPreset]:
    """The built-in presets and the user's own; Misconfigured for one that means nothing."""
    presets = dict(BUILT_IN)
    for name, given in own.items():
        presets[name] = _own(name, given)
    return presets


def _own(name: str, given: Mapping[str, Any]) -> QwenPreset:
    if name in BUILT_IN:
        raise _wrong(name, "is built in and cannot be changed", "Give your preset a name of its own.")
    values = dict(given)
    like = values.pop("like", "reference")
    if like not in BUILT_IN:
        raise _wrong(name, f"is like {like!r}, which is no preset", f"Choose {_or(BUILT_IN)}.")
    if unknown := sorted(values.keys() - _FIELDS):
        raise _wrong(
            name, f"has no field {', '.join(unknown)}", f"There are like, {', '.join(sorted(_FIELDS))}."
        )
    if "cache" in values:
        values["cache"] = _cache(name, values["cache"])
    try:
        preset = replace(BUILT_IN[like], name=name, **values)
        _check(preset)
    except (TypeError, ValueError) as error:
        raise _wrong(name, f"cannot run: {error}", "See docs/qwen.md for what each field takes.") from None
    return replace(preset, recipe=preset.cache.recipe if preset.cache else "")


def _cache(name: str, given: object) -> StepCache | None:
    """True is the cache of `balanced`, False none."""
    if given is True:
        return StepCache()
    if not given:
        return None
    try:
        cache = StepCache(**given)  # type: ignore[arg-type] # no mapping is a TypeError
    except TypeError:
        raise _wrong(
            name,
            f"has a cache of {given!r}",
            f"The cache is true, false, or a table of {', '.join(part.name for part in fields(StepCache))}.",
        ) from None
    if cache.mask.strip("01") or cache.mask.startswith("0"):
        raise _wrong(name, f"has the mask {cache.mask!r}", 'A mask is of "0" and "1" and begins with "1".')
    return cache


def _check(preset: QwenPreset) -> None:
    """ValueError or TypeError with what is wrong."""
    if preset.lora not in ("", *(built.lora for built in BUILT_IN.values())):
        raise ValueError(f"there is no LoRA {preset.lora!r} for presets")
    if not (isinstance(preset.steps, int) and 1 <= preset.steps <= 1000):
        raise ValueError(f"steps {preset.steps!r} is no whole number from 1 to 1000")
    if not preset.cfg >= 1:
        raise ValueError(f"cfg {preset.cfg!r} is not 1 or more")
    if not preset.seconds > 0:
        raise ValueError(f"seconds {preset.seconds!r} is not above 0")


def _or(names: Mapping[str, object]) -> str:
    *some, last = names
    return f"{', '.join(some)} or {last}"


def _wrong(name: str, what: str, hint: str) -> Misconfigured:
    return Misconfigured(f"QIE_PRESETS: the preset {name!r} {what}.", code="preset_invalid", hint=hint)
