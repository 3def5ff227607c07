"""What a profiler says of an edit: the kernels by kind, the attention kernel's name, waits of the host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity
from torch.profiler import profile as torch_profile

if TYPE_CHECKING:
    from collections.abc import Callable

#: By what stands in the names of kernels, first match; those of the CPU are aten's operations.
_KINDS = {
    "attention": r"flash|fmha|attention|sdpa|mha_",
    "convolution": r"conv|wgrad|dgrad|nchw|nhwc",
    "linear": r"gemm|cutlass|cublas|nvjet|xmma|addmm|\bmm\b|bmm|linear",
}
#: Calls with which the host waits for the device.
_WAITS = re.compile(r"cudaStreamSynchronize|cudaDeviceSynchronize|cudaEventSynchronize|_local_scalar_dense")
_SHOWN = 12


def profile(edit: Callable[[], object], device: str) -> dict[str, Any]:
    activities = [ProfilerActivity.CPU]
    if device == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with torch_profile(activities=activities) as profiler:
        edit()
    events = profiler.key_averages()
    if device == "cuda":  # the operations that launch kernels have the kernels' time as well
        kernels = [event for event in events if event.device_type == DeviceType.CUDA]
        times = {event.key: event.self_device_time_total / 1e6 for event in kernels}
    else:
        times = {event.key: event.self_cpu_time_total / 1e6 for event in events}
    total = sum(times.values())
    longest = sorted(times, key=times.__getitem__, reverse=True)[:_SHOWN]
    shares: dict[str, float] = {}
    for name, seconds in times.items():
        shares[kind_of(name)] = shares.get(kind_of(name), 0.0) + seconds / total
    attention = [name for name in times if kind_of(name) == "attention" and times[name]]
    return {
        "seconds": total,
        "shares": shares,
        "attention_kernels": sorted(attention, key=times.__getitem__, reverse=True)[:3],
        "longest": {name[:100]: times[name] for name in longest},
        "waits": {event.key: event.count for event in events if _WAITS.search(event.key)},
    }


def kind_of(name: str) -> str:
    for kind, pattern in _KINDS.items():
        if re.search(pattern, name, re.IGNORECASE):
            return kind
    return "rest"
