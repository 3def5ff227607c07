from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers.models.attention import FeedForward
from torch import nn

from qie_batch.engines.qwen import open_engine
from qie_batch.engines.qwen import quantise as quantisation
from qie_batch.engines.qwen.quantise import Fp8Linear, Int8Linear, quantise


def decibels(exact, found):
    return (10 * torch.log10(exact.square().mean() / (exact - found).square().mean())).item()


def weights_of(kind):
    shape = (256, 1536)
    drawn = {
        "normal": torch.distributions.Normal(0.0, 1.0),
        "laplace": torch.distributions.Laplace(0.0, 1.0),
        "long-tailed": torch.distributions.StudentT(4.0),
    }[kind].sample(shape)
    return drawn * 0.02


@pytest.mark.parametrize("kind", ["normal", "laplace", "long-tailed"])
def test_int8_in_groups_is_nearer_than_fp8_by_rows_in_the_same_memory(kind):
    torch.manual_seed(0)
    weight, inputs = weights_of(kind), torch.eye(1536)
    layer = Int8Linear(1536, 256, bias=False)
    layer.take_weight(weight)
    scale = weight.abs().amax(1, keepdim=True) / 448
    by_rows = (weight / scale).to(torch.float8_e4m3fn).float() * scale
    assert decibels(weight, layer(inputs).T) > 39
    assert decibels(weight, by_rows) < 32


def test_fp8_products_keep_28_decibels_and_the_bias():
    torch.manual_seed(0)
    plain = nn.Linear(1536, 256)
    layer = Fp8Linear(1536, 256, bias=True)
    layer.take_weight(plain.weight.detach())
    layer.bias = plain.bias
    inputs = torch.randn(2, 50, 1536)
    assert decibels(plain(inputs), layer(inputs)) > 28


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn = nn.ModuleDict({"to_q": nn.Linear(32, 32), "norm_q": nn.LayerNorm(32)})
        self.img_mlp, self.txt_mlp = FeedForward(dim=32), FeedForward(dim=32)
        self.img_mod = nn.Sequential(nn.SiLU(), nn.Linear(32, 192))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.transformer_blocks = nn.ModuleList(Block() for _ in range(6))
        self.proj_out = nn.Linear(32, 64)


def quantised(numbers, kind):
    transformer = Transformer()
    quantise(transformer, numbers)
    return {path for path, module in transformer.named_modules() if isinstance(module, kind)}


def test_fp8_leaves_the_sensitive_layers_alone():
    layers = ("attn.to_q", "img_mlp.net.0.proj", "txt_mlp.net.0.proj", "txt_mlp.net.2")
    assert quantised("fp8", Fp8Linear) == {
        f"transformer_blocks.{block}.{layer}" for block in (2, 3) for layer in layers
    }


def test_int8_takes_attention_and_mlps_of_every_block():
    layers = (
        *("attn.to_q", "img_mlp.net.0.proj", "img_mlp.net.2"),
        *("txt_mlp.net.0.proj", "txt_mlp.net.2"),
    )
    assert quantised("int8", Int8Linear) == {
        f"transformer_blocks.{block}.{layer}" for block in range(6) for layer in layers
    }


def distance(engine, other, request):
    """PSNR of the other engine's image, in decibels; the images differ."""
    exact, found = (
        np.asarray(each.edit(request, lambda _step: None).image, dtype=float) for each in (engine, other)
    )
    assert (exact != found).any()
    return 10 * np.log10(255**2 / np.square(exact - found).mean())


def test_an_int8_plan_paints_nearly_the_same_with_every_preset(options, engine, request_for):
    small = open_engine(replace(options, vram_plan="24gb-int8"))
    assert small.info.revision == "tiny int8"
    for preset in ("reference", "fast", "draft"):
        assert distance(engine, small, request_for(preset=preset)) > 30


def test_fp8_paints_nearly_the_same_beside_a_lora_too(options, engine, request_for, monkeypatch):
    monkeypatch.setattr(quantisation, "_OUTER", 0)  # the tiny model has two blocks
    eight = open_engine(replace(options, quantisation="fp8"))
    assert eight.info.revision == "tiny fp8"
    assert distance(engine, eight, request_for(preset="reference")) > 20
    assert distance(engine, eight, request_for(preset="fast")) > 20
