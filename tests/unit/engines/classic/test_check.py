"""What the classic engine refuses without a pixel: the same for submit and worker."""

import subprocess
import sys
from dataclasses import replace

import pytest
from PIL import Image

from qie_batch.engines.classic import check, create, gives_alpha
from qie_batch.errors import Rejected
from qie_batch.model import EditParams, ImageHeader
from tests.support.requests import edit_request

LONG = "the quick brown fox " * 5


def refusal(instruction, size=(800, 600), asked=(None, None)):
    params = EditParams(instruction=instruction, width=asked[0], height=asked[1], negative="blurry", cfg=0.0)
    try:
        check(params, [ImageHeader("JPEG", *size)])
    except Rejected as error:
        return error.code, error.subject
    return None


@pytest.mark.parametrize(
    ("instruction", "size", "asked", "found"),
    [
        ("make the background white", (800, 600), (None, None), None),
        ("make it brighter", (17, 16), (None, None), None),
        ("make the model smile", (800, 600), (None, None), ("instruction_not_understood", "instruction")),
        ('add the text "한국" at the top', (800, 600), (None, None), ("glyph_missing", "instruction")),
        ('add the text "New"', (60, 60), (None, None), ("text_does_not_fit", "instruction")),
        ('add the text "New"', (60, 60), (600, 600), ("text_does_not_fit", "instruction")),
        ('add the text "New"', (600, 600), (4096, 64), ("text_does_not_fit", "instruction")),
        ('add the text "New"', (300, 300), (4096, 600), None),
        ('add the text "New"', (600, 600), (60, 60), ("text_does_not_fit", "instruction")),
        (f'add the text "{LONG}"', (1000, 1000), (None, None), None),
        (f'add the text "{LONG * 2}"', (4000, 4000), (None, None), ("text_does_not_fit", "instruction")),
        ("white background", (20, 600), (None, None), ("picture_too_small", "image")),
        ("white background", (2000, 64), (64, 64), None),
        ("white background", (20, 20), (600, 600), ("picture_too_small", "image")),
    ],
)
def test_a_row_is_refused_by_its_instruction_and_its_size(instruction, size, asked, found):
    assert refusal(instruction, size, asked) == found


@pytest.mark.parametrize("frame", ["add a 10 px black border", "add a 10 % margin", "make it square"])
def test_a_trim_that_would_take_a_new_frame_away_is_refused(frame):
    assert refusal(f"{frame}, then trim") == ("instruction_not_understood", "instruction")
    assert refusal(f"trim, then {frame}") is None


@pytest.mark.parametrize("background", ["white background", "transparent background"])
def test_a_shadow_is_on_the_background_wherever_the_sentence_names_it(background):
    def edited(instruction):
        image = Image.new("RGB", (120, 120), (210, 215, 220))
        image.paste((180, 40, 30), (40, 30, 80, 90))
        return (
            create({}).edit(edit_request(images=(image,), instruction=instruction), lambda _step: None).image
        )

    after = edited(f"{background}, add a soft shadow, flip vertically")
    assert edited(f"add a soft shadow, flip vertically, {background}") == after
    assert after != edited(f"{background}, flip vertically")


def test_a_text_that_fits_an_image_only_in_one_of_its_two_ways_up_is_refused_in_the_other():
    text = f'add the text "{LONG}"'
    wide, tall = Image.new("RGB", (1200, 130)), Image.new("RGB", (130, 1200))
    assert refusal(text, wide.size) is None
    create({}).edit(edit_request(images=(wide,), instruction=text), lambda _step: None)
    assert refusal(text, tall.size) == ("text_does_not_fit", "instruction")
    with pytest.raises(Rejected) as worker:
        create({}).edit(edit_request(images=(tall,), instruction=text), lambda _step: None)
    assert worker.value.code == "text_does_not_fit"


def test_a_text_that_only_the_size_asked_for_makes_too_small_is_refused_by_the_engine_too():
    asked = edit_request(images=(Image.new("RGB", (600, 600)),), instruction='add the text "New"')
    asked = replace(asked, params=replace(asked.params, width=4096, height=64))
    with pytest.raises(Rejected) as worker:
        create({}).edit(asked, lambda _step: None)
    assert worker.value.code == "text_does_not_fit"


@pytest.mark.parametrize("instruction", ["make the model smile", 'add the text "🔥"', "white background"])
def test_the_engine_refuses_what_the_check_refuses(instruction):
    image = Image.new("RGB", (24, 24))
    with pytest.raises(Rejected) as worker:
        create({}).edit(edit_request(images=(image,), instruction=instruction), lambda _step: None)
    with pytest.raises(Rejected) as submit:
        check(EditParams(instruction=instruction), [ImageHeader("PNG", 24, 24)])
    assert (worker.value.code, worker.value.message) == (submit.value.code, submit.value.message)


def test_a_check_imports_neither_opencv_nor_numpy():
    program = (
        "import sys\n"
        "from qie_batch.engines.classic import check\n"
        "from qie_batch.model import EditParams, ImageHeader\n"
        "check(EditParams(instruction='add the text \"New\" at the top'), [ImageHeader('PNG', 800, 600)])\n"
        "sys.exit('cv2' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_no_pixel_becomes_transparent_by_an_instruction_that_is_refused_or_paints():
    for instruction in ("make the model smile", "make the background white", "make it warmer"):
        assert not gives_alpha(EditParams(instruction=instruction))
