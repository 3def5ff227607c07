from __future__ import annotations

from pathlib import Path

import pytest

from qie_batch.engines.qwen import QwenOptions, info
from qie_batch.engines.qwen.lora_table import OwnLora
from qie_batch.errors import Misconfigured
from qie_batch.settings import Settings
from qie_batch.wiring import InstalledEngines

NAMED = {"model": "Qwen/Qwen-Image-Edit-2509", "model_revision": "2509"}
PIN = "0123456789abcdef" * 4
WINTER = {"file": "winter.safetensors", "sha256": PIN}


def cache_text(**changes):
    return info({**NAMED, "loras": {"winter": {**WINTER, **changes}}}).own_loras["winter"]


def test_whatever_changes_pixels_is_in_the_cache_key():
    assert cache_text() == "winter@0123456789ab 1.0"
    assert cache_text(scale=-0.8, trigger=" snow ") == "winter@0123456789ab -0.8 snow"
    assert cache_text(sha256="F" * 64) == "winter@ffffffffffff 1.0"
    assert cache_text(file="elsewhere") == cache_text()


def test_a_name_is_the_same_in_any_case():
    assert list(info({**NAMED, "loras": {"Winter_2": WINTER, "冬天": WINTER}}).own_loras) == [
        "winter_2",
        "冬天",
    ]


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("a.b", WINTER, "no name of its own"),
        ("", WINTER, "no name of its own"),
        ("None", WINTER, "no name of its own"),
        ("winter", {**WINTER, "weight": 1}, "no field weight"),
        ("winter", {"sha256": PIN}, "names no file"),
        ("winter", {**WINTER, "file": 3}, "names no file"),
        ("winter", {"file": "x"}, "no sha256"),
        ("winter", {**WINTER, "sha256": "abc"}, "no sha256"),
        ("winter", {**WINTER, "scale": 0}, "the scale 0"),
        ("winter", {**WINTER, "scale": 11}, "the scale 11"),
        ("winter", {**WINTER, "scale": float("nan")}, "the scale nan"),
        ("winter", {**WINTER, "scale": True}, "the scale True"),
        ("winter", {**WINTER, "scale": "1"}, "the scale '1'"),
        ("winter", {**WINTER, "trigger": "a\nb"}, "no line of text"),
        ("winter", {**WINTER, "trigger": "x" * 501}, "no line of text"),
    ],
)
def test_an_entry_that_means_nothing_is_named_with_what_is_wrong(name, given, words):
    with pytest.raises(Misconfigured, match=words) as caught:
        info({**NAMED, "loras": {name: given}})
    assert repr(name) in caught.value.message
    assert caught.value.hint


def test_two_names_that_differ_by_case_are_refused():
    with pytest.raises(Misconfigured, match="'WINTER'"):
        info({**NAMED, "loras": {"winter": WINTER, "WINTER": WINTER}})


@pytest.mark.parametrize(
    ("trigger", "instruction", "said"),
    [
        ("", "make it red", "make it red"),
        ("snow scene", "make it red", "snow scene, make it red"),
        ("Snow scene.", "make it red", "Snow scene. make it red"),
        ("snow scene", "a Snow Scene, red", "a Snow Scene, red"),
    ],
)
def test_an_instruction_gets_the_trigger_once(trigger, instruction, said):
    lora = OwnLora(name="x", file=Path("x"), sha256=PIN, trigger=trigger)
    assert lora.instruct(instruction) == said
    assert lora.instruct(lora.instruct(instruction)) == said


def test_the_table_stands_in_the_configuration_or_in_a_variable(tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_text(
        f'[loras.winter]\nfile = "winter.safetensors"\nsha256 = "{PIN}"\nscale = 0.5\ntrigger = "snow"\n'
    )
    engines = InstalledEngines(Settings(dir=tmp_path))
    assert engines.info("qwen").own_loras == {"winter": "winter@0123456789ab 0.5 snow"}
    monkeypatch.setenv("QIE_LORAS", f'{{"summer": {{"file": "s", "sha256": "{PIN}"}}}}')
    monkeypatch.setenv("QIE_LORA_DIR", "/loras")
    found = QwenOptions.of(InstalledEngines(Settings(dir=tmp_path / "empty")).options("qwen"))
    assert list(found.own_loras) == ["summer"]


def test_workers_with_a_fused_preset_serve_the_presets_with_its_lora_alone():
    quick = {"like": "draft", "steps": 3}
    found = info({**NAMED, "presets": {"quick": quick}, "fused_preset": "draft", "lora_sha256": {"f": PIN}})
    assert list(found.presets) == ["draft", "quick"]
    assert found.loras["lightning-4"] == "lightning-4@f:0123456789ab fused"
    assert "fused" not in info(NAMED).loras["lightning-4"]


@pytest.mark.parametrize("preset", ["reference", "swift"])
def test_a_preset_without_a_lora_cannot_be_fused(preset):
    with pytest.raises(Misconfigured, match=f"QIE_FUSED_PRESET: '{preset}'"):
        info({**NAMED, "fused_preset": preset})
