import json
import logging
import shutil
import socket
from dataclasses import replace

import huggingface_hub.constants
import pytest
import torch
from diffusers import AutoencoderKLQwenImage, QwenImageTransformer2DModel
from safetensors.torch import load_file, save_file
from transformers import Qwen2_5_VLForConditionalGeneration

from qie_batch.engines.qwen import open_engine
from qie_batch.engines.qwen.loading import load
from qie_batch.errors import UsageError


@pytest.fixture
def copy(weights, tmp_path):
    return shutil.copytree(weights, tmp_path / "copy")


def refusal(options, folder):
    with pytest.raises(UsageError) as caught:
        open_engine(replace(options, model=str(folder)))
    return caught.value


def test_loading_and_editing_open_no_connection(options, request_for, monkeypatch):
    def connect(*_args):
        pytest.fail("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    assert open_engine(options).edit(request_for(), lambda _step: None)


def test_missing_weights_say_where_they_were_looked_for(options, tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    error = refusal(options, "Qwen/Qwen-Image-Edit-2509")
    assert error.code == "weights_missing"
    assert str(tmp_path) in error.message
    assert "hf download Qwen/Qwen-Image-Edit-2509" in error.hint
    assert refusal(options, tmp_path / "nowhere").code == "weights_missing"
    assert "model_index.json" in refusal(options, tmp_path).message


def test_weights_in_the_hub_cache_are_found_by_name_and_commit(
    options, weights, tmp_path, monkeypatch, caplog
):
    caplog.set_level(logging.INFO, "qie_batch.engines.qwen.weights")
    commit = "0123456789abcdef" * 2 + "01234567"
    repository = tmp_path / "models--Qwen--Qwen-Image-Edit-2509"
    shutil.copytree(weights, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    for revision in ("2509", commit):
        engine = open_engine(replace(options, model="Qwen/Qwen-Image-Edit-2509", revision=revision))
        assert engine.info.revision == revision
        assert any(message.endswith(f"of commit {commit}") for message in caplog.messages)
    with pytest.raises(UsageError):
        open_engine(replace(options, model="Qwen/Qwen-Image-Edit-2509", revision="f" * 40))


def test_another_pipeline_is_refused(options, copy):
    index = json.loads((copy / "model_index.json").read_text())
    (copy / "model_index.json").write_text(json.dumps(index | {"_class_name": "QwenImagePipeline"}))
    assert refusal(options, copy).code == "weights_unsuitable"
    (copy / "model_index.json").write_text(json.dumps(index | {"_class_name": ["pipeline", "Mine"]}))
    assert refusal(options, copy).code == "weights_unsuitable"
    (copy / "model_index.json").write_text("{")
    assert refusal(options, copy).code == "weights_missing"


def test_code_beside_weights_is_never_run(options, copy):
    (copy / "transformer" / "mine.py").write_text("raise SystemExit('code beside weights was run')")
    index = json.loads((copy / "model_index.json").read_text())
    (copy / "model_index.json").write_text(json.dumps(index | {"transformer": ["mine", "Mine"]}))
    assert refusal(options, copy).code == "weights_unsafe"


@pytest.mark.parametrize(
    ("part", "name", "pickled"),
    [
        ("transformer", "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"),
        ("text_encoder", "model.safetensors", "pytorch_model.bin"),
    ],
)
def test_pickled_weights_are_refused(options, copy, part, name, pickled):
    torch.save(load_file(copy / part / name), copy / part / pickled)
    (copy / part / name).unlink()
    error = refusal(options, copy)
    assert error.code == "weights_missing"
    assert "safetensors" in error.hint


def test_half_a_download_is_refused(options, copy):
    shutil.rmtree(copy / "processor")
    assert refusal(options, copy).code == "weights_missing"


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA card is here")
def test_asking_for_a_card_where_there_is_none_says_so(options):
    with pytest.raises(UsageError, match="torch sees none") as caught:
        open_engine(replace(options, device="cuda"))
    assert caught.value.code == "no_card"


def test_bfloat16_loads_and_paints_on_the_cpu_too(options, request_for):
    engine = open_engine(replace(options, dtype="bfloat16"))
    assert engine._pipe.transformer.dtype == torch.bfloat16
    assert engine.edit(request_for(preset="fast", steps=2), lambda _step: None)


def test_weights_are_those_of_the_slower_way_to_load_them(options, weights):
    kinds = {
        "transformer": QwenImageTransformer2DModel,
        "vae": AutoencoderKLQwenImage,
        "text_encoder": Qwen2_5_VLForConditionalGeneration,
    }
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        pipe = load(replace(options, lora_dir=None, dtype=name)).pipe
        for part, kind in kinds.items():
            expected = dict(kind.from_pretrained(weights / part, dtype=dtype).state_dict())
            expected.pop("lm_head.weight", None)  # predicts words, which no edit needs
            found = dict(getattr(pipe, part).state_dict())
            assert found.keys() == expected.keys()
            assert all(torch.equal(found[key], expected[key]) for key in found)
            assert {value.dtype for value in found.values()} == {dtype}


def test_weights_in_several_files_load_too(options, copy, edit, request_for):
    part = copy / "transformer"
    whole = part / "diffusion_pytorch_model.safetensors"
    content = load_file(whole)
    shards = {"first.safetensors": list(content)[::2], "second.safetensors": list(content)[1::2]}
    for name, keys in shards.items():
        save_file({key: content[key] for key in keys}, part / name)
    whole.unlink()
    index = {"weight_map": {key: name for name, keys in shards.items() for key in keys}}
    (part / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))
    engine = open_engine(replace(options, model=str(copy)))
    assert engine.edit(request_for(), lambda _step: None).image.tobytes() == edit()
    (part / "second.safetensors").unlink()
    assert "second.safetensors is missing" in refusal(options, copy).message


def test_a_shard_that_was_cut_short_is_refused_with_both_lengths(options, copy):
    path = copy / "vae" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    error = refusal(options, copy)
    assert f"{path} has {path.stat().st_size:,} bytes, and its header names" in error.message
    assert "hf download" in error.hint


def test_weights_of_another_shape_or_of_fewer_layers_are_refused_by_name(options, copy):
    path = copy / "transformer" / "diffusion_pytorch_model.safetensors"
    content = load_file(path)
    save_file(content | {"proj_out.bias": torch.zeros(3)}, path)
    assert "holds proj_out.bias as F32 of [3]" in refusal(options, copy).message
    del content["proj_out.bias"], content["img_in.bias"]
    save_file(content, path)
    assert "lacks the weight img_in.bias and 1 more" in refusal(options, copy).message
