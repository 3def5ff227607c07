"""Places the parts of the model in device memory and host memory."""

from __future__ import annotations

import logging
from typing import Any, Literal

Memory = Literal["resident", "offload", "group"]

_log = logging.getLogger(__name__)

#: In bfloat16 the transformer takes 40.9 GB, the text encoder 16.6 GB, the VAE 0.25 GB and two LoRAs 1.7 GB;
#: an edit adds about 4.3 GB. In device memory are all of them, or only the largest.
_RESIDENT = 64e9
_OFFLOAD = 47e9
_MEANING: dict[Memory, str] = {
    "resident": "the whole model stays there",
    "offload": "its parts take turns there (slower: about 60 GB cross the bus in each edit)",
    "group": "its layers take turns there (much slower: 41 GB cross the bus in each forward of each step)",
}


def plan(free: int) -> Memory:
    """The placement for `free` bytes of device memory: all parts at once, one part, or one layer."""
    if free >= _RESIDENT:
        memory: Memory = "resident"
    else:
        memory = "offload" if free >= _OFFLOAD else "group"
    level = logging.INFO if memory == "resident" else logging.WARNING
    _log.log(level, "%.1f GB are free on the card: %s.", free / 1e9, _MEANING[memory])
    return memory


def apply(pipe: Any, memory: Memory) -> None:
    """Set up offloading for a pipeline in host memory; a resident one was loaded into device memory."""
    if memory == "offload":
        pipe.enable_model_cpu_offload(device="cuda")
    elif memory == "group":
        # No stream: prefetching needs a second, pinned copy of the model in host memory.
        pipe.enable_group_offload("cuda", offload_type="leaf_level", exclude_modules=["vae"])
