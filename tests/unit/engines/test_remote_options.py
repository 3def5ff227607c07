"""The settings of the engines on servers, and what they say of themselves by them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qie_batch.engines import dashscope, openai, qwen
from qie_batch.engines.dashscope.options import DashScopeOptions
from qie_batch.engines.dashscope.wire import DashScopeWire
from qie_batch.errors import Misconfigured
from qie_batch.model import Rate
from qie_batch.remote.calls import Answer
from qie_batch.remote.verdicts import Doubtful, Linked
from qie_batch.settings import Settings
from qie_batch.wiring import InstalledEngines


def info(name="openai", **changes):
    engines = InstalledEngines(Settings(dir=Path("nowhere"), **changes))
    found = engines.info(name)
    return found, engines.rate(found)


def test_without_a_setting_an_engine_says_what_it_is_and_cannot_be_created():
    found, _ = info()
    assert (found.concurrency, found.limits.sizes) == (1, qwen.BUCKETS)
    for module, hint in ((openai, "QIE_OPENAI_URLS"), (dashscope, "QIE_DASHSCOPE_KEY")):
        with pytest.raises(Misconfigured) as caught:
            module.create({})
        assert hint in caught.value.hint


def test_addresses_are_read_as_people_copy_them(monkeypatch):
    monkeypatch.setenv("QIE_OPENAI_URLS", "http://a:8000/v1, https://b.example/omni/,http://c:1/v1/")
    assert Settings().openai_urls == ("http://a:8000", "https://b.example/omni", "http://c:1")


@pytest.mark.parametrize("url", ["a:8000", "ftp://a", "http://user:secret@a", "http://a?x=1", "http://"])
def test_what_is_no_address_of_a_server_is_refused_without_its_login(monkeypatch, url):
    monkeypatch.setenv("QIE_OPENAI_URLS", url)
    with pytest.raises(Misconfigured, match="QIE_OPENAI_URLS") as caught:
        Settings()
    assert "secret" not in str(caught.value)


def test_servers_times_edits_at_a_time_is_the_concurrency():
    found, _ = info(openai_urls="http://a,http://b,http://c", openai_in_flight=2)
    assert found.concurrency == 6


def test_an_image_has_a_price_or_the_device_an_hour():
    _, rate = info(openai_price_usd=0.04)
    assert rate == Rate(image_micros=40_000)
    found, rate = info(openai_price_device="A100")
    assert (found.device, rate) == ("A100", Rate(hour_micros=1_500_000))
    found, rate = info()
    assert (found.device, rate.image_micros) == ("H100", 0)


def test_what_gives_other_pixels_is_in_the_revision():
    revisions = {
        info(**changes)[0].revision
        for changes in (
            {},
            {"openai_model": "a"},
            {"openai_dialect": "sglang"},
            {"openai_revision": "2"},
            {"openai_generator_device": "cpu"},
        )
    }
    assert len(revisions) == 5
    assert info(openai_in_flight=4)[0].revision == info()[0].revision


def test_a_key_is_a_secret_of_the_settings():
    settings = Settings(openai_key="sk-one", dashscope_key="sk-two")
    assert {"sk-one", "sk-two"} <= set(settings.secrets)
    assert "sk-one" not in repr(settings)


def test_openai_itself_paints_three_sizes_and_needs_a_price():
    found, _ = info(openai_dialect="openai")
    assert (len(found.limits.sizes), found.honours, found.presets) == (3, frozenset(), {})
    with pytest.raises(Misconfigured, match="price"):
        openai.create({"openai_urls": ("http://a",), "openai_dialect": "openai"})


def test_an_unknown_option_is_named():
    for module in (openai, dashscope):
        with pytest.raises(Misconfigured, match="sesonds"):
            module.info({"sesonds": 1})


def test_a_hosted_model_has_the_price_of_its_series_or_ones_own():
    assert info("dashscope")[1] == Rate(image_micros=30_000)
    dated = info("dashscope", dashscope_model="qwen-image-edit-plus-2025-12-15")
    assert dated[1] == Rate(image_micros=30_000)
    assert info("dashscope", dashscope_price_usd=0.05)[1] == Rate(image_micros=50_000)


@pytest.mark.parametrize("model", ["qwen-image-edit", "qwen-image-edit-2025-08-19", "wan2.6-image"])
def test_a_hosted_model_without_sizes_or_price_is_refused(model):
    with pytest.raises(Misconfigured, match=model):
        dashscope.create({"dashscope_key": "sk", "dashscope_model": model})


@pytest.mark.parametrize(
    ("address", "fetched"),
    [
        ("https://dashscope-result-sz.oss-cn-shenzhen.aliyuncs.com/a/b.png?Expires=1", True),
        ("http://dashscope-result-sz.oss-cn-shenzhen.aliyuncs.com/a.png", True),
        ("http://169.254.169.254/latest", False),
        ("https://aliyuncs.com.example.org/a.png", False),
        ("https://x@y.aliyuncs.com/a.png", False),
        ("file:///etc/passwd", False),
        ("https://[::1", False),
        (5, False),
    ],
)
def test_a_result_is_fetched_from_alibaba_clouds_buckets_only_with_tls_and_without_the_key(address, fetched):
    body = {"output": {"choices": [{"message": {"content": [{"image": address}]}}]}}
    answer = Answer(200, {}, json.dumps(body).encode())
    verdict = DashScopeWire(DashScopeOptions(key="sk")).read(answer, "https://dashscope-intl.aliyuncs.com")
    assert isinstance(verdict, Linked if fetched else Doubtful)
    if isinstance(verdict, Linked):
        assert verdict.server.startswith("https://")
        assert not verdict.call.headers
