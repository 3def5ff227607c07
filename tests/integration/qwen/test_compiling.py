from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch._dynamo.utils import counters
from torch._inductor import config as inductor_config

from qie_batch.engines.qwen import open_engine
from qie_batch.engines.qwen.compiling import CompileCache, CompiledBlocks
from qie_batch.errors import Misconfigured


def paint(engine, request):
    return np.asarray(engine.edit(request, lambda _step: None).image).astype(int)


def test_positions_in_real_numbers_paint_the_same_within_rounding(options, engine, request_for):
    real = open_engine(replace(options, rungs_on=("attention",)))
    assert np.abs(paint(real, request_for()) - paint(engine, request_for())).max() <= 1
    assert real.edit(request_for(), lambda _step: None).ran["attention"] == "native"


@pytest.mark.parametrize("wanted", ["flash", "flash_4_hub", "lightning"])
def test_an_attention_kernel_that_cannot_run_here_is_refused_by_name(options, wanted):
    with pytest.raises(Misconfigured, match=f"QIE_ATTENTION: '{wanted}'") as caught:
        open_engine(replace(options, rungs_on=("attention",), attention=wanted))
    assert caught.value.code == "attention_unavailable"


@pytest.mark.slow
def test_one_graph_serves_every_shape_and_the_next_process_finds_it(
    options, engine, pictures, request_for, tmp_path, caplog
):
    caplog.set_level("INFO")
    torch._dynamo.reset()
    counters.clear()
    compiled = replace(
        options, lora_dir=None, rungs_on=("attention", "compile"), compile_cache=str(tmp_path / "kernels")
    )
    first = open_engine(compiled)
    for changes in (
        {},
        {"width": 160, "height": 96},
        {"images": pictures},
        {"instruction": "a much longer instruction than before"},
        {"cfg": 1.0},
    ):
        request = request_for(**changes)
        assert np.abs(paint(first, request) - paint(engine, request)).max() <= 1
    assert counters["stats"]["unique_graphs"] == 1
    assert first.edit(request_for(), lambda _step: None).ran["compiled"] is True

    (kept,) = (tmp_path / "kernels").iterdir()
    assert "kernels are compiled anew" in caplog.text
    torch._dynamo.reset()
    caplog.clear()
    again = open_engine(compiled)
    assert np.abs(paint(again, request_for()) - paint(engine, request_for())).max() <= 1
    assert "anew" not in caplog.text

    kept.write_bytes(kept.read_bytes()[:1000])
    torch._dynamo.reset()
    assert open_engine(compiled)
    assert "kernels are compiled anew" in caplog.text


def test_a_cache_of_another_version_is_left_alone_and_said_to_be_there(tmp_path, caplog):
    caplog.set_level("INFO")
    (tmp_path / "0123.compiled").write_bytes(b"of torch 1.0")
    cache = CompileCache(tmp_path, {"attention": "native"})
    cache.load()
    assert not cache.loaded
    assert "has no file for python" in caplog.text
    assert "(1 for others)" in caplog.text
    assert CompileCache(tmp_path, {"attention": "_native_cudnn"}).path != cache.path


def test_a_damaged_cache_is_said_to_be_damaged(tmp_path, caplog):
    cache = CompileCache(tmp_path, {})
    cache.path.write_bytes(b"not what torch wrote")
    cache.load()
    assert not cache.loaded
    assert "kernels are compiled anew" in caplog.text


class _Block(torch.nn.Module):
    def forward(self, tokens):
        return tokens * 2 + 1


@pytest.mark.slow
def test_hooks_that_bring_weights_stay_outside_of_what_is_compiled():
    calls = []
    block = _Block()
    block.register_forward_pre_hook(lambda *_: calls.append(str(torch.randn(1).item())))  # no graph could
    compiled = CompiledBlocks(SimpleNamespace(transformer_blocks=[block]))
    assert torch.equal(block(torch.ones(3, 4)), torch.full((3, 4), 3.0))
    assert len(calls) == 1
    assert compiled.active


def test_blocks_run_uncompiled_where_the_compiler_fails(monkeypatch, caplog):
    block = _Block()
    compiled = CompiledBlocks(SimpleNamespace(transformer_blocks=[block]))
    torch._dynamo.reset()
    monkeypatch.setenv("CXX", "/missing/compiler")
    monkeypatch.setattr(inductor_config.cpp, "cxx", ("/missing/compiler",))
    monkeypatch.setattr(inductor_config, "fx_graph_cache", False)
    assert torch.equal(block(torch.ones(5, 7)), torch.full((5, 7), 3.0))
    assert not compiled.active
    assert "The transformer runs uncompiled, since torch cannot compile it" in caplog.text
