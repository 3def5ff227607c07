import math
import os
import pickle
import tracemalloc
from dataclasses import replace

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, QwenImageTransformer2DModel

from qie_batch.engines.qwen import open_engine
from qie_batch.engines.qwen.loras import FILES
from qie_batch.errors import Rejected
from tests.support.requests import changed

FAST, DRAFT = FILES["lightning-8"], FILES["lightning-4"]


def steps_of(engine, request):
    steps = []
    engine.edit(request, steps.append)
    return len(steps)


def test_presets_bring_their_own_steps(engine, request_for):
    request = request_for(steps=None, preset="fast")
    assert steps_of(engine, request) == 8
    assert steps_of(engine, changed(request, preset="draft")) == 4
    assert steps_of(engine, changed(request, preset="balanced", cfg=1.0)) == 40


def test_switching_presets_leaves_no_trace(edit):
    reference, fast, draft = edit(), edit(preset="fast"), edit(preset="draft")
    assert len({reference, fast, draft}) == 3
    assert edit(preset="balanced") == reference
    assert edit(preset="draft") == draft
    assert edit(preset="fast") == fast
    assert edit(preset="reference") == reference


def test_a_lora_that_waits_does_not_change_the_base_model(options, edit, request_for):
    bare = open_engine(replace(options, lora_dir=None))
    assert bare.edit(request_for(), lambda _step: None).image.tobytes() == edit()


def test_fast_paints_as_weights_with_the_lora_added(tiny, options, engine, request_for):
    """The LoRA's product, added to the weights by hand, under the Lightning scheduler."""
    merged = open_engine(replace(options, lora_dir=None))
    lora = tiny.lora_weights(seed=1)
    state = merged._pipe.transformer.state_dict()
    for name in [key.removesuffix(".alpha") for key in lora if key.endswith(".alpha")]:
        product = lora[f"{name}.lora_up.weight"] @ lora[f"{name}.lora_down.weight"]
        state[f"{name}.weight"] += product * lora[f"{name}.alpha"] / 4
    assert isinstance(merged._pipe.transformer, QwenImageTransformer2DModel)
    merged._pipe.scheduler = FlowMatchEulerDiscreteScheduler(
        base_image_seq_len=256,
        base_shift=math.log(3),
        max_image_seq_len=8192,
        max_shift=math.log(3),
        shift_terminal=None,
        use_dynamic_shifting=True,
    )
    merged._loras._base_scheduler = merged._pipe.scheduler

    by_hand = merged.edit(request_for(cfg=1.0), lambda _step: None).image
    loaded = engine.edit(request_for(preset="fast"), lambda _step: None).image
    difference = torch.tensor(list(by_hand.tobytes())).int() - torch.tensor(list(loaded.tobytes())).int()
    assert difference.abs().max() <= 1  # added before or after the multiplication: the last bit may differ


def test_lightning_starts_at_three_to_one(engine, edit):
    """exp(ln 3) = 3: half-way through, the noise is at 3 / (3 + 1) instead of 1/2."""
    edit(preset="draft", steps=4)
    sigmas = engine._pipe.scheduler.sigmas
    assert sigmas.tolist() == pytest.approx([1, 0.9, 0.75, 0.5, 0])
    edit(steps=4)
    assert engine._pipe.scheduler.sigmas[-2].item() == pytest.approx(0.02)


def test_a_preset_without_its_file_is_rejected_by_name(options, request_for):
    engine = open_engine(replace(options, lora_dir=None))
    with pytest.raises(Rejected, match=DRAFT) as caught:
        engine.edit(request_for(preset="draft"), lambda _step: None)
    assert caught.value.code == "preset_unavailable"
    assert engine.edit(request_for(), lambda _step: None)


def test_a_lora_without_a_pin_is_refused(options, request_for):
    engine = open_engine(replace(options, lora_sha256={FAST: options.lora_sha256[FAST]}))
    assert engine.edit(request_for(preset="fast"), lambda _step: None)
    with pytest.raises(Rejected, match=f"{DRAFT}, for which no sha256 is pinned") as caught:
        engine.edit(request_for(preset="draft"), lambda _step: None)
    assert caught.value.code == "preset_unavailable"


def refusal(options, request):
    """Of an engine that still edits without the LoRA."""
    engine = open_engine(options)
    with pytest.raises(Rejected) as caught:
        engine.edit(request, lambda _step: None)
    assert engine.edit(changed(request, preset="reference"), lambda _step: None)
    return caught.value


def test_a_lora_that_is_not_the_pinned_one_is_refused(options, request_for):
    error = refusal(replace(options, lora_sha256={FAST: "0" * 64}), request_for(preset="fast"))
    assert (error.code, error.subject) == ("lora_changed", "preset")
    assert "is pinned" in error.message


@pytest.mark.parametrize(
    ("size", "header", "problem"),
    [
        (5_000_000_000, 100, "has 5,000,000,000 bytes"),
        (200_000_000, 100_000_001, "its header has 100,000,001 bytes"),
        (1000, 993, "its header has 993 bytes"),
        (1000, 2**64 - 1, "is no safetensors file"),
        (4, 0, "is no safetensors file"),
    ],
)
def test_a_lora_of_impossible_length_is_refused_unread(size, header, problem, options, request_for, tmp_path):
    file = tmp_path / FAST
    file.write_bytes(header.to_bytes(8, "little"))
    os.truncate(file, size)  # sparse: reading 5 GB would be seen
    tracemalloc.start()
    try:
        error = refusal(
            replace(options, lora_dir=tmp_path, lora_sha256={FAST: "0" * 64}), request_for(preset="fast")
        )
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()
    assert error.code == "lora_unreadable"
    assert problem in error.message


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


def test_a_pickle_is_never_loaded(tiny, options, tmp_path, request_for):
    (tmp_path / FAST.replace(".safetensors", ".bin")).write_bytes(pickle.dumps(Bomb()))
    engine = open_engine(replace(options, lora_dir=tmp_path))
    with pytest.raises(Rejected, match="safetensors"):
        engine.edit(request_for(preset="fast"), lambda _step: None)

    disguised = tmp_path / FAST
    disguised.write_bytes(pickle.dumps(Bomb()))
    pin = tiny.hashlib.sha256(disguised.read_bytes()).hexdigest()
    error = refusal(replace(options, lora_dir=tmp_path, lora_sha256={FAST: pin}), request_for(preset="fast"))
    assert error.code == "lora_unreadable"
