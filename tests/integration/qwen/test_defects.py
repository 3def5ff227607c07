"""The two defects of the pinned versions: that they are still there, and that the engine is free of them."""

import inspect

import diffusers
import pytest
import torch
from diffusers import QwenImageEditPlusPipeline
from transformers import ProcessorMixin, Qwen2Tokenizer, Qwen2VLImageProcessorPil, Qwen2VLProcessor


class ProcessorWithoutVideo(Qwen2VLProcessor):
    def __init__(self, image_processor=None, tokenizer=None, chat_template=None):
        self.image_token, self.image_token_id = (
            "<|image_pad|>",
            tokenizer.convert_tokens_to_ids("<|image_pad|>"),
        )
        self.video_token, self.video_token_id = (
            "<|video_pad|>",
            tokenizer.convert_tokens_to_ids("<|video_pad|>"),
        )
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)


@pytest.fixture(scope="module")
def stock(tiny, weights):
    """The pipeline as anyone would load it, but for a processor that can be made here."""
    folder = weights / "processor"
    processor = ProcessorWithoutVideo(
        Qwen2VLImageProcessorPil.from_pretrained(folder), Qwen2Tokenizer.from_pretrained(folder)
    )
    pipe = QwenImageEditPlusPipeline.from_pretrained(weights, processor=processor, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    return tiny.aligned(pipe)


@pytest.fixture
def seen(stock):
    """What reaches the stock pipeline's text encoder."""
    calls = []
    hook = stock.text_encoder.register_forward_pre_hook(
        lambda _module, _args, kwargs: calls.append(kwargs), with_kwargs=True
    )
    yield calls
    hook.remove()


@pytest.fixture
def with_positions(stock):
    """The defect mended in another way than the engine's: at the encoder's own forward."""
    encoder, forward = stock.text_encoder, stock.text_encoder.forward

    def mended(*, input_ids, **kwargs):
        ids = torch.zeros_like(input_ids)
        ids[input_ids == stock.processor.image_token_id] = 1
        return forward(input_ids=input_ids, mm_token_type_ids=ids, **kwargs)

    encoder.forward = mended
    yield
    del encoder.forward


def paint(stock, request, **changes):
    parameters = {
        "image": list(request.images),
        "prompt": request.params.instruction,
        "negative_prompt": request.params.negative,
        "true_cfg_scale": 4.0,
        "num_inference_steps": request.params.steps,
        "width": request.width,
        "height": request.height,
        "generator": torch.Generator("cpu").manual_seed(request.params.seed),
    }
    return stock(**{**parameters, **changes}).images[0].tobytes()


@pytest.mark.usefixtures("with_positions")
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_engine_paints_what_the_mended_stock_pipeline_paints(count, stock, edit, pictures, request_for):
    images = pictures[:count]
    assert edit(images=images) == paint(stock, request_for(images=images))


@pytest.mark.usefixtures("with_positions")
@pytest.mark.parametrize("size", [(160, 96), (112, 176)])
def test_any_multiple_of_16_is_painted_as_stock_does(size, stock, edit, request_for):
    width, height = size
    request = request_for(width=width, height=height, negative="blurred", steps=2, seed=123)
    assert edit(width=width, height=height, negative="blurred", steps=2, seed=123) == paint(stock, request)


@pytest.mark.usefixtures("with_positions")
def test_a_cfg_of_one_is_painted_as_stock_does(stock, edit, request_for):
    assert edit(cfg=1.0) == paint(stock, request_for(), true_cfg_scale=1.0)


def test_unmended_diffusers_paints_something_else(stock, edit, request_for):
    assert edit() != paint(stock, request_for())


def test_diffusers_still_keeps_picture_positions_from_the_text_encoder(stock, seen, request_for):
    paint(stock, request_for(steps=2))
    assert len(seen) == 2
    assert not any("mm_token_type_ids" in call for call in seen), (
        f"diffusers {diffusers.__version__} hands them over: drop tiny_qwen.hand_over_image_positions"
    )


def test_the_engine_hands_picture_positions_to_the_text_encoder(engine, edit):
    encoder, calls = engine._pipe.text_encoder, []
    hook = encoder.model.register_forward_pre_hook(
        lambda _module, _args, kwargs: calls.append(kwargs), with_kwargs=True
    )
    edit(instruction="show where each picture is", negative="without any picture")
    hook.remove()
    assert len(calls) == 2
    for call in calls:
        pictures = call["input_ids"] == encoder.config.image_token_id
        assert pictures.sum() == 15  # 128 x 96 pixels in patches of 28 x 28
        assert (call["mm_token_type_ids"].bool() == pictures).all()


def test_transformers_still_wants_a_video_processor():
    assert "video_processor" in inspect.signature(Qwen2VLProcessor).parameters, (
        "transformers no longer wants it: drop EditProcessor"
    )
