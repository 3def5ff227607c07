from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from qie_batch.errors import Misconfigured
from qie_batch.model import EngineInfo, EngineLimits, Tariff
from qie_batch.model.buckets import QWEN_BUCKETS
from qie_batch.remote.params import check_range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.model import EditParams

#: Settings that become options of this engine.
OPTIONS = (
    "dashscope_key",
    "dashscope_url",
    "dashscope_model",
    "dashscope_in_flight",
    "dashscope_deadline_seconds",
    "dashscope_price_usd",
)
_MAX_SEED = 2**31 - 1
#: Characters of an instruction; the service cuts a longer one off without a word.
_MAX_CHARACTERS = 800
#: The first model of the family, which takes no size: its results would be of any.
_SIZELESS = "qwen-image-edit"


def check_params(params: EditParams) -> None:
    """Rejected for a seed or a text out of the range that the service documents."""
    check_range(params, max_seed=_MAX_SEED, max_characters=_MAX_CHARACTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DashScopeOptions:
    key: str = ""
    url: str = "https://dashscope-intl.aliyuncs.com"
    model: str = "qwen-image-edit-plus"
    in_flight: int = 2
    deadline_seconds: float = 300.0
    #: None takes the list's.
    price_usd: float | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """The options from the settings named in OPTIONS; QIE_ENGINE_OPTIONS may set the fields, too."""
        given = {name.removeprefix("dashscope_"): value for name, value in options.items()}
        unknown = sorted(given.keys() - cls.__slots__)
        if unknown:
            raise Misconfigured(
                f"the dashscope engine has no option {', '.join(unknown)}",
                hint=f"there are {', '.join(cls.__slots__)}",
            )
        if given.get("key") is None:
            given.pop("key", None)
        elif hasattr(given["key"], "get_secret_value"):
            given["key"] = given["key"].get_secret_value()
        return cls(**given)

    def check_model(self) -> None:
        """Misconfigured for a model that takes no size, or has no price."""
        if self.model == _SIZELESS or self.model.startswith(f"{_SIZELESS}-20"):
            raise Misconfigured(
                f"the model {self.model} paints in no size that can be asked for",
                hint="set QIE_DASHSCOPE_MODEL to qwen-image-edit-plus",
            )
        if self.listed_usd is None:
            raise Misconfigured(
                f"the price of the model {self.model} is not known",
                hint="set QIE_DASHSCOPE_PRICE_USD to the USD of one image",
            )

    @property
    def listed_usd(self) -> float | None:
        """Of one image; a dated model such as qwen-image-edit-plus-2025-12-15 costs what its series does."""
        if self.price_usd is not None:
            return self.price_usd
        fitting = [name for name in _prices() if self.model == name or self.model.startswith(f"{name}-20")]
        return _prices()[fitting[0]] if fitting else None


@cache
def _prices() -> Mapping[str, float]:
    text = Path(__file__).with_name("prices.toml").read_text(encoding="utf-8")
    prices: dict[str, float] = tomllib.loads(text)["usd"]
    return prices


def engine_info(options: DashScopeOptions) -> EngineInfo:
    return EngineInfo(
        name="dashscope",
        # The service changes what stands behind a name without a date.
        revision=options.model,
        honours=frozenset({"negative", "seed"}),
        limits=EngineLimits(max_images=3, max_reference_ratio=8, sizes=QWEN_BUCKETS),
        tariff=Tariff(kind="image", image_micros=round((options.listed_usd or 0) * 1_000_000)),
        device="Alibaba Cloud",
        seconds=20.0,
        concurrency=options.in_flight,
    )
