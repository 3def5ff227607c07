"""The CPU of this process for requests to the store: those of an edit, and put and get of one MiB."""

from __future__ import annotations

import os
import statistics
import time
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from qie_batch.interfaces import ObjectStore

MIB = 1 << 20


def transfer_seconds(store: ObjectStore, items: int) -> float:
    """CPU of the store requests of each item: get the missing result, get the input, put the result."""
    data = os.urandom(7000)
    store.put_new("inputs/bench", data, "image/png")
    began = time.process_time()
    for _ in range(items):
        key = f"results/{uuid.uuid4().hex}"
        store.stat(key)
        store.get("inputs/bench")
        store.put_new(key, data, "image/png")
    return time.process_time() - began


def object_ms(store: ObjectStore, number: int = 40) -> tuple[float, float]:
    """Median CPU in ms of a put and of a get of one object of one MiB."""
    data = os.urandom(MIB)
    keys = [f"results/{uuid.uuid4().hex}" for _ in range(number)]
    store.put_new("results/first", data, "image/png")  # connects
    puts = [_cpu_ms(lambda key=key: store.put_new(key, data, "image/png")) for key in keys]  # type: ignore[misc]
    gets = [_cpu_ms(lambda key=key: store.get(key)) for key in keys]  # type: ignore[misc]
    return statistics.median(puts), statistics.median(gets)


def _cpu_ms(request: Callable[[], object]) -> float:
    began = time.thread_time()
    request()
    return 1000 * (time.thread_time() - began)
