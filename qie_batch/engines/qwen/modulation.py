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
    from collections.abc import Hashable, Sequence

    from qie_batch.engines.qwen.schedule import Schedule

#: Tables that are kept; a catalog of mixed shapes has six schedules of a preset.
TABLES = 8


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
        self._tables = Memo(TABLES)
        width = 6 * transformer.inner_dim
        for block in transformer.transformer_blocks:
            block.img_mod = _Looked(block.img_mod, width, 0)
            block.txt_mod = _Looked(block.txt_mod, width, 1)
            if keep == "host":
                block.img_mod.computed.to("cpu")
                block.txt_mod.computed.to("cpu")

    def table(
        self, schedule: Schedule, tembs: Sequence[torch.Tensor], weights: Hashable
    ) -> list[list[torch.Tensor]]:
        """By step and block, (rows, 12 * width), for the time embeddings of the steps, (rows, width) each.

        `weights` names the LoRA that is enabled, which changes the table.
        """
        return self._tables.get((schedule.key, tembs[0].shape, weights), lambda: self._compute(tembs))

    def _compute(self, tembs: Sequence[torch.Tensor]) -> list[list[torch.Tensor]]:
        # Block by block, since the parameters of a block may have to pass the device.
        by_block = [self._of_block(block, tembs) for block in self._transformer.transformer_blocks]
        return [list(rows) for rows in zip(*by_block, strict=True)]

    def _of_block(self, block: Any, tembs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """One step at a time, as an edit would: a product of other shape may differ in its last bits."""
        image, text = block.img_mod.computed, block.txt_mod.computed
        if self._keep == "host":
            image.to(tembs[0].device)
            text.to(tembs[0].device)
        rows = []
        for temb in tembs:
            of_image, of_text = image(temb), text(temb[:1])
            # Of the two times of the 2511 model, the text sees the first alone.
            rows.append(torch.cat([of_image, of_text.expand(len(temb), -1)], dim=-1))
        if self._keep == "host":
            image.to("cpu")
            text.to("cpu")
        return rows
