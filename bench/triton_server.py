"""Measures the models of deploy/triton on the real tritonserver (.venv-triton), with an engine that waits.

Batches formed by six requests at once, what a lone request costs with and without waiting for a second one,
and seconds from the death of a model's process, and of the engine, to the end of the server.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
from qie_batch.engines.triton.asking import tensor_of
from qie_batch.remote.packets import pack
from tests.support.triton import running_triton

if TYPE_CHECKING:
    from tests.support.triton import Triton

EDIT = {"seconds": 0.4, "steps": 4}


def packet(instruction: str = "make it red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    return pack({"params": {"instruction": instruction}, "width": 64, "height": 64}, [file.getvalue()])


def unary(server: Triton, instruction: str = "make it red") -> float:
    began = time.monotonic()
    server.client().infer("qie", [tensor_of(packet(instruction))])
    return time.monotonic() - began


def streamed(server: Triton) -> float:
    client, answers = server.client(), SimpleQueue()
    began = time.monotonic()
    client.start_stream(callback=lambda result, error: answers.put((result, error)))
    client.async_stream_infer("qie_steps", [tensor_of(packet())])
    for _ in range(EDIT["steps"] + 1):
        answers.get()
    client.stop_stream()
    return time.monotonic() - began


def batches(server: Triton) -> tuple[int, int, float]:
    """Requests, batches, seconds."""
    names = ("nv_inference_count", "nv_inference_exec_count")
    before = [server.metric(name, "qie") for name in names]
    began = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: unary(server), range(6)))
    seconds = time.monotonic() - began
    time.sleep(1)  # the server counts a moment after its answer
    requests, runs = (int(server.metric(name, "qie") - was) for name, was in zip(names, before, strict=True))
    return requests, runs, seconds


def until_ended(server: Triton) -> float:
    began = time.monotonic()
    while server.child.poll() is None:
        time.sleep(0.02)
    return time.monotonic() - began


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    options = {"QIE_ENGINE_OPTIONS": json.dumps(EDIT)}
    with tempfile.TemporaryDirectory(prefix="qie-bench-triton-") as name:
        with running_triton(Path(name) / "a", **options) as server:
            unary(server)
            requests, runs, seconds = batches(server)
            print(f"{requests} requests at once: {runs} batches, {seconds:.2f} s (six edits: 2.4 s)")
            lone = min(unary(server) for _ in range(3)), min(streamed(server) for _ in range(3))
            print(f"a lone request: {lone[0]:.2f} s by qie, {lone[1]:.2f} s by qie_steps")
            (stub,) = server.stubs("qie_steps")
            os.kill(stub, signal.SIGKILL)
            print(f"a model's process was killed: the server ended after {until_ended(server):.1f} s")
        with running_triton(Path(name) / "b", **options) as server:
            began = time.monotonic()
            try:
                unary(server, "die")
            except Exception as error:  # noqa: BLE001 - the client's, whatever it is
                seconds = time.monotonic() - began
                print(f"the engine died in an edit: {type(error).__name__} after {seconds:.1f} s")
            print(f"and the server ended {until_ended(server):.1f} s after that")


if __name__ == "__main__":
    main()
