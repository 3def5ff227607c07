"""The sizes that models paint, for the engines that run such a model here or elsewhere."""

from __future__ import annotations

#: Sizes (width, height) of the training of Qwen-Image: ten ratios of about one megapixel.
QWEN_BUCKETS: tuple[tuple[int, int], ...] = (
    (1024, 1024),
    (1184, 896),
    (896, 1184),
    (1248, 832),
    (832, 1248),
    (1152, 928),
    (928, 1152),
    (1376, 768),
    (768, 1376),
    (1440, 736),
)
