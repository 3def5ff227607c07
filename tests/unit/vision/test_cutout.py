import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from qie_batch.errors import Rejected
from qie_batch.vision.cutout import find_product
from qie_batch.vision.matte import refined

SIDE = 400
#: Left, top, right and bottom of the drawn product.
BODY = (130, 90, 270, 280)
GREY, BEIGE, BLUE = (205, 207, 210), (226, 211, 186), (42, 98, 181)


def scene(backdrop=GREY, product=BLUE, *, noise=0.0, quality=None, light=None, shadow=0.0, hole=False):
    """A product with an inner seam before a backdrop of one colour, and the true cover of the product."""
    large = Image.new("L", (4 * SIDE, 4 * SIDE))
    ImageDraw.Draw(large).rounded_rectangle([4 * each for each in BODY], radius=100, fill=255)
    if hole:
        ImageDraw.Draw(large).ellipse((680, 500, 920, 740), fill=0)
    cover = np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32) / 255
    down, across = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j].astype(np.float32)
    paper = np.full((SIDE, SIDE, 3), backdrop, np.float32)
    if light is not None:
        paper *= light(down, across)[..., None]
    paper *= (1 - shadow * np.exp(-((across / 0.55) ** 2) - ((down - 0.45) / 0.12) ** 2))[..., None]
    body = np.full((SIDE, SIDE, 3), product, np.float32)
    body[200:203, 150:250] *= 0.8
    pixels = paper * (1 - cover[..., None]) + body * cover[..., None]
    pixels += np.random.default_rng(4).normal(0, noise, pixels.shape)
    levels = np.clip(pixels.round(), 0, 255).astype(np.uint8)
    return (levels if quality is None else jpeg(levels, quality)), cover


def jpeg(levels, quality):
    coded = cv2.imencode(".jpg", levels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1].copy()


def wrong(pixels, cover, cutout=None):
    """Lost product and left backdrop, as shares of the product."""
    mask = refined(pixels, (cutout or find_product(pixels)).mask) / np.float32(255)
    area = (cover > 0.9).sum()
    return ((cover > 0.9) & (mask < 0.5)).sum() / area, ((cover < 0.1) & (mask >= 0.5)).sum() / area


def code(pixels):
    with pytest.raises(Rejected) as error:
        find_product(pixels)
    assert error.value.hint
    return error.value.code


def hot_spot(down, across):
    return 0.8 + 0.2 * np.exp(-((down + 0.2) ** 2 + across**2) / 0.8)


@pytest.mark.parametrize(
    "drawn",
    [
        {"product": (190, 40, 50), "quality": 60},
        {"product": (30, 30, 34), "quality": 75, "noise": 1},
        {"backdrop": BEIGE, "quality": 95, "noise": 1},
        {"backdrop": (255, 255, 255), "product": (246, 246, 246), "quality": 80},
        {"backdrop": (255, 255, 255), "product": (196, 198, 200), "quality": 60},
        {"backdrop": (240, 240, 240), "product": (252, 252, 252), "noise": 1, "quality": 90},
        {"backdrop": (38, 38, 42), "product": (90, 92, 90), "noise": 1, "quality": 85},
        {"light": hot_spot, "noise": 1, "quality": 85},
        {"light": hot_spot, "backdrop": (250, 250, 248), "product": (120, 120, 122)},
    ],
)
def test_clear_products_are_cut_out(drawn):
    lost, left = wrong(*scene(**drawn))
    assert lost < 0.01
    assert left < 0.05


@pytest.mark.parametrize("backdrop", [(255, 255, 255), (225, 225, 225), (96, 144, 205), BEIGE])
def test_shadow_is_no_product_and_is_kept_as_shade(backdrop):
    pixels, cover = scene(backdrop, (150, 30, 60), shadow=0.3, quality=95)
    cutout = find_product(pixels)
    lost, left = wrong(pixels, cover, cutout)
    assert lost < 0.01
    assert left < 0.03
    assert cutout.shade[300, 200] < 0.85
    assert cutout.shade[40, 40] > 0.98


def test_a_steep_shadow_that_touches_the_product_is_refused():
    pixels, _ = scene(GREY, (240, 240, 240))
    light = np.ones((SIDE, SIDE), np.float32)
    light[262:300, 130:270] = 0.6
    light = cv2.GaussianBlur(light, (0, 0), 5)
    light[:278, 150:250] = 1
    assert code((pixels * light[..., None]).astype(np.uint8)) == "product_not_found"


def test_backdrop_is_given_without_the_shadow_on_it():
    pixels, _ = scene(GREY, shadow=0.4)
    assert abs(find_product(pixels).backdrop - GREY).max() < 8


@pytest.mark.parametrize("backdrop", [GREY, BEIGE, (250, 250, 250)])
def test_backdrop_shows_through_a_hole(backdrop):
    lost, left = wrong(*scene(backdrop, hole=True, noise=1, quality=90))
    assert lost < 0.01
    assert left < 0.03


def test_white_inside_a_product_on_overexposed_paper_is_hole_or_print_and_refused():
    assert code(scene((255, 255, 255), hole=True)[0]) == "product_not_found"


def test_product_that_fades_into_the_backdrop_is_refused():
    _, cover = scene()
    fading = np.clip(np.linspace(45, 350, SIDE), 0, 225)
    grey = np.round(225 + cover * (fading - 225)).astype(np.uint8)
    assert code(np.repeat(grey[..., None], 3, axis=2)) == "product_not_found"


def test_print_of_a_product_as_white_as_the_paper_is_not_left_alone_in_the_backdrop():
    pixels = np.full((SIDE, SIDE, 3), 250, np.uint8)
    rng = np.random.default_rng(2)
    for left, top in rng.integers(100, 300, (60, 2)):
        cv2.line(pixels, (int(left), int(top)), (int(left) + 9, int(top) + 4), (190, 190, 190), 1)
    cv2.rectangle(pixels, (180, 180), (230, 230), BLUE, -1)
    assert code(pixels) == "product_not_found"


def test_product_of_the_papers_colour_is_refused():
    assert code(scene((250, 250, 250), (250, 250, 250))[0]) == "product_not_found"
    assert code(np.full((SIDE, SIDE, 3), 225, np.uint8)) == "product_not_found"


def test_table_before_a_wall_is_no_plain_background():
    pixels = scene()[0]
    pixels[270:330] = (150, 110, 70)
    assert code(pixels) == "background_not_plain"


def test_busy_background_is_refused():
    assert code(np.random.default_rng(1).integers(0, 255, (240, 320, 3), np.uint8)) == "background_not_plain"


@pytest.mark.parametrize("size", [(1600, 1200), (400, 300), (90, 160), (40, 40)])
def test_images_of_every_size_are_cut_out(size):
    picture = Image.fromarray(scene(noise=1)[0]).resize(size, Image.Resampling.BICUBIC)
    mask = find_product(np.asarray(picture)).mask
    assert max(mask.shape) <= 640
    assert 0.12 < mask.mean() < 0.23


def test_same_pixels_give_the_same_cutout():
    pixels = scene(noise=1, quality=80)[0]
    first, second = find_product(pixels), find_product(pixels.copy())
    assert (first.mask == second.mask).all()
    assert (first.shade == second.shade).all()


def test_a_large_image_is_cut_out_as_a_small_one_is():
    image = Image.new("RGB", (4000, 2600), (214, 214, 214))
    ImageDraw.Draw(image).ellipse((1100, 650, 2900, 2300), fill=(40, 80, 180))
    mask = find_product(np.asarray(image)).mask
    assert abs(float((mask > 0).mean()) - 0.224) < 0.01
