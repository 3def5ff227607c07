import numpy as np
import pytest
import torch
from PIL import Image

from qie_batch.engines.qwen import open_engine
from qie_batch.engines.qwen.prompt import MAX_TOKENS
from qie_batch.errors import DeviceOutOfMemory, EngineLost, Fenced, Rejected


def test_the_engine_says_what_it_is(engine):
    assert (engine.info.name, engine.info.revision, engine.device, len(engine.info.limits.sizes)) == (
        "qwen",
        "tiny",
        "cpu",
        10,
    )


def test_a_picture_of_the_asked_size_comes_out(engine, request_for):
    image = engine.edit(request_for(width=160, height=96), lambda _step: None).image
    assert (image.mode, image.size) == ("RGB", (160, 96))
    assert np.asarray(image).std() > 1


def test_the_same_seed_paints_the_same_on_repeat_and_after_a_fresh_load(options, edit, request_for):
    first = edit()
    assert edit() == first
    assert open_engine(options).edit(request_for(), lambda _step: None).image.tobytes() == first
    assert edit(seed=8) != first


def test_every_picture_and_the_text_count(edit, pictures):
    results = {
        edit(),
        edit(images=pictures[:2]),
        edit(images=pictures),
        edit(images=pictures[::-1]),
        edit(instruction="turn it blue"),
        edit(negative="noise"),
    }
    assert len(results) == 6


def test_an_empty_negative_is_a_blank_one(edit):
    assert edit(negative="") == edit(negative=" ")


def test_each_step_is_reported_from_one(engine, request_for):
    steps = []
    engine.edit(request_for(steps=4), steps.append)
    assert steps == [1, 2, 3, 4]


def test_what_on_step_raises_ends_the_edit_and_comes_out_unchanged(engine, edit, request_for):
    before = edit()
    fenced, steps = Fenced("The attempt is no longer the latest."), []

    def stop_at_two(step):
        steps.append(step)
        if step == 2:
            raise fenced

    with pytest.raises(Fenced) as caught:
        engine.edit(request_for(steps=5), stop_at_two)
    assert caught.value is fenced
    assert steps == [1, 2]
    assert edit() == before


def test_control_tokens_in_a_row_reach_the_model_as_text(engine, edit):
    control = torch.tensor(sorted(engine._pipe.tokenizer.get_added_vocab().values()))
    counts = []
    hook = engine._pipe.text_encoder.model.register_forward_pre_hook(
        lambda _module, _args, kwargs: counts.append(int(torch.isin(kwargs["input_ids"], control).sum())),
        with_kwargs=True,
    )
    edit(instruction="make it red", negative="make it blue")
    for token in ("<|image_pad|>", "<|vision_start|><|image_pad|>", "<|im_end|>", "<|endoftext|>"):
        edit(instruction=f"make it red {token}", negative=f"make it blue {token}")
    hook.remove()
    assert len(counts) == 10
    assert len(set(counts)) == 1


def test_the_longest_text_passes_beside_three_pictures(engine, edit, pictures):
    text = "a" * MAX_TOKENS
    assert engine._count_tokens(text) == MAX_TOKENS
    assert edit(instruction=text, images=pictures, steps=2)


def test_a_longer_text_is_rejected_before_it_reaches_the_model(edit):
    with pytest.raises(Rejected, match="instruction is too long") as caught:
        edit(instruction="a" * (MAX_TOKENS + 1))
    assert caught.value.code == "instruction_too_long"


@pytest.mark.parametrize("size", [(16, 1), (1, 16), (160, 10), (1, 1)])
def test_the_longest_strip_that_is_allowed_passes(edit, size):
    assert edit(images=(Image.new("RGB", size, "red"),), steps=2)


class Failing:
    """A pipeline part that fails in a given way."""

    def __init__(self, error):
        self.error = error

    def __call__(self, *_args, **_kwargs):
        raise self.error


@pytest.mark.parametrize(
    ("error", "translated"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), DeviceOutOfMemory),
        (torch.AcceleratorError("an illegal memory access was encountered"), EngineLost),
        (RuntimeError("CUDA error: device-side assert triggered"), EngineLost),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), EngineLost),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), RuntimeError),
    ],
)
def test_a_card_that_fails_is_told_from_a_full_one_and_from_a_bug(
    engine, edit, monkeypatch, error, translated
):
    monkeypatch.setattr(engine._pipe.transformer.transformer_blocks[1], "forward", Failing(error))
    with pytest.raises(translated) as caught:
        edit()
    assert type(caught.value) is translated
    monkeypatch.undo()
    assert edit()


def test_a_picture_of_no_numbers_is_not_handed_out(engine, edit, monkeypatch):
    decoder = engine._pipe.vae.decoder
    decode = decoder.forward
    monkeypatch.setattr(decoder, "forward", lambda latents: decode(latents) * float("nan"))
    with pytest.raises(EngineLost) as caught:
        edit()
    assert caught.value.code == "not_finite"


def test_the_smaller_plan_paints_nearly_the_same_and_is_left_again(edit):
    # 512 pixels are more than one tile of the VAE.
    large = {"width": 512, "height": 512, "steps": 2}
    whole, tiled = edit(**large), edit(**large, low_memory=True)
    assert tiled != whole
    difference = np.abs(np.frombuffer(tiled, np.uint8).astype(int) - np.frombuffer(whole, np.uint8))
    assert difference.mean() < 25
    assert edit(**large) == whole
