"""The denoising loop: from noise to latents of the edited image.

In its plain form the arithmetic is that of diffusers 0.42 (QwenImageEditPlusPipeline with
QwenImageTransformer2DModel), bit for bit; what does not change from step to step is computed before the first
one, and no step waits for the host.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import torch

from qie_batch.engines.qwen.step_cache import BranchCache

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from qie_batch.engines.qwen.latents import Grid
    from qie_batch.engines.qwen.modulation import Modulation
    from qie_batch.engines.qwen.presets import StepCache
    from qie_batch.engines.qwen.schedule import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One edit, ready for the loop. Edits of equal `grids` and equal guidance can share it."""

    #: (1, tokens, 64) each.
    noise: torch.Tensor
    references: torch.Tensor
    #: Of the output, then of each reference.
    grids: tuple[Grid, ...]
    #: (1, tokens, width of the text encoder) each; no negative without guidance.
    positive: torch.Tensor
    negative: torch.Tensor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rungs:
    """What the loop does otherwise than the stock pipeline."""

    #: Both branches of the guidance in one forward.
    cfg_batch: bool = False
    modulation: Modulation | None = None
    #: Names the weights that are enabled, for the modulation's tables.
    weights: Hashable = ""
    step_cache: StepCache | None = None
    #: Positions in real numbers, as `attention.JointAttention` takes them.
    real_positions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Denoised:
    #: (edits, tokens, 64).
    latents: torch.Tensor
    #: Of each branch, the steps that were computed ("1") and skipped ("0"); empty without a step cache.
    masks: tuple[str, ...]


def denoise(
    transformer: Any,
    edits: Sequence[Prepared],
    schedule: Schedule,
    cfg: float,
    rungs: Rungs,
    on_step: Callable[[int], None],
) -> Denoised:
    """Run all steps for edits of equal shape; `on_step` (from 1) after each was given to the device."""
    latents = torch.cat([edit.noise for edit in edits])
    references = torch.cat([edit.references for edit in edits])
    times = _Times(transformer, schedule, latents, edits[0].grids, rungs)
    texts = [[edit.positive for edit in edits]]
    if edits[0].negative is not None:
        texts.append([edit.negative for edit in edits if edit.negative is not None])
    if rungs.cfg_batch and len(texts) == 2:
        texts = [texts[0] + texts[1]]
    branches = [_Branch(transformer, part, edits[0].grids, rungs) for part in texts]
    for step in range(len(schedule)):
        tokens = torch.cat([latents, references], dim=1)
        predictions = [branch.predict(tokens, times, step, latents.size(1)) for branch in branches]
        if edits[0].negative is None:
            predicted = predictions[0]
        else:
            positive, negative = predictions if len(predictions) == 2 else predictions[0].chunk(2)
            predicted = _guided(positive, negative, cfg)
        latents = (latents.to(torch.float32) + schedule.deltas[step] * predicted).to(predicted.dtype)
        on_step(step + 1)
    return Denoised(latents=latents, masks=tuple(branch.cache.mask for branch in branches if branch.cache))


def _guided(positive: torch.Tensor, negative: torch.Tensor, cfg: float) -> torch.Tensor:
    """True CFG, at the norm of the positive branch."""
    combined = negative + cfg * (positive - negative)
    norms = torch.norm(positive, dim=-1, keepdim=True) / torch.norm(combined, dim=-1, keepdim=True)
    return combined * norms


class _Times:
    """What the transformer makes of the times alone, for all steps."""

    def __init__(
        self,
        transformer: Any,
        schedule: Schedule,
        latents: torch.Tensor,
        grids: tuple[Grid, ...],
        rungs: Rungs,
    ) -> None:
        self.twofold = bool(transformer.zero_cond_t)
        #: (tokens,): 0 for one of the output, 1 for one of a reference, which the 2511 model sees at time 0.
        self.index: torch.Tensor | None = None
        if self.twofold:
            output, *rest = (prod(grid) for grid in grids)
            self.index = torch.tensor([0] * output + [1] * sum(rest), device=latents.device, dtype=torch.int)
        rows = []
        for timestep in schedule.timesteps:
            time = timestep.expand(1).to(latents.dtype) / 1000
            if self.twofold:
                time = torch.cat([time, time * 0])
            rows.append(transformer.time_text_embed(time, latents))
        #: By step, (1 or 2, width).
        self.embedded = rows
        #: By step and block, (1 or 2, 12 * width).
        self.table = (
            rungs.modulation.table(schedule, self.embedded, rungs.weights) if rungs.modulation else None
        )

    def of_block(self, step: int, block: int, batch: int) -> torch.Tensor:
        """(batch, ...) or (2 * batch, ...), as a block takes it."""
        row = self.embedded[step] if self.table is None else self.table[step][block]
        return row.repeat_interleave(batch, dim=0) if batch > 1 else row

    def of_output(self, step: int, batch: int) -> torch.Tensor:
        return self.embedded[step][:1].expand(batch, -1)


class _Branch:
    """One text for each edit, and what the transformer makes of the texts before the first step."""

    def __init__(
        self, transformer: Any, texts: Sequence[torch.Tensor], grids: tuple[Grid, ...], rungs: Rungs
    ) -> None:
        self._transformer = transformer
        text, self._mask = _padded(texts)
        # Without a base: a compiled block would be compiled once more for a view.
        self._text = transformer.txt_in(transformer.txt_norm(text)).clone()
        self._rotary = transformer.pos_embed([list(grids)], max_txt_seq_len=text.shape[1], device=text.device)
        if rungs.real_positions:
            self._rotary = tuple(torch.view_as_real(positions).clone() for positions in self._rotary)
        blocks = len(transformer.transformer_blocks)
        self.cache = BranchCache(rungs.step_cache, blocks) if rungs.step_cache else None

    def predict(self, tokens: torch.Tensor, times: _Times, step: int, output: int) -> torch.Tensor:
        """(batch, output, 64): the velocity at the first `output` tokens."""
        transformer, text = self._transformer, self._text
        batch = text.size(0)
        hidden = transformer.img_in(tokens)
        if batch > hidden.size(0):  # both branches of the guidance
            hidden = hidden.repeat(batch // hidden.size(0), 1, 1)
        hidden = self._blocks(hidden.clone(), times, step)
        hidden = transformer.norm_out(hidden, times.of_output(step, batch))
        predicted: torch.Tensor = transformer.proj_out(hidden)
        return predicted[:, :output]

    def _blocks(self, hidden: torch.Tensor, times: _Times, step: int) -> torch.Tensor:
        text, cache = self._text, self.cache
        batch = text.size(0)
        index = None if times.index is None else times.index.expand(batch, -1)
        start = after_first = hidden
        for number, block in enumerate(self._transformer.transformer_blocks):
            text, hidden = block(
                hidden_states=hidden,
                encoder_hidden_states=text,
                encoder_hidden_states_mask=self._mask,
                temb=times.of_block(step, number, batch),
                image_rotary_emb=self._rotary,
                joint_attention_kwargs=None,
                modulate_index=index,
            )
            if cache and number + 1 == cache.first:
                after_first = hidden
                if (skipped := cache.skipped(hidden - start, hidden)) is not None:
                    return skipped
        if cache:
            cache.computed(hidden - after_first)
        return hidden


def _padded(texts: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor | None]:
    """(batch, longest, width), and True where a token is real; no mask where all are, which is faster."""
    lengths = [text.shape[1] for text in texts]
    longest = max(lengths)
    if min(lengths) == longest:
        return torch.cat(list(texts)), None
    padded = texts[0].new_zeros(len(texts), longest, texts[0].shape[2])
    mask = torch.zeros(len(texts), longest, dtype=torch.bool, device=padded.device)
    for row, text in enumerate(texts):
        padded[row, : text.shape[1]] = text[0]
        mask[row, : text.shape[1]] = True
    return padded, mask
