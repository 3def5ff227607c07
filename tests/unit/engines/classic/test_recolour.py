from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from qie_batch.colours import BY_WORD
from qie_batch.engines.classic.canvas import Canvas
from qie_batch.engines.classic.edits import HueChange
from qie_batch.engines.classic.recolour import recolour
from qie_batch.errors import Rejected
from qie_batch.vision.cutout import Cutout

PAPER, BLUE, RED, GREEN = (226, 226, 224), (42, 98, 181), (190, 40, 50), (40, 140, 70)
SKIN, HAIR = (222, 176, 150), (92, 62, 40)
SHIRT = (slice(90, 190), slice(80, 160))


def no_cut(_pixels):
    raise Rejected("no plain background", code="background_not_plain")


def cut_to(box):
    def cut(pixels):
        mask = np.zeros(pixels.shape[:2], np.float32)
        mask[box] = 1
        return Cutout(mask=mask, backdrop=np.zeros_like(pixels, np.float32), shade=np.ones_like(mask))

    return cut


def canvas_of(*shapes, size=(240, 240), paper=PAPER, noise=1.0):
    """Shapes as (ImageDraw method, box, colour), antialiased, with noise."""
    drawing = Image.new("RGB", (size[0] * 4, size[1] * 4), paper)
    for method, box, colour in shapes:
        getattr(ImageDraw.Draw(drawing), method)([4 * edge for edge in box], fill=colour)
    pixels = np.asarray(drawing.resize(size, Image.Resampling.BOX)).astype(np.float32)
    pixels += np.random.default_rng(7).normal(0, noise, pixels.shape)
    return Canvas(rgb=np.clip(np.round(pixels), 0, 255).astype(np.uint8))


def shirt(colour, *others, **options):
    return canvas_of(("rectangle", (80, 90, 160, 190), colour), *others, **options)


def change(source, target):
    return HueChange(source=BY_WORD[source].family if source else None, target=BY_WORD[target])


def recoloured(canvas, *changes, cut=no_cut):
    return recolour(canvas, tuple(change(*each) for each in changes), cut)


def rejected(canvas, *changes, cut=no_cut):
    with pytest.raises(Rejected) as error:
        recoloured(canvas, *changes, cut=cut)
    return error.value


def lab(pixels):
    return cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def shaded(canvas, box, light):
    """The canvas with its light in the box multiplied."""
    pixels = canvas.rgb.astype(np.float32)
    pixels[box] *= light[..., None]
    return replace(canvas, rgb=np.clip(pixels, 0, 255).astype(np.uint8))


def folds():
    return np.broadcast_to(0.8 + 0.3 * np.sin(np.arange(80) / 6), (100, 80)).astype(np.float32)


def changed(before, after):
    return np.abs(before.rgb.astype(int) - after.rgb).max(axis=-1)


def test_selection_grows_into_a_highlight_and_a_dark_fold():
    canvas = shirt(RED)
    pixels = canvas.rgb.astype(np.float32)
    down, across = np.mgrid[0:240, 0:240]
    shine = 0.75 * np.exp(-(((across - 105) / 16) ** 2) - ((down - 120) / 16) ** 2)[..., None]
    dark = 0.8 * np.exp(-(((across - 140) / 8) ** 2))[..., None]
    inside = np.zeros((240, 240, 1))
    inside[92:188, 82:158] = 1
    pixels = pixels + inside * (shine * (255 - pixels) - dark * pixels)
    canvas = replace(canvas, rgb=np.clip(pixels, 0, 255).astype(np.uint8))
    after = lab(recoloured(canvas, ("red", "green")).rgb)
    assert (after[95:185, 85:155, 1] < 4).all()
    assert after[120, 105, 0] > after[100, 90, 0] + 10
    assert after[120, 140, 0] < after[100, 90, 0] - 10


def test_thin_legs_and_a_shaded_side_of_the_colour_go_with_the_seat():
    canvas = canvas_of(
        ("rectangle", (70, 60, 150, 140), (236, 190, 30)),
        ("rectangle", (150, 60, 170, 140), (150, 100, 12)),
        ("rectangle", (76, 140, 79, 210), (190, 150, 24)),
        ("rectangle", (140, 140, 143, 210), (190, 150, 24)),
    )
    after = lab(recoloured(canvas, ("yellow", "blue")).rgb)
    for rows, columns in ((slice(65, 135), slice(75, 166)), (slice(150, 205), 77), (slice(150, 205), 141)):
        assert (after[rows, columns, 2] < 0).all()


def test_wood_beside_a_product_of_nearly_its_hue_stays():
    canvas = canvas_of(("ellipse", (60, 60, 180, 180), (150, 40, 24)), paper=(176, 100, 56))
    after = recoloured(canvas, ("red", "blue"))
    assert changed(canvas, after)[:50].max() <= 2
    assert (changed(canvas, after)[90:150, 90:150] > 40).all()


def test_edges_are_mixed_from_the_new_colour():
    canvas = canvas_of(("ellipse", (60, 60, 180, 180), RED))
    after = lab(recoloured(canvas, ("red", "blue")).rgb)
    assert (after[..., 1] < 18).all()


def test_selection_stops_at_an_edge_to_another_colour():
    canvas = shirt(
        BLUE, ("rectangle", (160, 90, 200, 190), GREEN), ("rectangle", (100, 120, 130, 150), PAPER)
    )
    after = recoloured(canvas, ("blue", "red"))
    assert (changed(canvas, after)[SHIRT][:25] > 40).all()
    assert changed(canvas, after)[90:190, 164:].max() == 0
    assert changed(canvas, after)[124:146, 104:126].max() <= 3


def test_skin_and_hair_beside_a_red_garment_stay():
    canvas = shirt(
        (205, 30, 40),
        ("rectangle", (108, 70, 132, 95), SKIN),
        ("ellipse", (92, 20, 148, 82), SKIN),
        ("ellipse", (92, 12, 148, 50), HAIR),
    )
    after = recoloured(canvas, ("red", "green"))
    assert changed(canvas, after)[:86].max() <= 2
    assert (changed(canvas, after)[110:185, 85:155] > 40).all()


def test_a_face_is_not_recoloured_as_the_brown_thing_of_the_image():
    canvas = canvas_of(
        ("ellipse", (90, 60, 150, 140), SKIN), ("rectangle", (60, 145, 180, 240), (30, 32, 36))
    )
    assert rejected(canvas, ("brown", "blue")).code == "colour_not_separable"


def test_white_keeps_its_folds_without_clipping():
    canvas = shaded(shirt(BLUE), SHIRT, folds())
    after = lab(recoloured(canvas, ("blue", "white")).rgb)[95:185, 85:155]
    before = lab(canvas.rgb)[95:185, 85:155]
    assert 88 < np.median(after[..., 0]) < 95
    assert after[..., 0].max() < 100
    assert abs(after[..., 1:]).max() < 4
    assert np.corrcoef(before.mean(axis=0)[:, 0], after.mean(axis=0)[:, 0])[0, 1] > 0.95


def test_black_keeps_its_folds():
    canvas = shaded(shirt(RED), SHIRT, folds())
    after = lab(recoloured(canvas, ("red", "black")).rgb)[95:185, 85:155, 0]
    assert 14 < np.median(after) < 20
    assert after.mean(axis=0).std() > 1.5


def test_noise_of_a_dark_garment_is_not_blown_up_by_a_bright_colour():
    canvas = shirt((30, 40, 86), noise=2.0)
    before, after = (
        lab(each.rgb)[95:185, 85:155, 0] for each in (canvas, recoloured(canvas, ("navy", "yellow")))
    )
    assert after.std() < 1.6 * before.std()


@pytest.mark.parametrize(
    "target", ["white", "black", "grey", "beige", "orange", "yellow", "green", "purple", "pink"]
)
def test_middle_of_the_product_takes_the_target_colour(target):
    after = lab(recoloured(shirt(BLUE), ("blue", target)).rgb)[95:185, 85:155].reshape(-1, 3)
    aim = lab(np.array([[BY_WORD[target].rgb]], np.uint8))[0, 0]
    aim[0] = np.clip(aim[0], 16, 93)
    assert np.linalg.norm(np.median(after, axis=0) - aim) < 5


def test_two_colours_that_exchange_are_swapped():
    canvas = canvas_of(("rectangle", (20, 60, 100, 180), RED), ("rectangle", (140, 60, 220, 180), BLUE))
    after = recoloured(canvas, ("red", "blue"), ("blue", "red")).rgb
    assert after[120, 60, 2] > after[120, 60, 0] + 60
    assert after[120, 180, 0] > after[120, 180, 2] + 60


def test_colours_under_alpha_0_do_not_count():
    canvas = shirt(RED, ("rectangle", (0, 0, 240, 60), BLUE))
    alpha = np.zeros((240, 240), np.uint8)
    alpha[85:195, 75:165] = 255
    alpha[195:198, 75:165] = 90
    canvas = replace(canvas, alpha=alpha)
    error = rejected(canvas, ("blue", "green"))
    assert error.code == "colour_not_found"
    assert "blue" not in str(error).split(";")[1]
    after = recoloured(canvas, ("red", "green"))
    assert after.alpha is alpha
    assert (changed(canvas, after)[SHIRT] > 40).all()


def test_a_given_product_limits_the_selection():
    canvas = canvas_of(("rectangle", (20, 60, 100, 180), BLUE), ("rectangle", (140, 60, 220, 180), BLUE))
    product = np.zeros((240, 240), np.uint8)
    product[55:185, 15:105] = 255
    after = recoloured(replace(canvas, product=product), ("blue", "red"))
    assert (changed(canvas, after)[62:178, 22:98] > 40).all()
    assert changed(canvas, after)[:, 130:].max() == 0
    assert after.product is product


def test_strips_give_the_pixels_of_the_whole(monkeypatch):
    canvas = shaded(shirt(RED), SHIRT, folds())
    whole = recoloured(canvas, ("red", "blue")).rgb
    monkeypatch.setattr("qie_batch.vision.bands._STRIP", 7 * 240)
    assert (recoloured(canvas, ("red", "blue")).rgb == whole).all()


def test_enlarged_image_gives_the_same_selection():
    canvas = shaded(shirt(RED), SHIRT, folds())
    large = replace(canvas, rgb=cv2.resize(canvas.rgb, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC))
    after = recoloured(large, ("red", "blue"))
    assert (changed(large, after)[368:752, 328:632] > 40).all()
    assert changed(large, after)[:344].max() == 0


def test_blue_product_on_a_blue_backdrop_is_rejected():
    canvas = shirt(BLUE, paper=(52, 110, 190))
    assert rejected(canvas, ("blue", "red")).code == "colour_everywhere"
    canvas = shirt(
        BLUE,
        ("rectangle", (80, 90, 160, 120), PAPER),
        ("rectangle", (0, 200, 240, 240), PAPER),
        paper=(60, 118, 198),
    )
    assert rejected(canvas, ("blue", "red"), cut=cut_to(SHIRT)).code == "colour_not_separable"


def test_backdrop_of_the_hue_stays_where_the_product_is_cut_out():
    canvas = shirt((24, 44, 110), ("rectangle", (80, 90, 160, 130), PAPER), paper=(176, 205, 236))
    after = recoloured(canvas, ("blue", "red"), cut=cut_to(SHIRT))
    assert changed(canvas, after)[:84].max() == 0
    assert (changed(canvas, after)[135:185, 85:155] > 40).all()


def test_sky_around_the_product_is_background_not_a_product():
    canvas = canvas_of(("rectangle", (0, 0, 240, 110), (90, 150, 220)), paper=(120, 118, 110))
    error = rejected(canvas, ("blue", "red"))
    assert error.code == "colour_not_separable"
    assert "background" in str(error)


def test_unlike_things_of_one_hue_are_rejected():
    canvas = canvas_of(
        ("rectangle", (20, 60, 100, 180), (20, 40, 110)), ("ellipse", (140, 60, 220, 140), (150, 190, 240))
    )
    assert rejected(canvas, ("blue", "red")).code == "colour_not_separable"


def test_colour_that_shades_off_into_another_is_rejected():
    canvas = canvas_of(paper=PAPER)
    part = np.linspace(0, 1, 160)[:, None]
    blend = (1 - part) * np.array((235, 200, 30)) + part * np.array((60, 170, 60))
    pixels = canvas.rgb.copy()
    pixels[40:200, 40:200] = blend[None]
    assert rejected(replace(canvas, rgb=pixels), ("yellow", "blue")).code == "colour_not_separable"


def test_absent_colour_is_rejected_with_the_colours_that_are_there():
    error = rejected(shirt(RED), ("blue", "green"))
    assert error.code == "colour_not_found"
    assert "it has red (" in str(error)
    assert "without colour" in str(rejected(canvas_of(), ("blue", "green")))


def test_a_few_pixels_of_the_colour_are_too_little():
    canvas = shirt(RED, ("rectangle", (110, 120, 118, 128), BLUE))
    assert rejected(canvas, ("blue", "green")).code == "colour_not_found"


def test_a_small_print_counts_by_its_share_of_the_product():
    canvas = canvas_of(
        ("rectangle", (100, 100, 140, 140), (40, 40, 44)), ("rectangle", (110, 110, 122, 122), RED)
    )
    after = recoloured(canvas, ("red", "green"), cut=cut_to((slice(98, 143), slice(98, 143))))
    assert (changed(canvas, after)[112:120, 112:120] > 40).all()


def test_own_colour_of_the_product_is_found_in_its_cutout():
    after = recoloured(shirt(RED), ("", "green"), cut=cut_to(SHIRT))
    assert after.rgb[140, 120, 1] > after.rgb[140, 120, 0] + 40


def test_own_colour_needs_a_product_with_one_colour():
    assert rejected(shirt(RED), ("", "green")).code == "product_not_found"
    two = shirt(RED, ("rectangle", (80, 140, 160, 190), BLUE))
    assert rejected(two, ("", "green"), cut=cut_to(SHIRT)).code == "colour_not_found"
    assert rejected(shirt((90, 92, 94)), ("", "green"), cut=cut_to(SHIRT)).code == "colour_not_found"


@pytest.mark.parametrize("size", [(41, 33), (700, 20), (12, 300)])
def test_odd_sizes_are_recoloured(size):
    canvas = canvas_of(
        ("rectangle", (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2), RED), size=size
    )
    assert recoloured(canvas, ("red", "blue")).rgb.shape == canvas.rgb.shape


def test_areas_apart_from_the_main_one_and_of_another_tone_change_with_a_note():
    alone = canvas_of(("rectangle", (20, 60, 120, 180), BLUE))
    assert recoloured(alone, ("blue", "red")).notes == ()
    apart = canvas_of(("rectangle", (20, 60, 120, 180), BLUE), ("rectangle", (180, 60, 220, 120), BLUE))
    assert recoloured(apart, ("blue", "red")).notes == ("separate areas of blue were changed, too",)
    strap = canvas_of(
        ("rectangle", (60, 60, 180, 180), (236, 200, 60)), ("rectangle", (80, 60, 100, 180), (226, 164, 70))
    )
    assert recoloured(strap, ("yellow", "green")).notes == (
        "areas of another tone of yellow were changed, too",
    )


def test_orange_that_is_yellow_for_a_large_part_is_rejected_where_no_product_stands_out():
    canvas = canvas_of()
    part = np.linspace(0, 1, 120)[None, :, None]
    blend = (1 - part) * np.array((228, 140, 20)) + part * np.array((240, 205, 30))
    pixels = canvas.rgb.copy()
    pixels[60:180, 60:180] = blend
    assert rejected(replace(canvas, rgb=pixels), ("orange", "green")).code == "colour_not_separable"
