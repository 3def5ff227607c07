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
    assert "memory" in caught.value.hint


def test_the_options_of_another_engine_are_not_for_qwen(tmp_path):
    engines = InstalledEngines(settings(tmp_path, engine="shop.engine", engine_options={"seconds": 1}))
    assert "reference" in engines.preset_names()
    assert engines.info("qwen").revision == "2509"


def test_the_engine_that_is_set_takes_further_options(tmp_path):
    engines = InstalledEngines(settings(tmp_path, engine="qwen", engine_options={"memory": "group"}))
    assert QwenOptions.of(engines.options("qwen")).memory == "group"
