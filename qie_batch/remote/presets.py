from __future__ import annotations

from typing import TYPE_CHECKING

from qie_batch.model import Preset

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Of the model that these servers run: the model card's steps and CFG, and fewer steps. A server has one set
#: of weights, so that no distilled preset can be asked for. Seconds: those of the qwen engine on an H100.
PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(name="reference", steps=40, cfg=4.0, seconds=25.6),
        Preset(name="balanced", steps=24, cfg=4.0, seconds=15.4),
    )
}
