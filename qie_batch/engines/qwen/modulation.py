"""The modulation of every block, computed once for a schedule instead of in every edit.

A third of the transformer (6.8 of 20.4 B parameters, `img_mod` and `txt_mod`) sees only the time. For the
times of a schedule its outputs are a table of 4.4 MB a step (bfloat16, 60 blocks).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn

from qie_batch.engines.qwen.memo import Memo

if TYPE_CHECKING:
    from collections.abc import Hashable

    from qie_batch.engines.qwen.schedule import Schedule

#: Tables that are kept; a catalog of mixed shapes has six schedules of a preset.
_TABLES = 8


class _Looked(nn.Module):  # type: ignore[misc] # torch has no types here
    """In the place of `img_mod` or `txt_mod`: its part of a row of the table, or its own output."""

    def __init__(self, computed: nn.Module, width: int, part: Literal[0, 1]) -> None:
        super().__init__()
        self.computed = computed
        self._width = width
        self._part = part

    def forward(self, temb: torch.Tensor) -> torch.Tensor:
        if temb.shape[-1] == 2 * self._width:
            return temb.narrow(-1, self._part * self._width, self._width)
        output: torch.Tensor = self.computed(temb)
        return output


class Modulation:
    """Of one transformer, whose blocks take rows of the table in place of the time embedding."""

    def __init__(self, transformer: Any, keep: Literal["device", "host"] = "device") -> None:
        """With "host" the parameters leave the device, and pass it once for each table."""
        self._transformer = transformer
        self._keep = keep
        self._tables = Memo(_TABLES)
        width = 6 * transformer.inner_dim
        for block in transformer.transformer_blocks:
            block.img_mod = _Looked(block.img_mod, width, 0)
            block.txt_mod = _Looked(block.txt_mod, width, 1)
            if keep == "host":
                block.img_mod.computed.to("cpu")
                block.txt_mod.computed.to("cpu")

    def table(self, schedule: Schedule, tembs: torch.Tensor, weights: Hashable) -> torch.Tensor:
        """(steps, blocks, rows, 12 * width) for time embeddings (steps, rows, width).

        `weights` names the LoRA that is enabled, which changes the table.
        """
        return self._tables.get((schedule.key, tembs.shape, weights), lambda: self._compute(tembs))

    def _compute(self, tembs: torch.Tensor) -> torch.Tensor:
        steps, rows, width = tembs.shape
        blocks = self._transformer.transformer_blocks
        table = tembs.new_zeros(steps, len(blocks), rows, 12 * width)
        image, text = table.split(6 * width, dim=-1)
        for index, block in enumerate(blocks):
            self._fill(image[:, index], block.img_mod.computed, tembs)
            # Of the two times of the 2511 model, the text sees the first alone.
            self._fill(text[:, index, :1], block.txt_mod.computed, tembs[:, :1])
        return table

    def _fill(self, part: torch.Tensor, computed: nn.Module, tembs: torch.Tensor) -> None:
        """One step at a time, as an edit would: a product of other shape may differ in its last bits."""
        if self._keep == "host":
            computed.to(tembs.device)
        for step, temb in enumerate(tembs):
            part[step] = computed(temb)
        if self._keep == "host":
            computed.to("cpu")
