"""The fewest floating-point operations that the edits of a catalog need, from the model's modules alone.

Counted without the engine: each edit once; each text with its images, and each image, once; no padding, no
convolution with frames of zeros, no product that chooses words, and nothing for the modulation, which depends
on the time alone.
"""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as stock
from gpu.full_size import TRANSFORMER

from counting.meter import Meter
from counting.model import DTYPE, build_counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from PIL import Image

    from counting.catalog import Row
    from qie_batch.engines.qwen.presets import QwenPreset

#: Width and blocks of the transformer, width of its latents and of the text.
WIDTH = TRANSFORMER["num_attention_heads"] * TRANSFORMER["attention_head_dim"]
BLOCKS = TRANSFORMER["num_layers"]
LATENT, TEXT = TRANSFORMER["in_channels"], TRANSFORMER["joint_attention_dim"]
#: Pixels of the side of a token.
PATCH = 16


class Needed:
    """Adds up what edits need; what they share is counted at the first that needs it."""

    def __init__(self, presets: Mapping[str, QwenPreset]) -> None:
        self._presets = presets
        self._meter = Meter()
        self._pipe = build_counted(self._meter)
        self._seen: dict[Any, int] = {}
        #: By direction, height and width of latents, since a priced module runs once.
        self._vae: dict[tuple[str, int, int], int] = {}
        self.parts = {"transformer": 0, "text encoder": 0, "VAE": 0}
        self.presets = Counter[str]()

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            before = sum(self.parts.values())
            self._once(("edit", row.spec.cache_key), "transformer", lambda row=row: self._steps(row))
            self._once(("result", row.spec.cache_key), "VAE", lambda row=row: self._decoding(row))
            self.presets[row.request.params.preset] += sum(self.parts.values()) - before

    def _once(self, key: Any, part: str, count: Callable[[], int]) -> None:
        if key not in self._seen:
            self._seen[key] = count()
            self.parts[part] += self._seen[key]

    def _steps(self, row: Row) -> int:
        request = row.request
        preset = self._presets[request.params.preset]
        content = tuple(image.tobytes() for image in request.images)
        texts = [request.params.instruction] + [request.params.negative] * (preset.cfg > 1)
        self._once(("vision", content), "text encoder", lambda: self._vision(request.images))
        for image in request.images:
            self._once(("latents", image.tobytes()), "VAE", lambda image=image: self._encoding(image))
        pixels = [prod(_reference(image)) for image in request.images]
        tokens = (sum(pixels) + request.width * request.height) // PATCH**2
        total = 0
        for text in texts:
            length = self._length(text, request.images)
            self._once(("text", text, content), "text encoder", lambda length=length: self._words(length))
            total += forwards_flops(preset, tokens, length - self._pipe.prompt_template_encode_start_idx)
        return total

    def _length(self, text: str, images: Sequence[Image.Image]) -> int:
        labels = "".join(
            f"Picture {number}: <|vision_start|><|image_pad|><|vision_end|>"
            for number in range(1, len(images) + 1)
        )
        prompt = self._pipe.prompt_template_encode.format(labels + text)
        inputs = self._pipe.processor(text=[prompt], images=list(map(_seen_small, images)))
        return len(inputs["input_ids"][0])

    def _vision(self, images: Sequence[Image.Image]) -> int:
        inputs = self._pipe.processor.image_processor(
            images=list(map(_seen_small, images)), return_tensors="pt"
        )
        visual = self._pipe.text_encoder.model.visual
        return self._count(
            lambda: visual(inputs["pixel_values"].to(DTYPE), grid_thw=inputs["image_grid_thw"])
        )

    def _words(self, length: int) -> int:
        embedded = torch.zeros((), dtype=DTYPE).expand(1, length, TEXT)
        model = self._pipe.text_encoder.model.language_model
        return self._count(lambda: model(inputs_embeds=embedded, use_cache=False))

    def _encoding(self, image: Image.Image) -> int:
        width, height = _reference(image)
        pixels = torch.empty(1, 3, 1, height, width, dtype=DTYPE, device="meta")
        return self._without_zero_frames("encode", pixels)

    def _decoding(self, row: Row) -> int:
        size = (row.request.height // 8, row.request.width // 8)
        latents = torch.empty(1, LATENT // 4, 1, *size, dtype=DTYPE, device="meta")
        return self._without_zero_frames("decode", latents)

    def _count(self, call: Callable[[], object]) -> int:
        before = self._meter.flops
        with self._meter.counting(), torch.no_grad():
            call()
        return self._meter.flops - before

    def _without_zero_frames(self, direction: str, values: torch.Tensor) -> int:
        """Of a convolution over three frames two are padding where the input is one image."""
        key = (direction, *values.shape[-2:])
        if key not in self._vae:
            self._vae[key] = self._run_vae(direction, values)
        return self._vae[key]

    def _run_vae(self, direction: str, values: torch.Tensor) -> int:
        vae, wasted = self._pipe.vae, 0

        def hook(module: torch.nn.Conv3d, _inputs: Any, output: torch.Tensor) -> None:
            nonlocal wasted
            frames, *kernel = module.kernel_size
            wasted += 2 * output.numel() * module.in_channels * prod(kernel) * (frames - 1)

        convolutions = [module for module in vae.modules() if isinstance(module, torch.nn.Conv3d)]
        hooks = [module.register_forward_hook(hook) for module in convolutions]
        try:
            return self._count(lambda: getattr(vae, direction)(values)) - wasted
        finally:
            for each in hooks:
                each.remove()


def forwards_flops(preset: QwenPreset, tokens: int, words: int) -> int:
    """Of all steps of one branch: `tokens` of images and `words` of text."""
    mask = preset.cache.mask if preset.cache else "1"
    computed = [mask[min(step, len(mask) - 1)] == "1" for step in range(preset.steps)]
    first = preset.cache.first if preset.cache else 0
    blocks = sum(BLOCKS if each else first for each in computed)
    length = tokens + words
    block = 24 * WIDTH**2 * length + 4 * WIDTH * length**2
    ends = 2 * LATENT * WIDTH * tokens * 2 * preset.steps + 2 * TEXT * WIDTH * words
    return blocks * block + ends


def _reference(image: Image.Image) -> tuple[int, int]:
    """Width and height at which the VAE reads the image."""
    width, height = stock.calculate_dimensions(stock.VAE_IMAGE_SIZE, image.width / image.height)
    return width, height


def _seen_small(image: Image.Image) -> Image.Image:
    """The image as the text encoder sees it."""
    area = stock.CONDITION_IMAGE_SIZE
    resized: Image.Image = image.resize(stock.calculate_dimensions(area, image.width / image.height))
    return resized
