import numpy as np
import pytest
from PIL import Image, ImageDraw

from qie_batch.engines.classic import create
from qie_batch.errors import Rejected
from qie_batch.model import EditParams, EditRequest
from tests.support.requests import edit_request

GREY, BLUE, RED = (205, 207, 210), (42, 98, 181), (190, 40, 50)


@pytest.fixture(scope="module")
def engine():
    return create({})


@pytest.fixture(scope="module")
def drawn():
    """A blue thing with folds and a white label, a red ring, on noisy grey paper with a soft shadow."""
    rng = np.random.default_rng(5)
    down, across = np.mgrid[0:240, 0:320].astype(np.float32)
    paper = np.array(GREY, np.float32) * (1.02 - 0.06 * (across / 320) ** 2)[..., None]
    shadow = np.exp(-(((across - 150) / 90) ** 2) - ((down - 196) / 16) ** 2)
    paper *= (1 - 0.35 * shadow)[..., None]
    shape = Image.new("L", (1280, 960))
    ImageDraw.Draw(shape).rounded_rectangle((320, 200, 880, 760), radius=80, fill=255)
    ring = Image.new("L", (1280, 960))
    ImageDraw.Draw(ring).ellipse((820, 340, 1100, 620), outline=255, width=64)
    for mask, colour in ((ring, RED), (shape, BLUE)):
        cover = np.asarray(mask.resize((320, 240), Image.Resampling.BOX), np.float32)[..., None] / 255
        folds = (0.85 + 0.25 * np.sin(across / 9))[..., None]
        paper = paper * (1 - cover) + np.array(colour, np.float32) * folds * cover
    paper[90:110, 120:170] = 250
    return Image.fromarray(np.clip(paper + rng.normal(0, 1.2, paper.shape), 0, 255).astype(np.uint8))


@pytest.fixture
def product(drawn):
    return drawn.copy()


@pytest.fixture(scope="module")
def on_white(engine, drawn):
    return edited(engine, drawn, "make the background white")


def edited(engine, picture, instruction, **others):
    request = edit_request(images=(picture,), instruction=instruction, **others)
    return np.asarray(engine.edit(request, lambda _step: None).image).astype(int)


def rejected(engine, picture, instruction, **others):
    before = picture.tobytes()
    with pytest.raises(Rejected) as error:
        edited(engine, picture, instruction, **others)
    assert picture.tobytes() == before
    return error.value.code


def test_background_becomes_pure_white_and_the_product_stays(on_white, product):
    before, after = np.asarray(product).astype(int), on_white
    assert (after[:40] == 255).all()
    assert (after[:, :60][:150] == 255).all()
    assert abs(after[60:180, 90:210] - before[60:180, 90:210]).max() == 0


def test_background_shows_through_a_hole_in_the_product(engine, product):
    after = edited(engine, product, "把背景换成黄色")
    assert abs(after[118:122, 238:242] - (0xF0, 0xC0, 0x2E)).max() < 12


def test_soft_shadow_stays_on_the_new_background(on_white):
    after = on_white.mean(axis=-1)
    assert after[200, 150] < 215
    assert after[230, 20] == 255


def test_edges_keep_nothing_of_the_old_background(engine, product):
    after = edited(engine, product, "make the background black")
    grey = (after.max(axis=-1) - after.min(axis=-1) < 12) & (after.mean(axis=-1) > 90)
    grey[85:115, 115:175] = False
    assert grey.sum() < 25


def test_busy_background_is_rejected_not_damaged(engine):
    noise = np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8)
    picture = Image.fromarray(noise).resize((320, 240), Image.Resampling.NEAREST)
    assert rejected(engine, picture, "make the background white") == "background_not_plain"


def test_empty_paper_has_no_product_to_keep(engine):
    assert rejected(engine, Image.new("RGB", (200, 200), GREY), "white background") == "product_not_found"
    assert rejected(engine, Image.new("RGB", (20, 20), GREY), "white background") == "picture_too_small"


def test_black_paper_turns_pure_white(engine):
    dots = np.random.default_rng(3).integers(2, 12, (240, 320, 3), np.uint8)
    picture = Image.fromarray(dots)
    ImageDraw.Draw(picture).ellipse((110, 70, 210, 170), fill=(200, 120, 40))
    after = edited(engine, picture, "make the background white")
    assert (after[:50] == 255).all()
    assert abs(after[110:130, 150:170] - (200, 120, 40)).max() == 0


@pytest.mark.parametrize("instruction", ["change the blue jacket to red", "把蓝色外套换成红色"])
def test_recolour_shifts_the_colour_and_keeps_shading(engine, product, instruction):
    before, after = np.asarray(product).astype(int), edited(engine, product, instruction)
    cloth = after[60:85, 90:210]
    assert (cloth[..., 0] > cloth[..., 2] + 60).all()
    old, new = before[60:85, 90:210].mean(axis=(0, 2)), cloth.mean(axis=(0, 2))
    assert np.corrcoef(old, new)[0, 1] > 0.95


def test_recolour_touches_nothing_of_another_colour(engine, product):
    before, after = (
        np.asarray(product).astype(int),
        edited(engine, product, "change the blue jacket to green"),
    )
    assert (after[:40] == before[:40]).all()
    assert (after[80:160, 255:278] == before[80:160, 255:278]).all()
    assert abs(after[92:108, 123:167] - before[92:108, 123:167]).max() <= 1


@pytest.mark.parametrize("target", ["black", "white", "navy", "yellow"])
def test_recolour_reaches_dark_and_pale_colours(engine, product, target):
    light = edited(engine, product, f"change the blue jacket to {target}")[60:85, 90:210].mean()
    assert {"black": 0 < light < 60, "white": light > 215, "navy": light < 90, "yellow": light > 130}[target]


def test_recolour_of_an_orange_suit_spares_skin(engine):
    picture = Image.new("RGB", (200, 200), GREY)
    ImageDraw.Draw(picture).rectangle((40, 80, 160, 200), fill=(226, 90, 40))
    ImageDraw.Draw(picture).ellipse((70, 20, 130, 76), fill=(222, 176, 150))
    after = edited(engine, picture, "change the orange suit to teal")
    assert (after[48, 100] == (222, 176, 150)).all()
    assert after[150, 100, 2] > after[150, 100, 0] + 60


def test_recolour_of_an_absent_colour_is_rejected(engine, product):
    assert rejected(engine, product, "change the green jacket to red") == "colour_not_found"


def test_tones_lean_as_named(engine, product):
    before = np.asarray(product).astype(int).mean(axis=(0, 1))
    lean = {
        tone: edited(engine, product, f"give it a {tone} tone").mean(axis=(0, 1)) - before
        for tone in ("warm", "cool", "vintage")
    }
    assert lean["warm"][0] > 3 > -3 > lean["warm"][2]
    assert lean["cool"][2] > 3 > -3 > lean["cool"][0]
    assert lean["vintage"][0] - lean["vintage"][2] > 10


def test_autumn_turns_leaves(engine):
    leaf = edited(engine, Image.new("RGB", (64, 64), (60, 140, 50)), "改成秋天风格")[32, 32]
    assert leaf[0] > leaf[1] > leaf[2]


def test_brighter_and_darker_keep_white_white(engine, product):
    before = np.asarray(product).mean()
    assert edited(engine, product, "make it brighter").mean() > before + 8
    assert edited(engine, product, "调暗").mean() < before - 8
    paper = Image.new("RGB", (40, 40), "white")
    assert (edited(engine, paper, "darker") == 255).all()


def test_black_and_white_has_no_colour(engine, product):
    after = edited(engine, product, "make it black and white")
    assert (after == after[..., :1]).all()


@pytest.mark.parametrize(
    ("instruction", "rows"),
    [
        ('add the text "New Arrival" at the top', slice(0, 60)),
        ("在中间添加文字“新品上市”", slice(90, 150)),
        ('add the text "Sale" at the bottom', slice(180, 240)),
    ],
)
def test_text_stands_where_it_was_asked_for(engine, product, instruction, rows):
    changed = (edited(engine, product, instruction) != np.asarray(product)).any(axis=-1)
    assert changed[rows].sum() > 150
    changed[rows] = False
    assert not changed.any()


def test_text_reads_on_light_dark_and_busy_pictures(engine):
    busy = Image.fromarray(np.random.default_rng(2).integers(0, 255, (200, 300, 3), np.uint8))
    for picture in (Image.new("RGB", (300, 200), "white"), Image.new("RGB", (300, 200), "black"), busy):
        light = edited(engine, picture, 'add the text "HHHHHH" in the centre').mean(axis=-1)[94:106, 120:180]
        assert light.max() - light.min() > 150


def test_long_text_breaks_into_lines_inside_the_picture(engine):
    picture = Image.new("RGB", (300, 300), "white")
    after = edited(
        engine, picture, 'add the text "A rather long slogan for a rather small picture" at the top'
    )
    ink = (after < 128).any(axis=-1)
    assert ink[:, :10].sum() == ink[:, -10:].sum() == 0
    assert ink.any(axis=1).sum() > 20


def test_text_that_cannot_be_drawn_well_is_rejected(engine, product):
    assert rejected(engine, product, 'add the text "Sale 😀" at the top') == "glyph_missing"
    assert rejected(engine, product, f'add the text "{"long " * 40}" at the top') == "text_does_not_fit"
    assert rejected(engine, Image.new("RGB", (12, 12)), 'add the text "Sale"') == "text_does_not_fit"


def test_nothing_is_half_done_when_the_last_clause_fails(engine, product):
    assert (
        rejected(engine, product, "make it brighter and make the model smile") == "instruction_not_understood"
    )
    assert rejected(engine, product, "调亮并把紫色外套换成红色") == "colour_not_found"


def test_reference_images_are_rejected(engine, product):
    request = EditRequest(
        images=(product, product),
        width=320,
        height=240,
        params=EditParams(instruction="make it brighter", negative=" "),
    )
    with pytest.raises(Rejected) as error:
        engine.edit(request, lambda _step: None)
    assert error.value.code == "references_not_supported"


def test_each_operation_is_a_step_and_same_request_gives_same_pixels(engine, product):
    request = EditRequest(
        images=(product,),
        width=320,
        height=240,
        params=EditParams(
            instruction="make the background white, change the blue jacket to red and make it warmer",
            negative=" ",
        ),
    )
    steps = []
    first = engine.edit(request, steps.append).image
    assert steps == [1, 2, 3]
    assert create({}).edit(request, steps.append).image.tobytes() == first.tobytes()


def test_what_on_step_raises_comes_out_unchanged(engine, product):
    def stop(_step):
        raise KeyError("stopped")

    request = EditRequest(
        images=(product,), width=320, height=240, params=EditParams(instruction="brighter", negative=" ")
    )
    with pytest.raises(KeyError, match="stopped"):
        engine.edit(request, stop)


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (41, 33)])
def test_odd_sizes_are_edited(engine, size):
    picture = Image.new("RGB", size, BLUE)
    for instruction in ("brighter", "vintage look", "autumn", "black and white"):
        assert edited(engine, picture, instruction).shape == (size[1], size[0], 3)
    assert rejected(engine, picture, "change the blue cap to red") in {
        "colour_not_found",
        "colour_everywhere",
    }
