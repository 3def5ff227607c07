"""The memory plans: which weights lie on the device while edits run, in which numbers. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qie_batch.errors import Misconfigured

#: What the CUDA context, the libraries' workspaces and a display take besides tensors.
CONTEXT = 0.7e9
#: Share of the device that stays free, since an allocator splits memory into pieces.
SPARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    name: str
    #: Most bytes of tensors during an edit with three images, with both Lightning LoRAs, as counted by
    #: bench/memory.py.
    peak: float
    #: Numbers of the transformer's blocks. "int8" changes the result.
    weights: Literal["bf16", "int8"] = "bf16"
    #: Host memory has the text encoder's embedding, vision tower and so many of its 28 layers, as called for,
    #: and the modulation layers, of which the device keeps tables.
    lean: bool = True
    streamed_layers: int = 28
    #: So many of the transformer's 60 blocks come from host memory in each forward, each while its
    #: predecessors run.
    streamed_blocks: int = 0

    @property
    def needs(self) -> float:
        """Bytes that must be free on the device."""
        return (self.peak + CONTEXT) / (1 - SPARE)


#: Largest first. `auto` chooses among those in bf16, which all give the same result.
PLANS: dict[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan(name="80gb", peak=62.2e9, lean=False),
        Plan(name="48gb", peak=42.5e9, streamed_layers=10),
        Plan(name="40gb", peak=34.1e9),
        Plan(name="32gb", peak=29.4e9, streamed_blocks=10),
        Plan(name="24gb", peak=20.7e9, streamed_blocks=28),
        Plan(name="16gb", peak=14.4e9, streamed_blocks=41),
        Plan(name="24gb-int8", peak=20.8e9, weights="int8"),
        Plan(name="16gb-int8", peak=14.6e9, weights="int8", streamed_blocks=24),
    )
}


def check_name(name: str) -> None:
    """Misconfigured for a name that is neither `auto` nor that of a plan."""
    if name != "auto" and name not in PLANS:
        raise Misconfigured(
            f"QIE_VRAM_PLAN: there is no memory plan {name!r}.",
            code="plan_unknown",
            hint=f"There are auto, {', '.join(PLANS)}.",
        )


def changes_pixels(name: str) -> bool:
    return name != "auto" and PLANS[name].weights != "bf16"


def choose(name: str, free: float) -> Plan:
    """The plan of that name, or the largest that fits `free` bytes; Misconfigured where none does."""
    check_name(name)
    exact = [plan for plan in PLANS.values() if plan.weights == "bf16"]
    candidates = exact if name == "auto" else [PLANS[name]]
    for plan in candidates:
        if plan.needs <= free:
            return plan
    smallest = candidates[-1]
    fitting = [plan.name for plan in PLANS.values() if plan.needs <= free]
    raise Misconfigured(
        f"The device has {free / 1e9:.1f} GB of free memory, and the memory plan {smallest.name} needs"
        f" {smallest.needs / 1e9:.1f} GB.",
        code="device_too_small",
        hint=f"Set QIE_VRAM_PLAN={fitting[0]}, or free the device."
        if fitting
        else "Use a larger device, or an engine that needs none, such as QIE_ENGINE=classic.",
    )


def step_down(plan: Plan) -> Plan:
    """The next smaller plan with the same numbers, or the same plan where there is none."""
    smaller = [other for other in PLANS.values() if other.weights == plan.weights and other.peak < plan.peak]
    return smaller[0] if smaller else plan
