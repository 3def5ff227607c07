"""Seconds to bring weights from files to their modules: the engine's streaming against `from_pretrained`.

    python bench/load.py                  a few hundred MB of random weights, in the page cache, on the CPU
    python bench/load.py --layers 60      more of them (30 MB a layer)
    python bench/load.py --device cuda    to the device
    ... --json                            one JSON object as the last line

Both ways load the same folder in turns (A-B-B-A), and the medians are compared. `from_pretrained` maps the
files into memory; on the CPU its weights are copied out of them, as a device's weights are. `raw` is the time
in which one thread reads the files and keeps nothing.
"""

from __future__ import annotations

import argparse
import json
import runpy
import statistics
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from diffusers import QwenImageEditPlusPipeline, QwenImageTransformer2DModel

from qie_batch.engines.qwen import QwenOptions
from qie_batch.engines.qwen.loading import edit_processor, load

if TYPE_CHECKING:
    from collections.abc import Callable

SHARD = "64MB"
SIZES: dict[str, Any] = {
    "patch_size": 2,
    "in_channels": 64,
    "out_channels": 16,
    "attention_head_dim": 64,
    "num_attention_heads": 10,
    "joint_attention_dim": 16,
    "axes_dims_rope": (8, 28, 28),
}


def build(folder: Path, layers: int) -> int:
    """The tests' pipeline with a larger transformer in several files, in bfloat16; its bytes."""
    script = Path(__file__).parents[1] / "tests" / "support" / "tiny_qwen.py"
    SimpleNamespace(**runpy.run_path(str(script))).build(folder)
    transformer = QwenImageTransformer2DModel(num_layers=layers, **SIZES).to(torch.bfloat16)
    for file in (folder / "transformer").glob("*.safetensors"):
        file.unlink()
    transformer.save_pretrained(folder / "transformer", max_shard_size=SHARD)
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))


def stream(folder: Path, device: str) -> Any:
    return load(QwenOptions(model=str(folder), revision="random", device=device, dtype="bfloat16")).pipe  # type: ignore[arg-type] # one of two


def from_pretrained(folder: Path, device: str) -> Any:
    """As the engine loaded before it had its own way."""
    pipe = QwenImageEditPlusPipeline.from_pretrained(
        folder,
        processor=edit_processor(folder / "processor"),
        dtype=torch.bfloat16,
        device_map=device,
        use_safetensors=True,
        local_files_only=True,
    )
    if device == "cpu":
        for part in (pipe.transformer, pipe.text_encoder, pipe.vae):
            for weight in part.parameters():
                weight.data = weight.data.clone()
    return pipe


def read(folder: Path, _device: str) -> None:
    buffer = bytearray(1 << 24)
    for path in sorted(folder.rglob("*.safetensors")):
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass


def seconds(run: Callable[[Path, str], Any], folder: Path, device: str) -> float:
    start = time.perf_counter()
    loaded = run(folder, device)
    if device == "cuda":
        torch.cuda.synchronize()
    del loaded
    return time.perf_counter() - start


def measure(layers: int, device: str, rounds: int) -> dict[str, Any]:
    ways = {"stream": stream, "from_pretrained": from_pretrained, "raw": read}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        size = build(folder, layers)
        for run in ways.values():
            seconds(run, folder, device)
        for _ in range(rounds):
            for name in (*ways, *reversed(ways)):
                taken[name].append(seconds(ways[name], folder, device))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    return {
        "bytes": size,
        "device": device,
        "seconds": {name: round(median, 4) for name, median in medians.items()},
        "ratio": round(medians["from_pretrained"] / medians["stream"], 3),
        "of_raw": round(medians["raw"] / medians["stream"], 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--layers", type=int, default=40, help="of the transformer, 30 MB each")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--rounds", type=int, default=3, help="of both ways, there and back")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    arguments = parser.parse_args()
    found = measure(arguments.layers, arguments.device, arguments.rounds)
    print(f"{found['bytes'] / 1e6:.0f} MB to {found['device']}")
    for name, taken in found["seconds"].items():
        print(f"{name:16} {taken:7.3f} s {found['bytes'] / taken / 1e9:7.2f} GB/s")
    print(f"stream is {found['ratio']:.2f} times as fast as from_pretrained")
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
