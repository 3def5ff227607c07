"""What the ladder times: edits by the stock pipeline and by the engine, on the same weights."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from clocks import Run, StepClock
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as stock
from full_size import build_pipeline, open_on
from PIL import Image
from states import State

from qie_batch.engines.qwen import QwenOptions
from qie_batch.engines.qwen.options import RUNGS
from qie_batch.model import EditParams, EditRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qie_batch.engines.qwen.editing import QwenEngine

#: Without data the residual of a step cache means nothing, so its mask is fixed: what DBCache reports for
#: its threshold of 0.08 is about every other step.
MASK = "1111" + 18 * "01"
#: Blocks that every step computes.
FIRST = 8
OWN_PRESETS = {
    "cached": {"like": "balanced", "cache": {"mask": MASK, "first": FIRST}},
    "tiny-cached": {"like": "balanced", "cache": {"mask": MASK, "first": 1}},
    "eight": {"like": "reference", "steps": 8, "cfg": 1.0},
    "four": {"like": "reference", "steps": 4, "cfg": 1.0},
}
#: The compiler cannot fuse the complex numbers of stock attention.
COMPILED = ("attention", "compile")
INSTRUCTION = "Replace the background with a white studio backdrop, and keep the product as it is."


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An edit of random noise."""

    side: int
    steps: int | None = None
    preset: str = "reference"
    cfg: float | None = None
    images: int = 1
    #: Another seed is another image, which no cache has seen.
    seed: int = 0

    def request(self) -> EditRequest:
        random = np.random.default_rng(self.seed)
        images = tuple(
            Image.fromarray(random.integers(0, 256, (self.side, self.side, 3), np.uint8))
            for _ in range(self.images)
        )
        params = EditParams(
            instruction=INSTRUCTION, steps=self.steps, cfg=self.cfg, preset=self.preset, seed=self.seed
        )
        return EditRequest(images=images, width=self.side, height=self.side, params=params)


class Subjects:
    """One set of random weights on the device, and the forms of it that are compared."""

    def __init__(self, device: Literal["cuda", "cpu"], *, tiny: bool) -> None:
        self.device = device
        self.tiny = tiny
        #: Side in pixels of the edit that everything is measured with.
        self.side = 128 if tiny else 1024
        dtype = torch.float32 if tiny else torch.bfloat16
        if tiny:
            stock.VAE_IMAGE_SIZE, stock.CONDITION_IMAGE_SIZE = self.side**2, 112**2
        self.pipe = build_pipeline(device, dtype, tiny=tiny)
        self._roots = (self.pipe.transformer, self.pipe.text_encoder, self.pipe.vae)
        self._plain = State(self._roots)

    def options(self, *, on: tuple[str, ...], **changes: Any) -> QwenOptions:
        """With the rungs `on` alone; compiled on the CPU only where that is what is measured."""
        forced = on if on == COMPILED else tuple(name for name in on if name != "compile")
        return QwenOptions(
            **{
                "model": "random",
                "revision": "random",
                "device": self.device,
                "presets": OWN_PRESETS,
                "rungs_off": tuple(name for name in RUNGS if name not in on),
                "rungs_on": forced,
                **changes,
            }
        )

    @contextmanager
    def form(self, *, on: tuple[str, ...], **changes: Any) -> Iterator[Form]:
        """The engine with these rungs; ends in the plain form, as the stock pipeline needs it."""
        self._plain.restore()
        try:
            engine = open_on(self.pipe, self.options(on=on, **changes))
            yield Form(self, engine, State(self._roots))
        finally:
            self._plain.restore()
            torch._dynamo.reset()  # noqa: SLF001 - a block that was compiled in many forms is refused

    def stock(self, job: Job) -> Run:
        """One edit by the stock pipeline."""
        self._plain.restore()
        request = job.request()
        preset = self.options(on=()).all_presets[job.preset]
        cfg = preset.cfg if job.cfg is None else job.cfg

        def paint(on_step: Callable[[int], None]) -> tuple[Any, dict[str, float]]:
            def after_step(_pipe: Any, step: int, _time: Any, _tensors: Any) -> dict[str, Any]:
                on_step(step)
                return {}

            output = self.pipe(
                image=list(request.images),
                prompt=INSTRUCTION,
                negative_prompt=" " if cfg > 1 else None,
                true_cfg_scale=cfg,
                num_inference_steps=job.steps or preset.steps,
                width=request.width,
                height=request.height,
                generator=torch.Generator("cpu").manual_seed(job.seed),
                output_type="np",
                callback_on_step_end=after_step,
                callback_on_step_end_tensor_inputs=[],
            )
            return _eight_bits(output.images[0]), {}

        return self.run(paint)

    def run(self, paint: Callable[[Callable[[int], None]], tuple[Any, dict[str, float]]]) -> Run:
        clock = StepClock(self.device)
        start = time.perf_counter()
        pixels, phases = paint(clock.mark)
        seconds = time.perf_counter() - start
        return Run(seconds=seconds, steps=clock.seconds(), phases=phases, pixels=pixels)


class Form:
    """The engine with some rungs, beside others on the same weights."""

    def __init__(self, subjects: Subjects, engine: QwenEngine, state: State) -> None:
        self._subjects = subjects
        self.engine = engine
        self._state = state

    def edit(self, job: Job) -> Run:
        self._state.restore()

        def paint(on_step: Callable[[int], None]) -> tuple[Any, dict[str, float]]:
            result = self.engine.edit(job.request(), on_step)
            ran.update(result.ran)
            return np.asarray(result.image), dict(result.phases)

        ran: dict[str, Any] = {}
        return replace(self._subjects.run(paint), ran=ran)


def _eight_bits(pixels: Any) -> Any:
    """As the engine does; an image with values that are not numbers ends the run."""
    if not np.isfinite(pixels).all():
        raise ArithmeticError("the stock pipeline painted values that are not numbers")
    return (pixels * 255).round().astype("uint8")
