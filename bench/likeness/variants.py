"""What is compared with the reference: presets, rungs, memory plans, numbers, and another seed."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qie_batch.engines.qwen import QwenOptions, open_engine
from qie_batch.engines.qwen.options import RUNGS
from qie_batch.errors import Misconfigured, Rejected, UsageError
from qie_batch.model import EditParams, EditRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from PIL import Image

SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    name: str
    options: QwenOptions
    preset: str = "reference"
    seed: int = SEED


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An input as the model gets it, with its instruction."""

    name: str
    instruction: str
    image: Image.Image


def reference(options: QwenOptions) -> Variant:
    """The preset `reference` without any speed-up."""
    return Variant(name="reference", options=replace(options, rungs_off=RUNGS))


def variant(text: str, options: QwenOptions) -> Variant:
    """`preset:fast`, `rung:compile`, `plan:24gb`, `quantisation:fp8` or `seed`; UsageError for another."""
    kind, _, value = text.partition(":")
    if kind == "preset" and value in options.all_presets:
        return Variant(name=text, options=options, preset=value)
    if kind == "rung" and value in RUNGS:
        off = tuple(name for name in RUNGS if name != value)
        return Variant(name=text, options=replace(options, rungs_off=off, rungs_on=(value,)))
    if kind == "plan" and value:
        return Variant(name=text, options=replace(options, vram_plan=value))
    if text == "quantisation:fp8":
        return Variant(name=text, options=replace(options, quantisation="fp8"))
    if text == "seed":
        return replace(reference(options), name=text, seed=SEED + 1)
    raise UsageError(
        f"{text!r} is nothing to compare.",
        hint=f"There are preset:NAME ({', '.join(options.all_presets)}), rung:NAME ({', '.join(RUNGS)}), "
        "plan:NAME, quantisation:fp8 and seed.",
    )


def paint(
    variants: Sequence[Variant], cases: Sequence[Case], folder: Path
) -> Iterator[tuple[str, str, float]]:
    """Write FOLDER/variant/case.png; gives the variant, why it was not run or "", and seconds an edit.

    One engine at a time is in memory; variants of equal options follow each other and share it.
    """
    engine, opened = None, None
    for each in variants:
        try:
            if opened != each.options:
                engine = None
                gc.collect()
                engine, opened = open_engine(each.options), each.options
            assert engine is not None
            seconds = [_edit(engine, each, case, folder) for case in cases]
        except (Misconfigured, Rejected) as error:
            yield each.name, error.message, 0.0
        else:
            yield each.name, "", sorted(seconds)[len(seconds) // 2]


def file_of(folder: Path, name: str, case: Case) -> Path:
    return folder / name.replace(":", "-") / f"{case.name}.png"


def _edit(engine: object, each: Variant, case: Case, folder: Path) -> float:
    request = EditRequest(
        images=(case.image,),
        params=EditParams(instruction=case.instruction, preset=each.preset, seed=each.seed),
        width=case.image.width,
        height=case.image.height,
    )
    start = time.perf_counter()
    result = engine.edit(request, lambda _step: None)  # type: ignore[attr-defined] # interfaces.Engine
    seconds = time.perf_counter() - start
    path = file_of(folder, each.name, case)
    path.parent.mkdir(parents=True, exist_ok=True)
    result.image.save(path)
    return seconds
