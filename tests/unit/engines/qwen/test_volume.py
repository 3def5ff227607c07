import json
import sys

import pytest

from qie_batch.engines.qwen import volume
from qie_batch.engines.qwen.weights import PIPELINE

SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": PIPELINE}))
    component = tmp_path / "transformer"
    component.mkdir()
    weight_map = dict(zip(("a", "b"), SHARDS, strict=True))
    (component / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    for shard in SHARDS:
        (component / shard).write_bytes(b"weights")
    return tmp_path


@pytest.fixture
def check(monkeypatch, capsys):
    def run(path):
        monkeypatch.setattr(sys, "argv", ["volume", str(path)])
        return volume.main(), "".join(capsys.readouterr())

    return run


def test_a_complete_folder_passes(folder, check):
    assert check(folder) == (0, f"the weights in {folder} are complete\n")


def test_a_missing_shard_is_named(folder, check):
    (folder / "transformer" / SHARDS[1]).unlink()
    code, text = check(folder)
    assert code == 1
    assert f"transformer/{SHARDS[1]} is missing or empty" in text


def test_an_empty_shard_is_named(folder, check):
    (folder / "transformer" / SHARDS[0]).write_bytes(b"")
    assert SHARDS[0] in check(folder)[1]


def test_an_index_that_cannot_be_read_is_named(folder, check):
    (folder / "transformer" / "model.safetensors.index.json").write_text("{}")
    assert "model.safetensors.index.json is missing or empty" in check(folder)[1]


def test_an_empty_volume_is_said_to_hold_no_weights(tmp_path, check):
    code, text = check(tmp_path)
    assert code == 1
    assert "model_index.json" in text
