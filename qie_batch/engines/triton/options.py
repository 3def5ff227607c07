from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from qie_batch.errors import Misconfigured
from qie_batch.model import DEVICE_HOUR, EngineInfo, EngineLimits
from qie_batch.model.buckets import QWEN_BUCKETS
from qie_batch.remote.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Settings that become options of this engine.
OPTIONS = (
    "triton_urls",
    "triton_serves",
    "triton_revision",
    "triton_in_flight",
    "triton_deadline_seconds",
    "triton_price_device",
    "expected_device",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TritonOptions:
    #: grpc://host:port, or grpcs:// with TLS.
    urls: tuple[str, ...] = ()
    #: The engine that the servers run.
    serves: Literal["qwen", "classic"] = "qwen"
    revision: str = "1"
    in_flight: int = 1
    deadline_seconds: float = 300.0
    price_device: str = ""
    expected_device: str = "H100"

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """The options from the settings named in OPTIONS; QIE_ENGINE_OPTIONS may set the fields, too."""
        given = {name.removeprefix("triton_"): value for name, value in options.items()}
        unknown = sorted(given.keys() - cls.__slots__)
        if unknown:
            raise Misconfigured(
                f"the triton engine has no option {', '.join(unknown)}",
                hint=f"there are {', '.join(cls.__slots__)}",
            )
        return cls(**given)


def engine_info(options: TritonOptions) -> EngineInfo:
    diffusion = options.serves == "qwen"
    return EngineInfo(
        name="triton",
        revision=f"{options.serves}:{options.revision}",
        honours=frozenset({"negative", "steps", "cfg", "seed", "preset"}) if diffusion else frozenset(),
        presets=PRESETS if diffusion else {},
        limits=EngineLimits(max_images=3, max_reference_ratio=16, sizes=QWEN_BUCKETS)
        if diffusion
        else EngineLimits(),
        tariff=DEVICE_HOUR,
        device=options.price_device or options.expected_device,
        seconds=30.0 if diffusion else 2.0,
        concurrency=max(1, len(options.urls)) * options.in_flight,
    )
