"""LoRAs of the user's own, and a Lightning LoRA that is part of the weights."""

import hashlib
import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from torch._dynamo.utils import counters

from qie_batch.engines.qwen import open_engine
from qie_batch.engines.qwen.editing import warm
from qie_batch.engines.qwen.loras import FILES
from qie_batch.errors import Misconfigured, Rejected
from tests.support.requests import changed

FAST, DRAFT = FILES["lightning-8"], FILES["lightning-4"]
NAMES, SCALE = ("winter", "film"), 0.5


@pytest.fixture(scope="module")
def table(tiny, options):
    """Two of our own beside Lightning's files: one with a scale, one with a trigger."""
    pins = {name: tiny.build_lora(options.lora_dir / f"{name}.safetensors", 20 + len(name)) for name in NAMES}
    return {
        "winter": {"file": "winter.safetensors", "sha256": pins["winter"], "scale": SCALE},
        "film": {"file": "film.safetensors", "sha256": pins["film"], "trigger": "FILMGRAIN style"},
    }


@pytest.fixture(scope="module")
def own(options, table):
    return open_engine(replace(options, loras=table))


@pytest.fixture(scope="module")
def short(request_for):
    """A request of few forwards."""
    return lambda **changes: request_for(**{"steps": 2, "cfg": 1.0, **changes})


def paint(engine, request):
    return engine.edit(request, lambda _step: None).image.tobytes()


def largest_difference(one, other):
    return (torch.tensor(list(one)).int() - torch.tensor(list(other)).int()).abs().max().item()


def refused(engine, request):
    with pytest.raises(Rejected) as caught:
        engine.edit(request, lambda _step: None)
    return caught.value


def test_switching_leaves_no_trace(own, engine, short):
    plain = paint(own, short())
    winter, film = (paint(own, short(lora_name=name)) for name in NAMES)
    both = paint(own, short(lora_name="winter", preset="fast"))
    assert len({plain, winter, film, both}) == 4
    assert paint(own, short(preset="fast")) == paint(engine, short(preset="fast"))
    assert paint(own, short(lora_name="winter", preset="fast")) == both
    assert paint(own, short(lora_name="winter")) == winter
    assert paint(own, short()) == plain == paint(engine, short())


@pytest.mark.parametrize("preset", ["reference", "fast"])
def test_it_is_added_at_its_scale_beside_the_lora_of_the_preset(preset, tiny, own, options, short):
    by_hand = open_engine(options)
    state = by_hand._pipe.transformer.state_dict()
    lora = tiny.lora_weights(seed=20 + len("winter"))
    for name in [key.removesuffix(".alpha") for key in lora if key.endswith(".alpha")]:
        product = lora[f"{name}.lora_up.weight"] @ lora[f"{name}.lora_down.weight"]
        state[f"{name}.base_layer.weight"] += product * lora[f"{name}.alpha"] / 4 * SCALE
    request = short(preset=preset)
    painted = paint(own, changed(request, lora_name="winter"))
    assert largest_difference(painted, paint(by_hand, request)) <= 1
    assert painted != paint(own, request)


def test_a_result_says_which_loras_it_was_painted_with(own, options, table, short):
    result = own.edit(short(lora_name="winter", preset="fast"), lambda _step: None)
    assert result.ran["lora"] == "lightning-8+winter"
    assert result.ran["lora_sha256"] == f"{options.lora_sha256[FAST]}+{table['winter']['sha256']}"
    assert result.ran["lora_scale"] == "1.0+0.5"
    assert "lora" not in own.edit(short(), lambda _step: None).ran


def test_the_trigger_is_said_once(own, short):
    asked = paint(own, short(lora_name="film", instruction="turn it red"))
    said = paint(own, short(lora_name="film", instruction="FILMGRAIN style, turn it red"))
    assert asked == said


def test_a_name_that_no_lora_has_is_refused_with_those_that_there_are(own, short):
    error = refused(own, short(lora_name="summer"))
    assert (error.code, error.subject, error.hint) == ("lora_unknown", "lora", "There are: winter, film.")


def written(path, weights, metadata=None):
    save_file(weights, path, metadata)
    return {"file": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


BLOCK = "transformer_blocks.0.attn.to_q"
UNET = "lora_unet_down_blocks_0_attentions_0_proj_in"
#: Name -> shapes by weight, and a part of the sentence.
ALIENS = {
    "wider": ({f"{BLOCK}.lora_down.weight": (4, 48), f"{BLOCK}.lora_up.weight": (32, 4)}, "in_features 32"),
    "flux": (
        {f"transformer.single_{BLOCK}.lora_{one}.weight": (32, 32) for one in "AB"},
        "single_transformer_blocks.0.attn.to_q.lora_A.weight, which the model does not have",
    ),
    "sdxl": (
        {f"{UNET}.lora_down.weight": (4, 32), f"{UNET}.lora_up.weight": (32, 4), f"{UNET}.alpha": ()},
        "which the model does not have",
    ),
    "unet": (
        {"unet.down.lora_A.weight": (4, 32), "unet.down.lora_B.weight": (32, 4)},
        "unet.down.lora_A.weight, which the model does not have",
    ),
    "dora": ({f"{BLOCK}.lora_down.weight": (4, 32), f"{BLOCK}.dora_scale": (32, 1)}, "it is a DoRA"),
    "no_lora": ({"some.weight": (4, 4)}, "some.weight"),
    "infinite": (
        {f"transformer.{BLOCK}.lora_A.weight": (4, 32), f"transformer.{BLOCK}.lora_B.weight": (32, 4)},
        "values that are not numbers",
    ),
}


@pytest.fixture(scope="module")
def with_aliens(options, table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("aliens")
    values = {"infinite": torch.inf}
    aliens = {
        name: written(
            folder / f"{name}.safetensors",
            {key: torch.full(shape, values.get(name, 1.0)) for key, shape in shapes.items()},
        )
        for name, (shapes, _) in ALIENS.items()
    }
    gone = {"file": "gone.safetensors", "sha256": "0" * 64}
    return open_engine(replace(options, loras={**aliens, "gone": gone, **table}))


@pytest.mark.slow
def test_the_warm_up_ends_with_one_of_them_beside_the_lora_of_the_last_preset(options, table):
    engine = open_engine(replace(options, loras=table, edit_side=256))
    warm(engine)
    assert engine._loras.selected == ("lightning-4", "own-winter")


@pytest.mark.parametrize("name", ALIENS)
def test_a_lora_for_another_model_is_refused(name, with_aliens, short):
    error = refused(with_aliens, short(lora_name=name))
    assert (error.code, error.subject) == ("lora_unreadable", "lora")
    assert ALIENS[name][1] in error.message


def test_the_others_work_beside_it(with_aliens, own, short):
    request = short(lora_name="winter")
    assert paint(with_aliens, request) == paint(own, request) != paint(own, short())


def test_a_lora_without_its_file_is_refused(with_aliens, short):
    error = refused(with_aliens, short(lora_name="gone"))
    assert (error.code, error.subject) == ("lora_missing", "lora")
    assert "gone.safetensors, which is not on this worker" in error.message


def test_the_names_of_every_trainer_are_understood(options, tiny, tmp_path):
    """With the alpha beside the weights or in the header, and with any prefix or none."""
    kohya = tiny.lora_weights(seed=5)
    halved = {name: w / 2 if "up" in name else w for name, w in kohya.items() if "alpha" not in name}
    factors = {
        name.replace("lora_down", "lora_A").replace("lora_up", "lora_B"): weight
        for name, weight in kohya.items()
        if "alpha" not in name
    }
    layers = ["to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out"]
    config = {"r": 4, "lora_alpha": 2, "target_modules": layers}
    header = {"lora_adapter_metadata": json.dumps({f"transformer.{name}": v for name, v in config.items()})}
    written_by = {
        "kohya": (kohya, None),
        "musubi": ({f"lora_unet_{flat(name)}": weight for name, weight in kohya.items()}, None),
        "comfy": ({f"diffusion_model.{name}": weight for name, weight in kohya.items()}, None),
        "bare": (halved, None),
        "diffusers": ({f"transformer.{name}": weight for name, weight in factors.items()}, header),
    }
    table = {name: written(tmp_path / name, *content) for name, content in written_by.items()}
    engine = open_engine(replace(options, loras=table, lora_sha256={}))
    layer = engine._pipe.transformer.get_submodule(BLOCK)
    change = (
        kohya[f"{BLOCK}.lora_up.weight"] @ kohya[f"{BLOCK}.lora_down.weight"] * kohya[f"{BLOCK}.alpha"] / 4
    )
    for own in engine._own_loras.values():
        engine._loras.select("", own)
        assert torch.allclose(layer.get_delta_weight("own"), change, atol=1e-5)


def flat(name):
    layer, factor = name.split(".lora_") if ".lora_" in name else (name.removesuffix(".alpha"), "")
    return layer.replace(".", "_") + (f".lora_{factor}" if factor else ".alpha")


def test_a_fused_lora_paints_as_the_one_beside_the_weights(own, options, table, short):
    fused = open_engine(replace(options, loras=table, fused_preset="fast"))
    assert list(fused.info.presets) == ["fast"]
    for lora_name in ("", "winter"):
        request = short(preset="fast", lora_name=lora_name)
        assert largest_difference(paint(fused, request), paint(own, request)) <= 1
    assert refused(fused, short(preset="draft")).code == "preset_unknown"
    assert not hasattr(fused._pipe.transformer.transformer_blocks[0].img_mlp.net[2], "base_layer")


def test_a_fused_lora_is_added_to_bfloat16_weights_within_their_rounding(tiny, options):
    plain = open_engine(replace(options, lora_dir=None))
    fused = open_engine(replace(options, dtype="bfloat16", fused_preset="fast"))
    lora, weights = tiny.lora_weights(seed=1), fused._pipe.transformer.state_dict()
    change = lora[f"{BLOCK}.lora_up.weight"] @ lora[f"{BLOCK}.lora_down.weight"] * lora[f"{BLOCK}.alpha"] / 4
    exact = plain._pipe.transformer.state_dict()[f"{BLOCK}.weight"] + change
    largest = exact.abs().max().item()
    assert torch.allclose(weights[f"{BLOCK}.weight"].float(), exact, rtol=2**-7, atol=largest * 2**-8)
    assert not torch.allclose(exact - change, exact, rtol=2**-7, atol=largest * 2**-8)


def test_loras_are_switched_where_the_blocks_that_they_change_lie_in_host_memory(own, options, table, short):
    streaming = open_engine(replace(options, loras=table, vram_plan="16gb"))
    for name in ("film", "winter", "film"):
        request = short(lora_name=name)
        assert paint(streaming, request) == paint(own, request)


@pytest.mark.slow
def test_loras_are_switched_without_a_trace_beside_weights_of_8_bits(options, table, short):
    small = open_engine(replace(options, loras=table, vram_plan="24gb-int8"))
    requests = [short(lora_name=name, preset=preset) for name in NAMES for preset in ("reference", "fast")]
    painted = [paint(small, request) for request in requests]
    assert len({*painted, paint(small, short())}) == 5
    assert [paint(small, request) for request in reversed(requests)] == painted[::-1]


@pytest.mark.slow
def test_loras_of_ones_own_share_their_compiled_blocks(options, table, tmp_path, short):
    """Whatever their ranks and layers."""
    wide = {
        f"{BLOCK}.lora_down.weight": torch.randn(8, 32),
        f"{BLOCK}.lora_up.weight": torch.randn(32, 8),
    }
    table = {**table, "wide": written(tmp_path / "wide.safetensors", wide)}
    engine = open_engine(replace(options, loras=table))
    torch._dynamo.reset()
    for block in engine._pipe.transformer.transformer_blocks:
        block.compile(backend="eager", fullgraph=True, dynamic=True)
    graphs = {}
    for name in ("", *table):
        counters.clear()
        for preset in ("reference", "fast"):
            paint(engine, short(lora_name=name, preset=preset))
        graphs[name] = counters["stats"]["unique_graphs"]
    assert graphs.pop("winter")
    assert graphs.pop("")
    assert graphs == {"film": 0, "wide": 0}


def test_a_fused_lora_without_its_file_stops_the_start(options):
    with pytest.raises(Misconfigured, match=DRAFT):
        open_engine(replace(options, lora_dir=None, fused_preset="draft"))
