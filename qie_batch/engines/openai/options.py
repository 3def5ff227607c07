from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from qie_batch.engines.openai.dialects import DIALECTS
from qie_batch.errors import Misconfigured
from qie_batch.model import DEVICE_HOUR, EngineInfo, EngineLimits, Tariff
from qie_batch.remote.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.engines.openai.dialects import Dialect

#: Settings that become options of this engine.
OPTIONS = (
    "openai_urls",
    "openai_key",
    "openai_model",
    "openai_dialect",
    "openai_revision",
    "openai_in_flight",
    "openai_deadline_seconds",
    "openai_price_usd",
    "openai_price_device",
    "openai_generator_device",
    "expected_device",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAiOptions:
    urls: tuple[str, ...] = ()
    key: str = ""
    model: str = ""
    dialect: str = "vllm-omni"
    revision: str = "1"
    in_flight: int = 1
    deadline_seconds: float = 300.0
    #: None charges by the hour of `price_device`.
    price_usd: float | None = None
    price_device: str = ""
    generator_device: str = ""
    expected_device: str = "H100"

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """The options from the settings named in OPTIONS; QIE_ENGINE_OPTIONS may set the fields, too."""
        given = {name.removeprefix("openai_"): value for name, value in options.items()}
        unknown = sorted(given.keys() - cls.__slots__)
        if unknown:
            raise Misconfigured(
                f"the openai engine has no option {', '.join(unknown)}",
                hint=f"there are {', '.join(cls.__slots__)}",
            )
        if given.get("key") is None:
            given.pop("key", None)
        elif hasattr(given["key"], "get_secret_value"):
            given["key"] = given["key"].get_secret_value()
        return cls(**given)

    @property
    def spoken(self) -> Dialect:
        return DIALECTS[self.dialect]


def engine_info(options: OpenAiOptions) -> EngineInfo:
    dialect = options.spoken
    chosen = (options.dialect, options.model or "default", options.generator_device, options.revision)
    by_image = options.price_usd is not None
    return EngineInfo(
        name="openai",
        revision=":".join(part for part in chosen if part),
        honours=frozenset(dialect.honours),
        presets=PRESETS if "preset" in dialect.honours else {},
        limits=EngineLimits(
            max_images=dialect.max_images,
            # As of the model's text encoder, which gets each image at an area of 384 x 384.
            max_reference_ratio=16,
            sizes=dialect.sizes,
        ),
        tariff=Tariff(kind="image", image_micros=round((options.price_usd or 0) * 1_000_000))
        if by_image
        else DEVICE_HOUR,
        device=f"{options.dialect} server" if by_image else options.price_device or options.expected_device,
        seconds=30.0,
        concurrency=max(1, len(options.urls)) * options.in_flight,
    )
