from __future__ import annotations

import pytest

from qie_batch.engines.qwen import QwenOptions, info
from qie_batch.errors import Misconfigured
from qie_batch.settings import Settings
from qie_batch.wiring import InstalledEngines

NAMED = {"model": "Qwen/Qwen-Image-Edit-2509", "model_revision": "2509"}


def settings(tmp_path, **changes):
    return Settings(dir=tmp_path, **changes)


def test_the_revision_of_the_model_is_that_of_the_engine():
    assert info(NAMED).revision == QwenOptions.of(NAMED).revision == "2509"


def test_an_option_that_does_not_exist_is_refused_by_name():
    with pytest.raises(Misconfigured, match="sesonds") as caught:
        info({**NAMED, "sesonds": 1})
    assert "vram_plan" in caught.value.hint


def test_the_options_of_another_engine_are_not_for_qwen(tmp_path):
    engines = InstalledEngines(settings(tmp_path, engine="shop.engine", engine_options={"seconds": 1}))
    assert "reference" in engines.preset_names()
    assert engines.info("qwen").revision == "2509"


def test_the_engine_that_is_set_takes_further_options(tmp_path):
    engines = InstalledEngines(settings(tmp_path, engine="qwen", engine_options={"dtype": "bfloat16"}))
    assert QwenOptions.of(engines.options("qwen")).dtype == "bfloat16"


def test_a_preset_of_ones_own_is_like_a_built_in_one_but_for_what_it_says():
    own = {"quick": {"steps": 28, "seconds": 11, "cache": {"threshold": 0.12}}}
    quick = info({**NAMED, "presets": own}).presets["quick"]
    assert (quick.steps, quick.cfg, quick.lora, quick.seconds) == (28, 4.0, "", 11)
    assert quick.recipe == "step-cache 8 0.12 4 3"


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("draft", {"steps": 3}, "built in"),
        ("soft", {"like": "drift"}, "'drift'"),
        ("soft", {"stepps": 3}, "stepps"),
        ("soft", {"steps": "many"}, "'many'"),
        ("soft", {"steps": 0}, "steps 0"),
        ("soft", {"cfg": 0.5}, "cfg 0.5"),
        ("soft", {"cfg": None}, "cannot run"),
        ("soft", {"seconds": 0}, "seconds 0"),
        ("soft", {"lora": "mine"}, "'mine'"),
        ("soft", {"cache": "much"}, "'much'"),
        ("soft", {"cache": {"mask": "012"}}, "'012'"),
        ("soft", {"cache": {"depth": 3}}, "depth"),
    ],
)
def test_a_preset_that_means_nothing_is_named_with_what_is_wrong(name, given, words):
    with pytest.raises(Misconfigured, match=words) as caught:
        info({**NAMED, "presets": {name: given}})
    assert repr(name) in caught.value.message
    assert caught.value.hint


def test_what_changes_every_result_is_part_of_the_revision():
    changed = info({**NAMED, "quantisation": "fp8", "edit_side": 512, "reference_side": 768})
    assert changed.revision == "2509 fp8 edit 512 reference 768"
    assert changed.limits.sizes[0] == (512, 512)
    assert all(side % 16 == 0 for size in changed.limits.sizes for side in size)


def test_a_rung_that_does_not_exist_is_refused_by_name():
    with pytest.raises(Misconfigured, match="stairs"):
        info({**NAMED, "rungs_off": ("compile", "stairs")})
    assert not QwenOptions.of({**NAMED, "rungs_off": ("compile",)}).rung("compile")
