"""Skips the later blocks of a step whose first blocks hardly changed anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from qie_batch.engines.qwen.presets import StepCache


class BranchCache:
    """Of one branch (with the instruction, or with the negative text) of one edit."""

    def __init__(self, rule: StepCache, blocks: int) -> None:
        self.first = min(rule.first, blocks)
        self._rule = rule
        #: What the first blocks and the rest added in the last computed step: (batch, tokens, width).
        self._first_added: torch.Tensor | None = None
        self._rest_added: torch.Tensor | None = None
        self._skipped = 0
        #: By step "1" for computed, "0" for skipped.
        self.mask = ""

    def skipped(self, added: torch.Tensor, after_first: torch.Tensor) -> torch.Tensor | None:
        """The output of the last block as the last computed step predicts it; None if it is to be computed.

        `added`: what the first blocks added in this step. Compares on the device and waits for the answer
        once, unless the rule has a mask.
        """
        if self._rest_added is None or not self._may_skip(added):
            self._first_added = added
            self._skipped = 0
            self.mask += "1"
            return None
        self._skipped += 1
        self.mask += "0"
        return after_first + self._rest_added

    def computed(self, rest_added: torch.Tensor) -> None:
        self._rest_added = rest_added

    def _may_skip(self, added: torch.Tensor) -> bool:
        rule, step = self._rule, len(self.mask)
        if rule.mask:
            return rule.mask[min(step, len(rule.mask) - 1)] == "0"
        if step < rule.warmup or self._skipped >= rule.most_skipped:
            return False
        before = self._first_added
        assert before is not None
        change = (added - before).abs().mean() / before.abs().mean()
        return bool(change < rule.threshold)
