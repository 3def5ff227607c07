"""The rungs of the ladder: each compares two forms of one model in one process and returns its figures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import torch
from clocks import alternate, difference
from edits import EDITS, LOSSLESS, STEPS, compared
from full_size import TRANSFORMER
from kernels import profile
from subjects import COMPILED, Job

from qie_batch.engines.qwen.options import RUNGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from subjects import Subjects

    Figures = dict[str, Any]

#: Of the dense bfloat16 products of an H100 or H200 (SXM), in FLOP/s; the published shares are of this.
PEAK = 989.4e12


def forward_flops(tokens: int, words: int) -> float:
    """Of the full-size transformer, for one branch; modulation and the two ends left out (0.1 %)."""
    width = TRANSFORMER["num_attention_heads"] * TRANSFORMER["attention_head_dim"]
    length = tokens + words
    return TRANSFORMER["num_layers"] * (24 * width**2 * length + 4 * width * length**2)


def share_of_peak(seconds: float, subjects: Subjects) -> float | None:
    """Of a step with guidance at 1024 squared, one reference and about 230 tokens of text and image."""
    if subjects.tiny:
        return None
    side = subjects.side
    return 2 * forward_flops(2 * (side // 16) ** 2, 230) / seconds / PEAK


def baseline(subjects: Subjects) -> Figures:
    """The stock pipeline against our loop without any rung."""
    job = Job(side=subjects.side, steps=STEPS)
    with subjects.form(on=()) as plain:
        reset_peak(subjects)
        stock, ours = alternate(lambda: subjects.stock(job), lambda: plain.edit(job))
    return {
        "stock_step": stock.step,
        "stock_share_of_peak": share_of_peak(stock.step, subjects),
        "plain_step": ours.step,
        "stock_over_plain": stock.step / ours.step,
        "spread": max(stock.spread, ours.spread),
        **difference(stock.runs[0], ours.runs[0]),
        **peak(subjects),
    }


def one(name: str) -> Callable[[Subjects], Figures]:
    """A lossless rung alone, against our loop without any; compilation on top of attention."""

    def measure(subjects: Subjects) -> Figures:
        # The guidance is batched at small sizes only.
        side = subjects.side // 2 if name == "cfg_batch" else subjects.side
        job = Job(side=side, steps=STEPS)
        small = {} if side == subjects.side else {"edit_side": 512, "reference_side": 512}
        before, after = (COMPILED[:1], COMPILED) if name == "compile" else ((), (name,))
        with subjects.form(on=before, **small) as plain, subjects.form(on=after, **small) as form:
            start = time.perf_counter()
            form.edit(job)
            first = time.perf_counter() - start
            without, with_it = alternate(lambda: plain.edit(job), lambda: form.edit(job))
        return {"first_edit": first, **compared(without, with_it)}

    return measure


def lossless(subjects: Subjects) -> Figures:
    """All lossless rungs against the stock pipeline."""
    job = Job(side=subjects.side, steps=STEPS)
    with subjects.form(on=LOSSLESS) as form:
        stock, ours = alternate(lambda: subjects.stock(job), lambda: form.edit(job), rounds=2)
    return {
        "stock_step": stock.step,
        "step": ours.step,
        "speed_up": stock.step / ours.step,
        "share_of_peak": share_of_peak(ours.step, subjects),
        "spread": max(stock.spread, ours.spread),
        **difference(stock.runs[0], ours.runs[0]),
    }


def fp8(subjects: Subjects) -> Figures:
    """FP8 products of the less sensitive layers, on top of all lossless rungs."""
    job = Job(side=subjects.side, steps=STEPS)
    with (
        subjects.form(on=LOSSLESS) as bf16,
        subjects.form(on=LOSSLESS, quantisation="fp8") as form,
    ):
        exact, fast = alternate(lambda: bf16.edit(job), lambda: form.edit(job))
    return compared(exact, fast) | peak(subjects)


def kernels(subjects: Subjects) -> Figures:
    """Which kernels ran in two steps of the stock pipeline, and in two of ours; host waits in between."""
    job = Job(side=subjects.side, steps=2)
    found = {"stock": profile(lambda: subjects.stock(job), subjects.device)}
    with subjects.form(on=LOSSLESS) as form:
        form.edit(job)
        found["ours"] = profile(lambda: form.edit(job), subjects.device)
    return found


def reset_peak(subjects: Subjects) -> None:
    if subjects.device == "cuda":
        torch.cuda.reset_peak_memory_stats()


def peak(subjects: Subjects) -> Figures:
    return {"peak_bytes": torch.cuda.max_memory_allocated()} if subjects.device == "cuda" else {}


#: In the order of what they are worth; "speed-up alone" for each lossless one.
LADDER: dict[str, Callable[[Subjects], Figures]] = {
    "baseline": baseline,
    "kernels": kernels,
    "lossless": lossless,
    "fp8": fp8,
    **EDITS,
    **{f"alone_{name}": one(name) for name in RUNGS if name != "batch"},
}
