"""Peak device memory of each memory plan, counted on the meta device: the published sizes, one edit.

    python bench/memory.py               every plan, with the largest edit: three images at 1152 x 928
    python bench/memory.py --images 1    with one image
    ... --json                           one JSON object as the last line

Weights: what the plan leaves on the device, both Lightning LoRAs, and the buffers of what takes turns.
Activations: the most bytes of tensors that live at once while the language model reads the longest text, the
VAE encodes, the engine's loop runs two steps, and the VAE decodes; attention as one kernel that keeps no
matrix. Kept: the memo and the modulation's tables, both full. `plans.CONTEXT` is for what no tensor holds.
"""

from __future__ import annotations

import argparse
import json
import weakref
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from gpu.disk import CARDS
from gpu.full_size import build_parts, load_tiny
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from qie_batch.engines.qwen import vae as folded
from qie_batch.engines.qwen.denoise import Prepared, Rungs, denoise
from qie_batch.engines.qwen.editing import REMEMBERED
from qie_batch.engines.qwen.modulation import TABLES
from qie_batch.engines.qwen.placement import on_host_of, rounds_of
from qie_batch.engines.qwen.plans import CONTEXT, PLANS, SPARE
from qie_batch.engines.qwen.presets import StepCache
from qie_batch.engines.qwen.quantise import Int8Linear, quantise
from qie_batch.engines.qwen.schedule import schedule_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.engines.qwen.plans import Plan

WIDTH, HEIGHT = 1152, 928
#: Tokens of the longest text that the engine takes, with the template and 196 for each image.
TEXT = 1024 + 100
IMAGE = 196
#: Of the Lightning LoRAs, on every linear layer of the blocks but the modulation.
RANK, LORAS = 64, 2
#: Bytes of a value that the memo keeps, on average.
REMEMBERED_BYTES = 2e6
#: Steps of `reference`, the longest schedule.
STEPS = 40
ON_META: dict[str, Any] = {"device": "meta", "dtype": torch.bfloat16}


class LiveBytes(TorchDispatchMode):
    """Bytes of the storages that operations make, as long as a tensor refers to them."""

    def __init__(self, *weights: nn.Module) -> None:
        super().__init__()
        self._sizes: dict[int, int] = {}
        self.live = self.peak = 0
        for module in weights:
            for tensor in (*module.parameters(), *module.buffers()):
                self._sizes[_address(tensor.untyped_storage())] = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(output):
            if isinstance(tensor, torch.Tensor):
                self._add(tensor.untyped_storage())
        return output

    def _add(self, storage: Any) -> None:
        key = _address(storage)
        if key not in self._sizes:
            self._sizes[key] = storage.nbytes()
            self.live += self._sizes[key]
            self.peak = max(self.peak, self.live)
            weakref.finalize(storage, self._drop, key)

    def _drop(self, key: int) -> None:
        self.live -= self._sizes.pop(key)


def _address(storage: torch.UntypedStorage) -> int:
    """Which storage it is: on the meta device all pointers to data are null."""
    return storage._cdata  # noqa: SLF001 - the only name of a storage without data


class FusedAttention(TorchFunctionMode):
    """Attention as a device computes it: the meta device would make the matrix of all pairs of tokens."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is nn.functional.scaled_dot_product_attention:
            return torch.empty_like((args or (kwargs["query"],))[0])
        return func(*args, **(kwargs or {}))


def build() -> dict[str, nn.Module]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device("meta"):
            parts = build_parts(load_tiny().tokenizer())
    finally:
        torch.set_default_dtype(before)
    for part in parts.values():
        part.eval()
    parts["text_encoder"].lm_head = nn.Identity()  # as loading does
    folded.fold(parts["vae"])  # as the engine does
    return parts


def peaks(parts: dict[str, nn.Module], images: int) -> dict[str, int]:
    """Bytes of activations by phase."""
    encoder, vae = parts["text_encoder"].model, parts["vae"]
    tokens = TEXT + IMAGE * images
    phases: dict[str, Callable[[], Any]] = {
        "prompt": lambda: encoder.language_model(
            inputs_embeds=torch.empty(1, tokens, 3584, **ON_META),
            position_ids=torch.zeros(3, 1, tokens, dtype=torch.long, device="meta"),
            use_cache=False,
        ),
        "vae": partial(folded.encode, vae, torch.empty(1, 3, 1, 1024, 1024, **ON_META)),
        "steps": partial(run_steps, parts["transformer"], images, tokens),
        "decode": partial(folded.decode, vae, torch.empty(1, 16, 1, HEIGHT // 8, WIDTH // 8, **ON_META)),
    }
    return {phase: peak_of(run, parts) for phase, run in phases.items()}


def peak_of(run: Callable[[], Any], parts: dict[str, nn.Module]) -> int:
    counting = LiveBytes(*parts.values())
    with torch.no_grad(), FusedAttention(), counting:
        run()
    return counting.peak


def run_steps(transformer: nn.Module, images: int, tokens: int) -> Any:
    output, reference = (1, HEIGHT // 16, WIDTH // 16), (1, 64, 64)
    edit = Prepared(
        noise=torch.empty(1, output[1] * output[2], 64, **ON_META),
        references=torch.empty(1, images * 64 * 64, 64, **ON_META),
        grids=(output, *[reference] * images),
        positive=torch.empty(1, tokens, 3584, **ON_META),
        negative=torch.empty(1, tokens, 3584, **ON_META),
    )
    scheduler = FlowMatchEulerDiscreteScheduler(**load_tiny().SCHEDULER)
    schedule = schedule_of(scheduler, 2, output[1] * output[2], "meta")
    rungs = Rungs(modulation=None, step_cache=StepCache(mask="10"))
    return denoise(transformer, [edit], schedule, 4.0, rungs, lambda _step: None)


def kept_bytes(transformer: nn.Module) -> float:
    blocks = len(transformer.transformer_blocks)
    table = STEPS * blocks * 12 * transformer.inner_dim * 2
    return TABLES * table + REMEMBERED * REMEMBERED_BYTES


def weight_bytes(parts: dict[str, nn.Module], plan: Plan) -> float:
    """What lies on the device while an edit runs under the plan."""
    pipe = SimpleNamespace(**parts)
    blocks = {*pipe.transformer.transformer_blocks}
    rounds = [module for modules in rounds_of(pipe, plan) for module in modules]
    on_host = unique_bytes(on_host_of(pipe, plan)) + sum(lora_bytes(block) for block in blocks & {*rounds})
    # In the buffers blocks are without their modulation.
    guests = [unique_bytes([module]) for module in rounds if module not in blocks]
    guests += [
        unique_bytes([block]) - unique_bytes([block.img_mod, block.txt_mod]) + lora_bytes(block)
        for block in blocks & {*rounds}
    ]
    total = unique_bytes(list(parts.values())) + sum(map(lora_bytes, blocks))
    return total - on_host + 2 * max(guests, default=0.0)


def unique_bytes(modules: list[nn.Module]) -> float:
    weights = {id(weight): weight for module in modules for weight in module.parameters()}
    return sum(weight.numel() * weight.element_size() for weight in weights.values())


def lora_bytes(block: nn.Module) -> float:
    layers = [
        layer for name, layer in block.named_modules() if isinstance(layer, nn.Linear) and "_mod" not in name
    ]
    return sum(LORAS * RANK * (layer.in_features + layer.out_features) * 2 for layer in layers)


def in_numbers_of(plan: Plan, parts: dict[str, nn.Module]) -> dict[str, nn.Module]:
    if plan.weights == "bf16":
        return parts
    smaller = {**parts, "transformer": build()["transformer"]}
    quantise(smaller["transformer"], plan.weights)
    for layer in smaller["transformer"].modules():
        if isinstance(layer, Int8Linear):
            layer.take_weight(torch.empty(layer.out_features, layer.in_features, **ON_META))
    return smaller


def count(images: int) -> dict[str, Any]:
    parts = build()
    activations, kept = peaks(parts, images), kept_bytes(parts["transformer"])
    plans = {}
    for plan in PLANS.values():
        numbers = in_numbers_of(plan, parts)
        weights = weight_bytes(numbers, plan)
        peak = weights + kept + max(activations.values())
        device = CARDS[plan.name.removesuffix("-int8")]
        plans[plan.name] = {
            "weights_bytes": round(weights),
            "host_bytes": round(unique_bytes(on_host_of(SimpleNamespace(**numbers), plan))),
            "peak_bytes": round(peak),
            "in_table_bytes": round(plan.peak),
            "device_bytes": round(device),
            "spare": round(1 - (peak + CONTEXT) / device, 4),
        }
    return {
        "images": images,
        "activations_bytes": activations,
        "kept_bytes": round(kept),
        "plans": plans,
        "fits": all(plan["spare"] >= SPARE for plan in plans.values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=3, choices=(1, 2, 3), help="images of the edit")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    arguments = parser.parse_args()
    found = count(arguments.images)
    print("activations: " + ", ".join(f"{k} {v / 1e9:.2f} GB" for k, v in found["activations_bytes"].items()))
    print(f"kept: {found['kept_bytes'] / 1e9:.2f} GB")
    print(f"{'plan':10} {'on host':>8} {'weights':>8} {'peak':>8} {'device':>8} {'spare':>7}")
    for name, plan in found["plans"].items():
        sizes = (plan[f"{what}_bytes"] / 1e9 for what in ("host", "weights", "peak", "device"))
        print(f"{name:10} " + " ".join(f"{size:8.2f}" for size in sizes) + f" {plan['spare']:7.1%}")
    print(f"each plan fits with {SPARE:.0%} to spare: {'yes' if found['fits'] else 'NO'}")
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
