"""Brings the weights of a pipeline to where a memory plan wants them."""

from __future__ import annotations

import logging
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from qie_batch.engines.qwen.offloading import Offloading, keep_embedding_on_host
from qie_batch.engines.qwen.plans import step_down

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from qie_batch.engines.qwen.plans import Plan

_log = logging.getLogger(__name__)


#: Layers of a block that `Modulation` moves.
MODULATION = ("img_mod", "txt_mod")


class Placement:
    """Of one pipeline, whose weights are on the device or, those that its plan streams, in host memory."""

    def __init__(self, pipe: Any, plan: Plan, device: torch.device) -> None:
        self.plan = plan
        self._pipe = pipe
        self._device = device
        self._offloading = Offloading(device, leave=MODULATION)
        self._embedding_hooks: list[Any] = []
        self._apply(plan)

    @contextmanager
    def of_edit(self, *, low_memory: bool) -> Iterator[Plan]:
        """The plan of one edit: with `low_memory` the next smaller one, whose VAE works in tiles."""
        if not low_memory:
            yield self.plan
            return
        smaller = step_down(self.plan)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self._pipe.vae.enable_tiling()
        try:
            self._apply(smaller)
            yield smaller
        except torch.OutOfMemoryError as error:
            traceback.clear_frames(error.__traceback__)  # their tensors fill the device
            raise
        finally:
            self._pipe.vae.disable_tiling()
            self._step_up()

    def rest(self) -> None:
        """What the plan streams lies in host memory afterwards, where it can be changed."""
        self._offloading.rest()

    def _step_up(self) -> None:
        try:
            self._apply(self.plan)
        except torch.OutOfMemoryError as error:
            _log.warning("The device has no room to go back to the memory plan %s: %s", self.plan.name, error)
            self.plan = step_down(self.plan)
            self._apply(self.plan)

    def _apply(self, plan: Plan) -> None:
        """Move what lies elsewhere than the plan says; the modulation layers are `Modulation`'s."""
        rounds = rounds_of(self._pipe, plan)
        wanted = {module for modules in rounds for module in modules}
        self._offloading.order(rounds)
        self._offloading.move_out(wanted)
        self._offloading.move_in([module for module in self._offloading.modules if module not in wanted])
        embedding = self._pipe.text_encoder.get_input_embeddings()
        if plan.lean and not self._embedding_hooks:
            self._embedding_hooks = keep_embedding_on_host(embedding, self._device)
        elif not plan.lean and self._embedding_hooks:
            for hook in self._embedding_hooks:
                hook.remove()
            self._embedding_hooks = []
            embedding.to(self._device)


def rounds_of(pipe: Any, plan: Plan) -> list[list[nn.Module]]:
    """The modules that the plan streams, in the order in which they run."""
    rounds = [streamed(pipe.transformer.transformer_blocks, plan.streamed_blocks)]
    if plan.lean:
        encoder = pipe.text_encoder.model
        rounds += [
            list(encoder.visual.blocks),
            streamed(encoder.language_model.layers, plan.streamed_layers),
        ]
    return rounds


def on_host_of(pipe: Any, plan: Plan) -> list[nn.Module]:
    """The modules whose weights are in host memory under the plan; some are parts of others."""
    modules = [module for modules in rounds_of(pipe, plan) for module in modules]
    if plan.lean:
        modules.append(pipe.text_encoder.get_input_embeddings())
        for block in pipe.transformer.transformer_blocks:
            modules += [getattr(block, name) for name in MODULATION]
    return modules


def streamed(blocks: nn.ModuleList, count: int) -> list[nn.Module]:
    """So many blocks, spread evenly: while those between two of them run, the next one is uploaded."""
    total = len(blocks)
    count = min(count, total)
    return [blocks[index * total // count] for index in range(count)]
