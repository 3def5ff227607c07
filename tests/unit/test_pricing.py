"""Seconds to money: which price an hour, how it is rounded, how it is shown."""

import pytest

from qie_batch.errors import UsageError
from qie_batch.model import Rate, Tariff, Usage
from qie_batch.pricing import cost_micros, decimal_usd, hour_micros, parse_usd, rate_of, usd

H100 = "NVIDIA H100 80GB HBM3"


@pytest.mark.parametrize(
    ("device", "like"),
    [
        (H100, "h100"),
        ("NVIDIA A100-SXM4-80GB", "A100 80GB"),
        ("NVIDIA A100-SXM4-40GB", "A100"),
        ("NVIDIA L40S", "L40S"),
        ("NVIDIA L4", "L4"),
        ("NVIDIA A10G", "A10G"),
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("cpu", "CPU"),
    ],
)
def test_device_is_priced_by_the_words_of_its_name(device, like):
    assert hour_micros(device, "on_demand", {}) == hour_micros(like, "on_demand", {}) > 0


def test_longer_name_wins_and_part_of_a_word_is_no_word():
    assert hour_micros("NVIDIA A100-SXM4-80GB", "spot", {}) > hour_micros("NVIDIA A100-SXM4-40GB", "spot", {})
    assert hour_micros("NVIDIA L40S", "spot", {}) > hour_micros("NVIDIA L4", "spot", {})
    with pytest.raises(UsageError):
        hour_micros("NVIDIA RTX A1000", "spot", {})


def test_spot_is_cheaper():
    assert hour_micros(H100, "spot", {}) < hour_micros(H100, "on_demand", {})


@pytest.mark.parametrize(
    ("overrides", "market", "micros"),
    [
        ({"H100": 2.5}, "on_demand", 2_500_000),
        ({"H100": 2.5}, "spot", 2_500_000),
        ({"h100": 2.5, "H100:spot": 1.25}, "spot", 1_250_000),
        ({"H100:spot": 1.25, "H100": 2.5}, "spot", 1_250_000),
        ({"H100:spot": 1.25, "H100": 2.5}, "on_demand", 2_500_000),
        ({"H100": 2.5, "H100 80GB": 2.75, "nvidia": 9}, "spot", 2_750_000),
        ({"H100": 0.1}, "spot", 100_000),
        ({"H100": 0}, "spot", 0),
    ],
)
def test_override_goes_before_the_list(overrides, market, micros):
    assert hour_micros(H100, market, overrides) == micros


def test_override_of_the_other_market_leaves_the_list_price():
    assert hour_micros(H100, "on_demand", {"H100:spot": 9}) == hour_micros(H100, "on_demand", {})


def test_unknown_device_says_what_to_set():
    with pytest.raises(UsageError) as caught:
        hour_micros("Frobnicator 9", "spot", {"H100": 2})
    assert """QIE_PRICES='{"Frobnicator 9": 2.5}'""" in caught.value.message
    assert hour_micros("Frobnicator 9", "spot", {"Frobnicator 9": 2.5}) == 2_500_000


@pytest.mark.parametrize("price", [-1, float("nan"), float("inf")])
def test_price_that_is_none_is_refused(price):
    with pytest.raises(UsageError):
        hour_micros(H100, "spot", {"H100": price})


@pytest.mark.parametrize(
    ("seconds", "hour", "micros"),
    [(3600, 2_500_000, 2_500_000), (0, 9, 0), (2.8, 2_000_000, 1556), (25.6, 2_000_000, 14_222),
     (1, 1800, 1), (1, 1799, 0), (3, 1800, 2), (0.1, 54_000, 2)],
)  # fmt: skip
def test_cost_is_rounded_half_up(seconds, hour, micros):
    assert cost_micros(Usage(seconds=seconds), Rate(hour_micros=hour)) == micros


@pytest.mark.parametrize(("kind", "rate"), [("image", Rate(image_micros=40_000)), ("free", Rate())])
def test_a_tariff_without_device_hours_needs_no_price_of_the_device(kind, rate):
    tariff = Tariff(kind=kind, image_micros=40_000)
    assert rate_of(tariff, "a device that nobody knows", "spot", {}) == rate


def test_images_are_charged_beside_the_hours():
    rate = Rate(hour_micros=3_600, image_micros=500)
    assert cost_micros(Usage(seconds=2.0, images=3), rate) == 1_502


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "$0.00"), (1, "$0.000001"), (1600, "$0.0016"),
     (200_000, "$0.20"), (999_999, "$0.999999"), (1_000_000, "$1.00"),
     (12_340_000, "$12.34"), (12_345_000, "$12.35"), (1_234_567_890_000, "$1,234,567.89"),
     (-1600, "-$0.0016")],
)  # fmt: skip
def test_amounts_read_well(micros, text):
    assert usd(micros) == text


@pytest.mark.parametrize(("micros", "text"), [(0, "0.000000"), (1600, "0.001600"), (12_340_000, "12.340000")])
def test_plain_decimal_is_exact(micros, text):
    assert decimal_usd(micros) == text


@pytest.mark.parametrize(
    ("text", "micros"), [("2.50", 2_500_000), ("0", 0), ("0.0000019", 1), ("1e3", 10**9)]
)
def test_an_amount_of_usd_is_read_exactly(text, micros):
    assert parse_usd(text) == micros


@pytest.mark.parametrize("text", ["", "two", "-1", "nan", "inf", "$2", "1e13", "1e999999"])
def test_what_is_no_amount_of_usd_is_refused(text):
    with pytest.raises(ValueError, match="is not an amount of USD"):
        parse_usd(text)
