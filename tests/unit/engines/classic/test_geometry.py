import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qie_batch.colours import COLOURS
from qie_batch.engines.classic import geometry
from qie_batch.engines.classic.canvas import Canvas
from qie_batch.engines.classic.edits import AddBorder, Axis, Crop, Flip, Pad, Resize, Rotate, Trim
from qie_batch.engines.classic.frames import size_after
from qie_batch.engines.classic.operations import apply
from qie_batch.errors import Rejected
from qie_batch.vision.cutout import find_product

RED = next(colour for colour in COLOURS if colour.name == "red")
SHAPES = st.tuples(st.integers(1, 60), st.integers(1, 60))


def canvas_of(height, width, *, seed=0):
    """Noise, with a product in the middle and alpha of the same shape."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    mask[height // 4 : height - height // 4, width // 4 : width - width // 4] = 255
    return Canvas(rgb=rng.integers(0, 256, (height, width, 3), np.uint8), alpha=mask, product=mask.copy())


def on_paper(height=80, width=120, paper=(240, 240, 240), box=(20, 30, 60, 100)):
    rgb = np.full((height, width, 3), paper, np.uint8)
    rgb[box[0] : box[2], box[1] : box[3]] = (30, 60, 160)
    return Canvas(rgb=rgb)


def same(one, other):
    return all((getattr(one, layer) == getattr(other, layer)).all() for layer in ("rgb", "alpha", "product"))


OPERATIONS = [
    Crop(ratio=(1, 1)),
    Crop(ratio=(16, 9)),
    Pad(ratio=(4, 5)),
    Pad(pixels=7),
    Pad(share=0.1),
    Resize(width=33),
    Resize(height=20),
    Resize(width=40, height=40),
    Resize(longest=50),
    Resize(factor=0.4),
    Resize(factor=2.5),
    Rotate(degrees=90),
    Rotate(degrees=17.5),
    Rotate(degrees=-260),
    Flip(axis=Axis.HORIZONTAL),
    AddBorder(pixels=3, colour=RED),
    AddBorder(share=0.05, colour=RED),
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
@settings(max_examples=6, deadline=None)
@given(shape=SHAPES)
def test_all_layers_have_exactly_the_size_that_was_foretold(operation, shape):
    for canvas in (canvas_of(*shape), Canvas(rgb=canvas_of(*shape).rgb)):
        after = apply(operation, canvas, find_product)
        assert after.size == size_after(operation, canvas.size)
        for layer in (after.alpha, after.product):
            assert layer is None or layer.shape == after.rgb.shape[:2]
        assert (after.alpha is None) == (canvas.alpha is None)


@settings(max_examples=10, deadline=None)
@given(shape=SHAPES)
def test_two_flips_and_four_quarter_turns_change_nothing(shape):
    canvas = canvas_of(*shape)
    for axis in Axis:
        assert same(geometry.flip(geometry.flip(canvas, axis), axis), canvas)
    turned = canvas
    for _ in range(4):
        turned = geometry.rotate(turned, 90)
    assert same(turned, canvas)
    assert same(geometry.rotate(geometry.rotate(canvas, 180), -180), canvas)


def test_a_quarter_turn_is_clockwise_and_a_flip_exchanges_its_sides():
    rgb = np.zeros((3, 5, 3), np.uint8)
    rgb[0, 1] = 255
    turned = geometry.rotate(Canvas(rgb=rgb), 90).rgb
    assert turned.shape == (5, 3, 3)
    assert turned[1, 2, 0] == 255
    assert geometry.flip(Canvas(rgb=rgb), Axis.HORIZONTAL).rgb[0, 3, 0] == 255
    assert geometry.flip(Canvas(rgb=rgb), Axis.VERTICAL).rgb[2, 1, 0] == 255


def test_a_small_turn_is_clockwise_and_continues_a_plain_border():
    canvas = on_paper(box=(10, 50, 20, 70))
    after = geometry.rotate(canvas, 30)
    assert (after.rgb[0, 0] == 240).all()
    blue = np.argwhere(after.rgb[..., 0] < 100).mean(axis=0)
    assert blue[1] > after.size[0] / 2 + 5
    assert after.notes == ()


def test_corners_of_a_turned_scene_are_named():
    scene = Canvas(rgb=canvas_of(60, 60).rgb)
    assert geometry.rotate(scene, 3).notes == ("the corners are filled with one colour",)
    assert geometry.rotate(scene, 90).notes == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda canvas: geometry.rotate(canvas, 20),
        lambda canvas: geometry.resize(canvas, Resize(factor=0.35)),
        lambda canvas: geometry.resize(canvas, Resize(factor=3)),
        lambda canvas: geometry.resize(canvas, Resize(width=90, height=50)),
    ],
)
def test_colours_of_transparent_pixels_do_not_show_at_the_edges(change):
    rgb = np.zeros((60, 60, 3), np.uint8)
    rgb[...] = (0, 255, 0)
    rgb[15:45, 15:45] = (200, 60, 40)
    alpha = np.zeros((60, 60), np.uint8)
    alpha[15:45, 15:45] = 255
    after = change(Canvas(rgb=rgb, alpha=alpha))
    shown = after.rgb[after.alpha > 40].astype(int)
    assert abs(shown - (200, 60, 40)).max() <= 6
    assert after.alpha[0, 0] == 0


def test_a_crop_lies_in_the_middle():
    canvas = canvas_of(40, 100)
    assert (geometry.crop(canvas, Crop(ratio=(1, 1))).rgb == canvas.rgb[:, 30:70]).all()


@pytest.mark.parametrize(
    "canvas",
    [
        on_paper(),
        Canvas(rgb=np.zeros((80, 120, 3), np.uint8), alpha=canvas_of(80, 120).alpha),
        Canvas(rgb=np.zeros((80, 120, 3), np.uint8), product=canvas_of(80, 120).product),
    ],
    ids=["plain", "alpha", "product"],
)
def test_a_crop_through_the_product_is_named(canvas):
    assert geometry.crop(canvas, Crop(ratio=(1, 2))).notes == ("the crop cuts the product",)
    assert geometry.crop(canvas, Crop(ratio=(10, 7))).notes == ()


def test_a_margin_continues_the_border():
    plain = geometry.pad(on_paper(), Pad(pixels=5))
    assert (plain.rgb[0] == 240).all()
    assert plain.notes == ()
    clear = geometry.pad(canvas_of(40, 40), Pad(share=0.25))
    assert (clear.alpha[:10] == 0).all()
    assert (clear.product[:10] == 0).all()
    scene = geometry.pad(Canvas(rgb=canvas_of(40, 40).rgb), Pad(ratio=(2, 1)))
    assert scene.notes == ("the border is not of one colour, so that the margin shows",)


def test_a_margin_and_a_frame_have_the_colour_asked_for():
    padded = geometry.pad(on_paper(), Pad(pixels=5, colour=RED))
    assert (padded.rgb[:5] == RED.rgb).all()
    assert (padded.rgb[5:-5, 5:-5] == on_paper().rgb).all()
    framed = geometry.border(canvas_of(40, 40), AddBorder(pixels=4, colour=RED))
    assert (framed.alpha[:4] == 255).all()
    assert (framed.alpha[4:-4, 4:-4] == canvas_of(40, 40).alpha).all()
    assert (framed.rgb[:, -4:] == RED.rgb).all()


def test_a_resized_image_is_not_stretched():
    after = geometry.resize(on_paper(), Resize(width=60, height=60))
    blue = np.argwhere(after.rgb[..., 0] < 100)
    height, width = np.ptp(blue, axis=0) + 1
    assert width / height == pytest.approx(70 / 40, rel=0.08)
    assert (after.rgb[:5] == 240).all()


def test_an_enlargement_is_named_from_twice_the_size_on():
    assert geometry.resize(on_paper(), Resize(factor=2)).notes == ()
    assert geometry.resize(on_paper(), Resize(width=384)).notes == ("enlarged 3.2 times",)


def no_cut(_pixels):
    raise AssertionError("the cut-out is not needed")


@pytest.mark.parametrize(
    ("canvas", "size"),
    [
        (on_paper(), (70, 40)),
        (on_paper(paper=(255, 255, 255), box=(0, 10, 80, 40)), (30, 80)),
        (canvas_of(40, 80), (40, 20)),
    ],
    ids=["plain", "to the edge", "alpha"],
)
def test_trimmed_is_the_content_alone(canvas, size):
    after = geometry.trim(canvas, no_cut)
    assert after.size == size
    assert after.notes == ()
    assert geometry.trim(after, no_cut).notes == ("nothing to trim",)


def test_a_soft_shadow_is_content():
    canvas = on_paper()
    canvas.rgb[60:68, 30:100] = 215
    assert geometry.trim(canvas, no_cut).size == (70, 48)


def test_dust_is_no_content():
    canvas = on_paper()
    canvas.rgb[2, 2] = 0
    assert geometry.trim(canvas, no_cut).size == (70, 40)


def test_a_blank_image_has_nothing_to_trim():
    for blank in (
        Canvas(rgb=np.full((20, 20, 3), 255, np.uint8)),
        Canvas(rgb=np.zeros((20, 20, 3), np.uint8), alpha=np.zeros((20, 20), np.uint8)),
    ):
        after = geometry.trim(blank, no_cut)
        assert after.size == (20, 20)
        assert after.notes == ("nothing to trim",)


def test_a_noisy_backdrop_is_trimmed_by_the_cut_out():
    rng = np.random.default_rng(0)
    rgb = on_paper(240, 320, (200, 205, 210), (60, 100, 180, 240)).rgb + rng.normal(0, 3, (240, 320, 3))
    width, height = geometry.trim(Canvas(rgb=np.clip(rgb, 0, 255).astype(np.uint8)), find_product).size
    assert 138 <= width <= 150
    assert 118 <= height <= 130


def test_a_scene_is_not_trimmed_by_a_guess():
    with pytest.raises(Rejected) as error:
        geometry.trim(Canvas(rgb=canvas_of(120, 120).rgb), find_product)
    assert error.value.code == "background_not_plain"


@pytest.mark.parametrize("frame", [Pad(ratio=(1, 1)), Pad(share=0.1), Resize(width=90, height=90)])
def test_a_margin_after_a_trim_continues_what_was_trimmed_away(frame):
    trimmed = apply(Trim(), on_paper(), no_cut)
    padded = apply(frame, trimmed, no_cut)
    assert padded.notes == ()
    assert (padded.rgb[0, 0] == 240).all()
    later = apply(frame, apply(Flip(axis=Axis.VERTICAL), trimmed, no_cut), no_cut)
    assert (later.rgb[0, 0] == (30, 60, 160)).all()


def test_a_soft_shadow_at_the_border_is_no_margin():
    alpha = np.full((40, 40), 60, np.uint8)
    alpha[10:30, 10:30] = 255
    padded = geometry.pad(Canvas(rgb=np.zeros((40, 40, 3), np.uint8), alpha=alpha), Pad(pixels=5))
    assert padded.alpha[0, 0] == 0
    assert padded.notes == ("the border is not of one colour, so that the margin shows",)
