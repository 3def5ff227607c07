"""What an edit is conditioned on: the texts with the images as the text encoder sees them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as stock
from transformers.modeling_outputs import BaseModelOutputWithPooling

from qie_batch.engines.qwen.memo import content_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from PIL import Image

    from qie_batch.engines.qwen.memo import Memo

_IMAGE = "<|image_pad|>"


class TextEncoding:
    """Encodes texts beside the images of one edit, as QwenImageEditPlusPipeline does.

    Three things are done otherwise, with the same result: the images pass the vision tower once for all texts
    of the edit, the head that predicts words is not run, and the text encoder is told which tokens are images
    (without that, transformers 5 gives them the positions of text: huggingface/diffusers #14194).
    """

    def __init__(self, pipe: Any, images: Sequence[Image.Image], *, memo: Memo, share: bool) -> None:
        self._pipe = pipe
        self._images = images
        self._memo = memo
        self._share = share
        self._content = tuple(map(content_of, images))
        self._features: Any = None

    def encode(self, text: str) -> torch.Tensor:
        """(1, tokens, width of the text encoder)."""
        return self._memo.get(("text", text, self._content), lambda: self._encode(text))

    def _encode(self, text: str) -> torch.Tensor:
        pipe = self._pipe
        encoder = pipe.text_encoder.model
        grids, features = self._vision()
        tokens = pipe.processor.tokenizer(self._prompt(text, grids), return_tensors="pt").to(encoder.device)
        ids = tokens["input_ids"]
        output = encoder(
            input_ids=ids,
            attention_mask=tokens["attention_mask"],
            image_grid_thw=grids.to(encoder.device),
            mm_token_type_ids=(ids == encoder.config.image_token_id).int(),
            mm_encoder_outputs={"image": features},
            use_cache=False,
        )
        hidden: torch.Tensor = output.last_hidden_state[:, pipe.prompt_template_encode_start_idx :]
        return hidden

    def _prompt(self, text: str, grids: torch.Tensor) -> str:
        """The chat template with the text, and a placeholder for each token of each image."""
        labels = (f"Picture {k}: <|vision_start|>{_IMAGE}<|vision_end|>" for k in range(1, len(grids) + 1))
        prompt: str
        prompt, *rest = self._pipe.prompt_template_encode.format("".join(labels) + text).split(_IMAGE)
        merged = self._pipe.processor.image_processor.merge_size**2
        for grid, part in zip(grids.tolist(), rest, strict=True):
            prompt += _IMAGE * (math.prod(grid) // merged) + part
        return prompt

    def _vision(self) -> tuple[torch.Tensor, Any]:
        if self._features is None or not self._share:
            self._features = self._memo.get(("vision", self._content), self._see)
        features: tuple[torch.Tensor, Any] = self._features
        return features

    def _see(self) -> tuple[torch.Tensor, Any]:
        """The grid of patches of each image (on the host), and what the vision tower says of all."""
        pipe, encoder = self._pipe, self._pipe.text_encoder.model
        small = []
        for image in self._images:
            width, height = stock.calculate_dimensions(stock.CONDITION_IMAGE_SIZE, image.width / image.height)
            small.append(pipe.image_processor.resize(image, height, width))
        inputs = pipe.processor.image_processor(images=small, return_tensors="pt")
        grids, patches = inputs["image_grid_thw"], inputs["pixel_values"].to(encoder.device)
        output = encoder.get_image_features(patches, grids.to(encoder.device), return_dict=True)
        return grids, BaseModelOutputWithPooling(
            pooler_output=output.pooler_output
        )  # what a text needs of it
