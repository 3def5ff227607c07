from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from qie_batch.engines.classic import INFO, OPTIONS, create, info
from qie_batch.errors import Misconfigured, Rejected
from qie_batch.settings import Settings
from qie_batch.wiring import InstalledEngines
from tests.support.requests import edit_request
from tests.support.tiny_segmentation import write_model


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "u2net.onnx"
    return {"cutout_model": path, "cutout_sha256": write_model(path)}


@pytest.fixture(scope="module")
def engine(options):
    return create(options)


def on_white(engine, pixels):
    request = edit_request(images=(Image.fromarray(pixels),), instruction="make the background white")
    return np.asarray(engine.edit(request, lambda _step: None).image)


def photographed(blue):
    pixels = np.full((240, 320, 3), (205, 207, 210), np.uint8)
    pixels[60:190, 90:220] = (190, 40, 50)
    pixels[blue] = (42, 98, 181)
    return pixels


def test_the_revision_names_the_pin_so_that_results_without_the_model_are_not_taken(options, engine):
    assert info({}).revision == INFO.revision
    assert info(options).revision == f"{INFO.revision}+u2net-{options['cutout_sha256'][:8]}"
    assert engine.info == info(options)


def test_submit_needs_neither_the_file_nor_onnxruntime(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert info({"cutout_model": "/not/there/u2net.onnx"}).revision == f"{INFO.revision}+u2net-8d10d2f3"


def test_the_settings_reach_the_engine(options):
    settings = Settings(**options)
    assert set(OPTIONS) <= set(Settings.model_fields)
    assert InstalledEngines(settings).info("classic").revision == info(options).revision


def test_a_model_that_cannot_be_used_is_refused_when_the_engine_is_made(options):
    with pytest.raises(Misconfigured, match="is not the pinned file"):
        create({"cutout_model": options["cutout_model"]})


def test_an_edit_is_made_where_the_model_agrees_and_refused_where_it_does_not(engine):
    whole = on_white(engine, photographed((slice(60, 190), slice(90, 220))))
    assert tuple(whole[5, 5]) == (255, 255, 255)
    assert tuple(whole[120, 150]) == (42, 98, 181)
    with pytest.raises(Rejected) as caught:
        on_white(engine, photographed((slice(60, 120), slice(90, 220))))
    assert caught.value.code == "cutout_doubtful"
