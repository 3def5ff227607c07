"""What an edit becomes that a person has made again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qie_batch.errors import Conflict, Rejected, UsageError
from qie_batch.model import SEEDS, OutputFormat, next_seed
from qie_batch.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import EngineCatalog
    from qie_batch.model import EditParams, EditSpec, ImageHeader, Item

MAX_INSTRUCTION = 4000


def rerolled(
    item: Item,
    instruction: str,
    seed: int | None,
    engines: EngineCatalog,
    header_of: Callable[[str], ImageHeader],
) -> tuple[EditSpec, str]:
    """The spec with another instruction ("" keeps it) and seed (None is the next one), and what changes.

    UsageError where the image would be the same again, and for an instruction that the engine refuses.
    """
    if item.spec is None:
        raise Conflict(
            f"item {item.id} was never understood, so it cannot be made again",
            code="item_without_edit",
            hint="mend its row and submit that",
            subject=item.id,
        )
    old = item.spec.params
    params = replace(
        old, instruction=_instruction(instruction) or old.instruction, seed=_seed(item, old.seed, seed)
    )
    info = engines.info(item.spec.engine)
    runs_with = info.runs_with(params.preset, params.lora_name)
    spec = replace(item.spec, params=params, revision=info.revision, lora=runs_with)
    if spec.cache_key == item.spec.cache_key:
        raise UsageError(
            f"engine {spec.engine} gives the same image for the same instruction",
            code="reroll_changes_nothing",
            hint="give another instruction" if params.seed is None else "give another instruction or seed",
            subject=item.id,
        )
    if params.instruction != old.instruction:
        _check(spec, engines, header_of)
    return spec, _changes(old, params)


def _instruction(text: str) -> str:
    text = text.strip()
    if len(text) > MAX_INSTRUCTION:
        raise UsageError(
            f"the instruction has {len(text):,} characters", hint=f"shorten it to {MAX_INSTRUCTION:,}"
        )
    return text


def _seed(item: Item, old: int | None, asked: int | None) -> int | None:
    """None for an engine that takes no seed; without one asked, the first that no gate has failed."""
    if asked is not None and not 0 <= asked < SEEDS:
        raise UsageError(f"the seed is {asked}", hint=f"give a whole number from 0 to {SEEDS - 1}")
    if old is None:
        return None
    return next_seed(old, 1 + item.rerolls) if asked is None else asked


def _check(spec: EditSpec, engines: EngineCatalog, header_of: Callable[[str], ImageHeader]) -> None:
    """As submit checks a row."""
    params = spec.params
    try:
        engines.check(spec.engine)(params, [header_of(sha256) for sha256 in spec.inputs])
    except Rejected as error:
        raise UsageError(error.message, code=error.code, hint=error.hint) from error
    if params.output is OutputFormat.JPEG and engines.gives_alpha(spec.engine)(params):
        raise UsageError(
            "the result is transparent and JPEG holds no transparency",
            code="output_has_no_alpha",
            hint="submit the row anew with output png or webp",
        )


def _changes(old: EditParams, new: EditParams) -> str:
    """For people."""
    said = []
    if new.seed != old.seed:
        said.append(f"seed {new.seed}")
    if new.instruction != old.instruction:
        said.append(f"instruction {quoted(new.instruction, 200)}")
    return ", ".join(said) or "the engine's present revision"
