"""The rungs of the ladder that are whole edits: cache of steps, few steps, conditions, duty, batches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from clocks import alternate, difference
from overlap import busy_share
from subjects import FIRST, MASK, Job

from qie_batch.engines.qwen.denoise import Prepared, Rungs, denoise
from qie_batch.engines.qwen.latents import grid_of
from qie_batch.engines.qwen.options import RUNGS
from qie_batch.engines.qwen.schedule import schedule_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from clocks import Run, Side
    from subjects import Subjects

    Figures = dict[str, Any]

#: Steps of an edit that is timed step by step.
STEPS = 6
#: Speed-ups that give the same image within rounding, at 1 MP.
LOSSLESS = tuple(name for name in RUNGS if name not in {"cfg_batch", "batch"})
#: The same where the same edit is timed end to end again and again.
ANEW = tuple(name for name in LOSSLESS if name != "memo")
#: Edits in one batch of the transformer.
BATCHES = (2, 4, 8)


def compared(without: Side, with_it: Side) -> Figures:
    names = sorted(without.runs[0].phases)
    return {
        "step_without": without.step,
        "step": with_it.step,
        "speed_up_of_a_step": without.step / with_it.step,
        "speed_up_of_the_edit": without.seconds / with_it.seconds,
        "phases_without": {name: without.phase(name) for name in names},
        "phases": {name: with_it.phase(name) for name in names},
        "spread": max(without.spread, with_it.spread),
        "ran": with_it.runs[0].ran,
        **difference(without.runs[0], with_it.runs[0]),
    }


def step_cache(subjects: Subjects) -> Figures:
    """40 steps with a fixed mask against 40 steps, end to end."""
    job = Job(side=subjects.side)
    cached_job = replace(job, preset="tiny-cached" if subjects.tiny else "cached")
    with subjects.form(on=ANEW) as form:
        full, cached = alternate(lambda: form.edit(job), lambda: form.edit(cached_job))
    blocks = len(subjects.pipe.transformer.transformer_blocks)
    computed = sum(blocks if step == "1" else 1 if subjects.tiny else FIRST for step in MASK)
    speed_up = full.seconds / cached.seconds
    return {
        "seconds_40": full.seconds,
        "seconds_cached": cached.seconds,
        "speed_up": speed_up,
        "share_of_ideal": speed_up / (len(MASK) * blocks / computed),
        "mask": MASK,
        **difference(full.runs[0], cached.runs[0]),
    }


def few_steps(subjects: Subjects) -> Figures:
    """8 and 4 steps without guidance, end to end, each edit of a new image; without the LoRA's own cost."""
    jobs = iter(range(1, 1000))

    def new(preset: str) -> Job:
        return Job(side=subjects.side, preset=preset, seed=next(jobs))

    with subjects.form(on=LOSSLESS) as form:
        eight, four = alternate(lambda: form.edit(new("eight")), lambda: form.edit(new("four")), rounds=2)
    return {"seconds_8": eight.seconds, "seconds_4": four.seconds}


def conditions(subjects: Subjects) -> Figures:
    """Text encoder and VAE with guidance: images that no cache has seen, and the same again."""
    seeds = iter(range(1, 1000))
    job = Job(side=subjects.side, steps=2)

    def seconds(side: Side) -> dict[str, float]:
        return {name: side.phase(name) for name in ("prompt", "vae", "decode")}

    with subjects.form(on=LOSSLESS) as form:
        new, again = alternate(
            lambda: form.edit(replace(job, seed=next(seeds))), lambda: form.edit(job), rounds=2
        )
    return {
        "seconds": sum(seconds(new).values()),
        "new": seconds(new),
        "again": seconds(again),
        "goal": 0.12,
    }


def small_reference(subjects: Subjects) -> Figures:
    """An edit at 512 squared with its reference at 1024 squared, and at 512 squared."""
    job = Job(side=subjects.side // 2, steps=STEPS)
    with (
        subjects.form(on=LOSSLESS, edit_side=512) as large,
        subjects.form(on=LOSSLESS, edit_side=512, reference_side=512) as small,
    ):
        before, after = alternate(lambda: large.edit(job), lambda: small.edit(job))
    return compared(before, after)


def batches(subjects: Subjects) -> Figures:
    """Edits a second in batches over one at a time, transformer alone: 512 squared, reference too."""
    transformer, side = subjects.pipe.transformer, subjects.side // 2
    grid = grid_of(side, side)
    tokens, words = grid[1] * grid[2], 200

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, dtype=transformer.dtype, device=transformer.device)

    def steps(size: int) -> Run:
        edits = [
            Prepared(
                noise=random(1, tokens, 64),
                references=random(1, tokens, 64),
                grids=(grid, grid),
                positive=random(1, words, transformer.config.joint_attention_dim),
                negative=None,
            )
            for _ in range(size)
        ]
        schedule = schedule_of(subjects.pipe.scheduler, STEPS, tokens, transformer.device)

        def paint(on_step: Callable[[int], None]) -> tuple[Any, dict[str, float]]:
            return denoise(transformer, edits, schedule, 1.0, Rungs(), on_step).latents, {}

        with torch.no_grad():
            return subjects.run(paint)

    found = {}
    for size in BATCHES:
        one_by_one, batch = alternate(lambda: steps(1), lambda size=size: steps(size))
        found[f"gain_of_{size}"] = size * one_by_one.step / batch.step
    return found


def duty(subjects: Subjects) -> Figures:
    """Edits of 4 steps with images decoded and encoded by other threads; no ledger, broker or store."""
    with subjects.form(on=LOSSLESS) as form:
        return busy_share(form, subjects, edits=8 if subjects.tiny else 60)


EDITS: dict[str, Callable[[Subjects], Figures]] = {
    "step_cache": step_cache,
    "few_steps": few_steps,
    "conditions": conditions,
    "duty": duty,
    "small_reference": small_reference,
    "batches": batches,
}
