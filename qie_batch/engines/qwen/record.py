"""What really ran, for the record of each result."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qie_batch.engines.qwen.denoise import Denoised
    from qie_batch.engines.qwen.options import QwenOptions
    from qie_batch.engines.qwen.requests import Call

_PACKAGES = ("torch", "diffusers", "transformers", "peft")


def ran(options: QwenOptions, call: Call, denoised: Denoised, speedups: dict[str, Any]) -> dict[str, Any]:
    """JSON values. `speedups`: attention backend, plan and the like, as the engine set them up."""
    record = {
        "preset": call.preset.name,
        "steps": call.steps,
        "cfg": call.cfg,
        "seed": call.seed,
        "size": f"{call.width}x{call.height}",
        "scheduler": "lightning" if call.preset.lora else "base",
        "revision": options.full_revision,
        **speedups,
        "versions": versions(*_PACKAGES),
    }
    if denoised.masks and call.preset.cache:
        record |= {"cache": call.preset.cache.recipe, "mask": list(denoised.masks)}
    return {name: value for name, value in record.items() if value not in ("", None)}


@cache
def versions(*packages: str) -> dict[str, str]:
    """Of those that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
