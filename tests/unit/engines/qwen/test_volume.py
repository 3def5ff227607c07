import json
import sys

import pytest

from qie_batch.engines.qwen import volume
from qie_batch.engines.qwen.weights import PIPELINE

SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


def stored(name):
    """A safetensors file of one weight."""
    header = json.dumps({name: {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(8)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": PIPELINE}))
    for part in ("text_encoder", "vae"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "model.safetensors").write_bytes(stored("a"))
    component = tmp_path / "transformer"
    component.mkdir()
    weight_map = dict(zip(("a", "b"), SHARDS, strict=True))
    (component / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    for name, shard in weight_map.items():
        (component / shard).write_bytes(stored(name))
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
    assert f"transformer/{SHARDS[1]} is missing" in text


@pytest.mark.parametrize("length", [0, 5, 70, -1])
def test_a_truncated_shard_is_named(folder, check, length):
    path = folder / "transformer" / SHARDS[0]
    path.write_bytes(path.read_bytes()[:length])
    code, text = check(folder)
    assert code == 1
    assert f"{SHARDS[0]} " in text
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"{nonsense",
        b'{"a": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 9]}}',
        b'{"a": {"dtype": "X99", "shape": [2, 2], "data_offsets": [0, 8]}}',
        b'{"a": {"dtype": "BF16", "shape": [2, 2]}}',
    ],
)
def test_a_header_that_makes_no_sense_is_named(folder, check, header):
    path = folder / "vae" / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    code, text = check(folder)
    assert code == 1
    assert f"{path} cannot be read" in text


def test_a_part_without_files_is_named(folder, check):
    (folder / "vae" / "model.safetensors").unlink()
    assert f"{folder / 'vae'} holds no safetensors file" in check(folder)[1]


def test_an_index_that_cannot_be_read_is_named(folder, check):
    (folder / "transformer" / "model.safetensors.index.json").write_text("{}")
    assert "model.safetensors.index.json is no index" in check(folder)[1]


def test_an_empty_volume_is_said_to_hold_no_weights(tmp_path, check):
    code, text = check(tmp_path)
    assert code == 1
    assert "model_index.json" in text
