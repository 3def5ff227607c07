"""The times at which the model is asked, and how far each step goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus import calculate_shift

if TYPE_CHECKING:
    from collections.abc import Hashable

    import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    #: Of the scheduler and of what shifts it, so that equal keys are equal times.
    key: Hashable
    #: From 1000 (noise) downwards: (steps,), float32.
    timesteps: torch.Tensor
    #: What is added of the prediction in each step: (steps,), float32, negative.
    deltas: torch.Tensor

    def __len__(self) -> int:
        return len(self.timesteps)


def schedule_of(scheduler: Any, steps: int, tokens: int, device: Any) -> Schedule:
    """The schedule for an output of so many tokens (16 x 16 pixels each), as the stock pipeline has it.

    Every value lies on the device before the first step, so that no step waits for the host.
    """
    config = scheduler.config
    mu = calculate_shift(
        tokens,
        config.get("base_image_seq_len", 256),
        config.get("max_image_seq_len", 4096),
        config.get("base_shift", 0.5),
        config.get("max_shift", 1.15),
    )
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=mu, device=device)
    sigmas = scheduler.sigmas
    return Schedule(
        key=(config.base_shift, config.max_shift, config.shift_terminal, steps, mu),
        timesteps=scheduler.timesteps,
        deltas=sigmas[1:] - sigmas[:-1],
    )
