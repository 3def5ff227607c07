"""Money, in whole micro-dollars (USD 1 = 1,000,000)."""

from __future__ import annotations

import json
import math
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Literal

from qie_batch.errors import Misconfigured
from qie_batch.model import Rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qie_batch.model import Tariff, Usage

_MICROS = 1_000_000
#: The largest number of a column BIGINT.
_MOST_MICROS = 2**63 - 1

#: USD an hour (on demand, spot) by the words of a device's name. Approximate public list prices of November
#: 2026, no quotes: QIE_PRICES has the exact ones.
_LIST_PRICES: Mapping[str, tuple[float, float]] = {
    "B200": (6.00, 3.50),
    "GH200": (3.00, 1.80),
    "H200": (4.00, 2.40),
    "H100": (3.00, 1.80),
    "H20": (2.00, 1.20),
    "A100 80GB": (2.00, 1.20),
    "A100": (1.50, 0.90),
    "L40S": (1.90, 0.90),
    "L40": (1.20, 0.60),
    "L20": (1.00, 0.60),
    "L4": (0.80, 0.35),
    "A40": (0.80, 0.40),
    "A10": (0.90, 0.40),
    "A10G": (1.00, 0.45),
    "T4": (0.50, 0.20),
    "V100": (1.50, 0.70),
    "RTX 5090": (0.90, 0.60),
    "RTX 4090": (0.60, 0.35),
    "RTX 3090": (0.40, 0.20),
    "RTX A6000": (0.80, 0.45),
    # Four virtual cores of a common cloud machine.
    "cpu": (0.20, 0.08),
}


def hour_micros(device: str, market: Literal["on_demand", "spot"], overrides: Mapping[str, float]) -> int:
    """The price of one hour of the device, by the longest key all of whose words its name has.

    Whole words in any order and case: "A100 80GB" is in "NVIDIA A100-SXM4-80GB", "L4" not in "NVIDIA L40".
    `overrides` (USD) precede the built-in prices, and "H100:spot", for that market only, precedes "H100".
    Misconfigured where neither has the device, or the price is no amount.
    """
    named = dict(_on_market(overrides, market))
    listed = {name: prices[market == "spot"] for name, prices in _LIST_PRICES.items()}
    price = _longest(named, device)
    if price is None:
        price = _longest(listed, device)
    if price is None:
        example = json.dumps({device: 2.5}, ensure_ascii=False)
        raise Misconfigured(
            f"no price is known for the device {device!r}: set QIE_PRICES='{example}' (USD an hour)",
            code="price_unknown",
        )
    if not (math.isfinite(price) and price >= 0):
        raise Misconfigured(
            f"the price {price} of the device {device!r} in QIE_PRICES is not an amount of USD an hour",
            code="price_invalid",
        )
    return _rounded(Decimal(str(price)) * _MICROS)


def rate_of(
    tariff: Tariff, device: str, market: Literal["on_demand", "spot"], overrides: Mapping[str, float]
) -> Rate:
    """What an engine with this tariff charges on the device; UsageError as of `hour_micros`."""
    if tariff.kind == "device_hour":
        return Rate(hour_micros=hour_micros(device, market, overrides))
    return Rate(image_micros=tariff.image_micros if tariff.kind == "image" else 0)


def cost_micros(usage: Usage, rate: Rate) -> int:
    """Micro-dollars; half of one counts as a whole one."""
    by_hour = _rounded(Decimal(str(usage.seconds)) * rate.hour_micros / 3600)
    return by_hour + usage.images * rate.image_micros


def usd(micros: int) -> str:
    """For people: "$12.34", and below a dollar all digits ("$0.0016"), as an edit costs less than a cent."""
    sign = "-" if micros < 0 else ""
    amount = abs(micros)
    if 0 < amount < _MICROS:
        whole, _, fraction = decimal_usd(amount).rstrip("0").partition(".")
        return f"{sign}${whole}.{fraction:0<2}"
    cents = _rounded(Decimal(amount) / 10_000)
    return f"{sign}${cents // 100:,}.{cents % 100:02}"


def decimal_usd(micros: int) -> str:
    """For programs, exact: "12.340000"."""
    sign = "-" if micros < 0 else ""
    return f"{sign}{abs(micros) // _MICROS}.{abs(micros) % _MICROS:06}"


def parse_usd(text: str) -> int:
    """Micro-dollars of an amount as a person writes it; ValueError where it is none."""
    try:
        micros = Decimal(text) * _MICROS
    except ArithmeticError:
        micros = Decimal("nan")
    if not (micros.is_finite() and 0 <= micros <= _MOST_MICROS):
        raise ValueError(f"{text!r} is not an amount of USD")
    return int(micros)


def _on_market(overrides: Mapping[str, float], market: str) -> Iterable[tuple[str, float]]:
    """Keys without a market first, so that keys with this market replace them."""
    split = [(*key.lower().rpartition(":"), price) for key, price in overrides.items()]
    markets = ("on_demand", "spot")
    yield from ((f"{head}{colon}{tail}", price) for head, colon, tail, price in split if tail not in markets)
    yield from ((head, price) for head, _, tail, price in split if tail == market)


def _longest(prices: Mapping[str, float], device: str) -> float | None:
    words = _words(device)
    fitting = [key for key in prices if _words(key) and _words(key) <= words]
    return prices[max(fitting, key=len)] if fitting else None


def _words(name: str) -> set[str]:
    return set(re.findall(r"\w+", name.lower()))


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
