"""Builds Qwen-Image-Edit-2509 in miniature: published layout and classes, random weights, 1.4 MB, offline.

The processor folder gets its files without a Qwen2VLProcessor, which cannot be made without torchvision.
"""

import hashlib
import json

import torch
from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    QwenImageEditPlusPipeline,
    QwenImageTransformer2DModel,
)
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen2VLImageProcessorPil,
)
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

#: In the published order; each takes the next id after the vocabulary.
SPECIAL = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>",
    "<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>",
    "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>",
]  # fmt: skip
#: The pipeline drops the first 64 hidden states, which is what this text costs in the real vocabulary;
#: a vocabulary trained on it gives every word one token and so the same count.
SYSTEM = (
    "system\nDescribe the key features of the input image (color, shape, size, texture, objects, background),"
    " then explain how the user's text instruction should alter or modify the image. Generate a new image"
    " that meets the user's requirements while maintaining consistency with the original input where"
    " appropriate."
    "\nuser\nPicture : assistant\n"
)
SCHEDULER = {
    "base_image_seq_len": 256,
    "base_shift": 0.5,
    "max_image_seq_len": 8192,
    "max_shift": 0.9,
    "num_train_timesteps": 1000,
    "shift": 1.0,
    "shift_terminal": 0.02,
    "time_shift_type": "exponential",
    "use_dynamic_shifting": True,
}
TRANSFORMER = {
    "patch_size": 2,
    "in_channels": 64,
    "out_channels": 16,
    "num_layers": 2,
    "attention_head_dim": 16,
    "num_attention_heads": 2,
    "joint_attention_dim": 16,
    "axes_dims_rope": (4, 6, 6),
}


def tokenizer():
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ],
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trained.train_from_iterator(
        [SYSTEM],
        trainers.BpeTrainer(vocab_size=2000, min_frequency=1, show_progress=False, initial_alphabet=alphabet),
    )
    model = json.loads(trained.to_str())["model"]
    vocabulary = model["vocab"] | {token: len(model["vocab"]) + i for i, token in enumerate(SPECIAL)}
    return Qwen2Tokenizer(
        vocab=vocabulary,
        merges=[tuple(pair) for pair in model["merges"]],
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=SPECIAL,
        model_max_length=131072,
    )


def text_encoder(words):
    ids = words.convert_tokens_to_ids
    model = Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(
            text_config={
                "vocab_size": (len(words) + 63) // 64 * 64,
                "hidden_size": 16,
                "intermediate_size": 16,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "num_key_value_heads": 1,
                "max_position_embeddings": 32768,
                "rope_theta": 1e6,
                "rope_scaling": {"mrope_section": [1, 1, 2], "rope_type": "default", "type": "default"},
                "tie_word_embeddings": False,
                "bos_token_id": ids("<|endoftext|>"),
                "eos_token_id": ids("<|im_end|>"),
            },
            vision_config={
                "depth": 2,
                "hidden_size": 16,
                "intermediate_size": 16,
                "num_heads": 2,
                "out_hidden_size": 16,
                "fullatt_block_indexes": [1],
            },
            image_token_id=ids("<|image_pad|>"),
            video_token_id=ids("<|video_pad|>"),
            vision_start_token_id=ids("<|vision_start|>"),
            vision_end_token_id=ids("<|vision_end|>"),
            tie_word_embeddings=False,
        ),
    )
    for weight in model.parameters():
        if weight.dim() > 1:  # with the default std of 0.02, prompts and images would have almost no effect
            torch.nn.init.normal_(weight, std=0.3)
    return model


def build(folder):
    """Write the pipeline to `folder`; always the same weights."""
    torch.manual_seed(0)
    words = tokenizer()
    pipe = QwenImageEditPlusPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**SCHEDULER),
        vae=AutoencoderKLQwenImage(
            base_dim=4,
            z_dim=16,
            dim_mult=[1, 2, 4, 4],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
        ),
        text_encoder=text_encoder(words),
        tokenizer=words,
        processor=None,
        transformer=QwenImageTransformer2DModel(**TRANSFORMER),
    )
    prefix = pipe.prompt_template_encode.split("{}")[0]
    assert len(words(prefix)["input_ids"]) == pipe.prompt_template_encode_start_idx
    pipe.save_pretrained(folder)

    Qwen2VLImageProcessorPil(min_pixels=3136, max_pixels=12845056).save_pretrained(folder / "processor")
    words.save_pretrained(folder / "processor")
    index = json.loads((folder / "model_index.json").read_text())
    index["processor"] = ["transformers", "Qwen2VLProcessor"]
    (folder / "model_index.json").write_text(json.dumps(index, indent=2))
    return folder


def lora_weights(seed):
    """A rank-4 LoRA over the tiny transformer's attention, named as in the published Lightning files."""
    random = torch.Generator().manual_seed(seed)
    weights = {}
    for block in range(2):
        for layer in (
            "to_q",
            "to_k",
            "to_v",
            "to_out.0",
            "add_q_proj",
            "add_k_proj",
            "add_v_proj",
            "to_add_out",
        ):
            name = f"transformer_blocks.{block}.attn.{layer}"
            weights[f"{name}.lora_down.weight"] = torch.randn(4, 32, generator=random)
            weights[f"{name}.lora_up.weight"] = torch.randn(32, 4, generator=random)
            weights[f"{name}.alpha"] = torch.tensor(2.0)
    return weights


def peft_weights(seed):
    """The same LoRA, named as peft names it."""
    names = {"lora_down": "lora_A", "lora_up": "lora_B"}
    weights = {}
    for name, weight in lora_weights(seed).items():
        module, _, kind = name.partition(".lora_")
        if kind:
            weights[f"{module}.{names['lora_' + kind.split('.')[0]]}.weight"] = weight
    return weights


def build_lora(path, seed):
    """Write a LoRA file; its sha256."""
    save_file(lora_weights(seed), path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def aligned(pipe):
    """The pipeline with its weights where an allocator puts them, as the engine has its own.

    `from_pretrained` leaves them where they are in the file, and MKL adds in an order that depends on the
    alignment of a matrix on processors without AVX-512: the last bits differ then.
    """
    for part in (pipe.text_encoder, pipe.transformer, pipe.vae):
        for weight in (*part.parameters(), *part.buffers()):
            weight.data = weight.data.clone()
    return pipe


def hand_over_image_positions(text_encoder):
    """Mend the stock pipeline, which does not pass the image token ids to the text encoder.

    Without the ids transformers 5 gives image tokens the positions of text, and the edit differs silently
    (huggingface/diffusers #14194). tests/integration/qwen/test_defects.py fails once this is not needed.
    """

    def add_ids(module, args, kwargs):
        if kwargs.get("image_grid_thw") is not None and kwargs.get("mm_token_type_ids") is None:
            kwargs["mm_token_type_ids"] = (kwargs["input_ids"] == module.config.image_token_id).int()
        return args, kwargs

    text_encoder.register_forward_pre_hook(add_ids, with_kwargs=True)
