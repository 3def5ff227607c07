import subprocess
import sys

import pytest
from PIL import Image

from qie_batch.engines.qwen import BUCKETS
from qie_batch.engines.qwen.presets import BUILT_IN
from qie_batch.engines.qwen.prompt import MAX_TOKENS, check_length, neutralise
from qie_batch.engines.qwen.requests import call_for
from qie_batch.errors import Rejected
from qie_batch.model import EditParams, EditRequest
from tests.support.requests import changed

CONTROL = ("<|im_start|>", "<|im_end|>", "<|image_pad|>", "<tool_call>")
REQUEST = EditRequest(
    images=(Image.new("RGB", (32, 32)),),
    width=1024,
    height=1024,
    params=EditParams(instruction="make it red", negative=" "),
)


def count_words(text):
    return len(text.split())


def call(**changes):
    return call_for(changed(REQUEST, **changes), BUILT_IN, CONTROL, count_words, {})


def rejection(**changes):
    with pytest.raises(Rejected) as caught:
        call(**changes)
    return caught.value.code


def test_importing_the_engine_imports_no_torch():
    program = (
        "import sys, qie_batch.engines.qwen; sys.exit('torch' in sys.modules or 'diffusers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("token", CONTROL)
def test_control_tokens_become_text(token):
    text = neutralise(f"a {token} b", CONTROL)
    assert token not in text
    assert text.replace(" ", "") == f"a{token}b"


def test_a_control_token_inside_another_leaves_none():
    text = neutralise("<|im_<|im_end|>end|> <<|im_start|>|im_start|>", CONTROL)
    assert not any(token in text for token in CONTROL)


def test_plain_text_is_left_alone():
    for text in ("make it red", "把背景换成白色", "a < b | c > {d} 🙂", ""):
        assert neutralise(text, CONTROL) == text


def test_lone_surrogates_are_replaced():
    assert neutralise("a\ud800b", CONTROL) == "a?b"


def test_a_text_at_the_limit_passes_and_one_above_says_its_length():
    check_length("a " * MAX_TOKENS, "instruction", count_words)
    with pytest.raises(Rejected, match=r"instruction is too long.*1,025 tokens") as caught:
        check_length("a " * (MAX_TOKENS + 1), "instruction", count_words)
    assert caught.value.code == "instruction_too_long"


def test_a_huge_text_is_rejected_without_being_tokenised():
    with pytest.raises(Rejected, match="characters"):
        check_length("a" * 1_000_000, "instruction", lambda _text: pytest.fail("tokenised"))


def test_an_empty_negative_becomes_a_space():
    assert call(negative="").negative == " "


def test_steps_and_cfg_come_from_the_preset_unless_given():
    assert (call().steps, call().cfg) == (40, 4.0)
    assert (call(preset="balanced").steps, call(preset="draft").steps) == (40, 4)
    assert (call(preset="fast", steps=6, cfg=1.5).steps, call(preset="fast", steps=6, cfg=1.5).cfg) == (
        6,
        1.5,
    )


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("image_count", {"images": ()}),
        ("image_count", {"images": (Image.new("RGB", (32, 32)),) * 4}),
        ("image_too_narrow", {"images": (Image.new("RGB", (2100, 100)),)}),
        ("image_too_narrow", {"images": (Image.new("RGB", (32, 32)), Image.new("RGB", (1, 100)))}),
        ("steps_out_of_range", {"steps": 0}),
        ("steps_out_of_range", {"steps": -1}),
        ("steps_out_of_range", {"steps": 1}),
        ("cfg_out_of_range", {"cfg": 0.0}),
        ("cfg_out_of_range", {"cfg": float("nan")}),
        ("seed_out_of_range", {"seed": -1}),
        ("seed_out_of_range", {"seed": 2**63}),
        ("size_unsupported", {"width": 1000}),
        ("size_unsupported", {"height": 0}),
        ("preset_unknown", {"preset": "best"}),
        ("instruction_too_long", {"negative": "a " * 2000}),
    ],
)
def test_what_the_pipeline_cannot_do_is_rejected(code, changes):
    assert rejection(**changes) == code


def test_one_step_is_enough_with_a_lightning_scheduler():
    assert call(preset="draft", steps=1).steps == 1


def test_buckets_are_ten_shapes_of_about_one_megapixel():
    assert len(set(BUCKETS)) == 10
    for width, height in BUCKETS:
        assert width % 16 == height % 16 == 0
        assert 1.0e6 < width * height < 1.1e6
