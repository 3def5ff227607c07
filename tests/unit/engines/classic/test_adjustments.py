import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qie_batch.engines.classic import adjustments
from qie_batch.engines.classic.canvas import Canvas
from qie_batch.engines.classic.edits import Tone

RAMP = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
ADJUSTMENTS = {
    **{tone.value: (lambda canvas, tone=tone: adjustments.tone(canvas, tone, 1.0)) for tone in Tone},
    "strong autumn": lambda canvas: adjustments.tone(canvas, Tone.AUTUMN, 1.5),
    "brighter": lambda canvas: adjustments.brightness(canvas, 0.3),
    "darker": lambda canvas: adjustments.brightness(canvas, -0.3),
    "more contrast": lambda canvas: adjustments.contrast(canvas, 0.3),
    "less contrast": lambda canvas: adjustments.contrast(canvas, -0.5),
    "more saturation": lambda canvas: adjustments.saturation(canvas, 0.4),
    "less saturation": lambda canvas: adjustments.saturation(canvas, -0.4),
    "grey": adjustments.grey,
    "sharpen": lambda canvas: adjustments.sharpen(canvas, 1.0),
    "levels": adjustments.auto_levels,
    "white balance": adjustments.white_balance,
}
every_adjustment = pytest.mark.parametrize("adjust", ADJUSTMENTS.values(), ids=ADJUSTMENTS)


def noise(height=40, width=50, low=0, high=256, seed=0):
    return np.random.default_rng(seed).integers(low, high, (height, width, 3), np.uint8)


def plain(*rgb, side=24):
    return Canvas(rgb=np.full((side, side, 3), rgb, np.uint8))


def seen(canvas):
    return tuple(int(value) for value in canvas.rgb[canvas.rgb.shape[0] // 2, canvas.rgb.shape[1] // 2])


def hue(rgb):
    return float(cv2.cvtColor(np.array([[rgb]], np.float32) / 255, cv2.COLOR_RGB2HSV)[0, 0, 0])


def chroma(rgb):
    return max(rgb) - min(rgb)


@every_adjustment
def test_alpha_and_product_stay_and_the_input_does_not_change(adjust):
    rgb, alpha = noise(), noise(seed=1)[..., 0]
    canvas = Canvas(rgb=rgb.copy(), alpha=alpha.copy(), product=alpha.copy(), notes=("before",))
    after = adjust(canvas)
    assert (canvas.rgb == rgb).all()
    assert (after.alpha == alpha).all()
    assert (after.product == alpha).all()
    assert after.rgb.shape == rgb.shape
    assert after.notes[0] == "before"


@every_adjustment
def test_a_grey_ramp_stays_smooth(adjust):
    steps = np.diff(adjust(Canvas(rgb=RAMP)).rgb[0].astype(int), axis=0)
    assert steps.min() >= (-1 if adjust is ADJUSTMENTS["vintage"] else 0)
    # A power curve is steep at black.
    assert steps[8:].max() <= 3


@pytest.mark.parametrize("name", [name for name in ADJUSTMENTS if name not in {*Tone, "strong autumn"}])
def test_white_stays_white_and_black_stays_black(name):
    after = ADJUSTMENTS[name](Canvas(rgb=RAMP)).rgb
    assert (after[0, 0] == 0).all()
    assert (after[0, -1] == 255).all()


@every_adjustment
def test_strips_leave_no_seam(adjust, monkeypatch):
    canvas = Canvas(rgb=noise(90, 70), alpha=noise(90, 70, seed=2)[..., 0])
    whole = adjust(canvas)
    monkeypatch.setattr("qie_batch.vision.bands._STRIP", 7 * 70)
    assert abs(adjust(canvas).rgb.astype(int) - whole.rgb).max() <= (
        4 if adjust is ADJUSTMENTS["sharpen"] else 0
    )


@settings(max_examples=15, deadline=None)
@given(
    rgb=st.tuples(*[st.integers(0, 255)] * 3),
    change=st.floats(-0.6, 0.6),
)
def test_light_changes_keep_the_hue(rgb, change):
    for change_light in (adjustments.brightness, adjustments.contrast, adjustments.saturation):
        after = seen(change_light(plain(*rgb, side=1), change))
        if min(chroma(rgb), chroma(after)) > 60:
            assert abs((hue(rgb) - hue(after) + 180) % 360 - 180) < 3


def test_brightness_moves_middle_lightness_by_the_share():
    lightness = [
        cv2.cvtColor(np.array([[seen(canvas)]], np.float32) / 255, cv2.COLOR_RGB2LAB)[0, 0, 0]
        for canvas in (
            adjustments.brightness(plain(119, 119, 119), 0.2),
            adjustments.brightness(plain(119, 119, 119), -0.2),
        )
    ]
    assert lightness == pytest.approx([60, 40], abs=1)


def test_contrast_turns_around_the_middle():
    levels = [seen(adjustments.contrast(plain(level, level, level), 0.4))[0] for level in (64, 128, 192)]
    assert levels[0] < 60
    assert levels[1] == 128
    assert levels[2] > 196


def test_saturation_of_minus_one_is_grey_and_more_is_more_at_the_same_luma():
    canvas = Canvas(rgb=noise())
    assert (adjustments.saturation(canvas, -1).rgb == adjustments.grey(canvas).rgb).all()
    after = adjustments.saturation(plain(140, 110, 100), 0.5)
    assert chroma(seen(after)) == pytest.approx(60, abs=2)
    luma = [float(np.dot(rgb, (0.299, 0.587, 0.114))) for rgb in ((140, 110, 100), seen(after))]
    assert luma[0] == pytest.approx(luma[1], abs=1)


def test_autumn_turns_leaves_to_orange_and_red():
    for leaf in ((60, 140, 50), (150, 190, 60), (30, 90, 40), (200, 210, 70)):
        assert 5 < hue(seen(adjustments.tone(plain(*leaf), Tone.AUTUMN, 1.0))) < 45


@pytest.mark.parametrize(
    "rgb", [(64, 200, 220), (27, 138, 143), (20, 150, 120), (43, 95, 184), (70, 60, 170)]
)
@pytest.mark.parametrize("strength", [0.5, 1.0, 1.5])
def test_autumn_leaves_turquoise_and_blue_alone(rgb, strength):
    after = seen(adjustments.tone(plain(*rgb), Tone.AUTUMN, strength))
    assert abs(hue(after) - hue(rgb)) < 2
    assert max(abs(a - b) for a, b in zip(after, rgb, strict=True)) < 12


@pytest.mark.parametrize("rgb", [(222, 176, 150), (190, 130, 100), (120, 80, 60), (245, 214, 196)])
def test_autumn_keeps_skin_natural(rgb):
    assert abs(hue(seen(adjustments.tone(plain(*rgb), Tone.AUTUMN, 1.0))) - hue(rgb)) < 12


def test_a_tone_is_stronger_with_its_strength():
    for tone in Tone:
        warmth = [
            abs(np.subtract(seen(adjustments.tone(plain(90, 150, 80), tone, strength)), (90, 150, 80))).sum()
            for strength in (0, 0.5, 1.0, 1.5)
        ]
        assert warmth[0] == 0
        assert warmth == sorted(set(warmth))


def stripes(low, high, noisy=0.0):
    rgb = np.full((60, 90), low, np.float32)
    rgb[:, 45:] = high
    rgb[20:40, 60:63] = low
    rgb += np.random.default_rng(4).normal(0, noisy, rgb.shape)
    return np.repeat(np.clip(rgb.round(), 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def test_sharpening_steepens_edges_without_bright_halos():
    rgb = cv2.GaussianBlur(stripes(60, 240), (0, 0), 1.2)
    after = adjustments.sharpen(Canvas(rgb=rgb), 1.0).rgb
    assert np.diff(after[5, :, 0].astype(int)).max() > np.diff(rgb[5, :, 0].astype(int)).max() + 5
    assert after.max() <= 245


def test_sharpening_does_not_raise_noise():
    rgb = stripes(120, 120, noisy=1.5)
    before, after = rgb[:, :40].std(), adjustments.sharpen(Canvas(rgb=rgb), 1.0).rgb[:, :40].std()
    assert after < before * 1.35


def test_hidden_colours_do_not_change_what_is_sharpened():
    rgb = stripes(100, 100)
    alpha = np.full(rgb.shape[:2], 255, np.uint8)
    alpha[:, 45:] = 0
    hidden = rgb.copy()
    hidden[:, 45:] = 0
    after = adjustments.sharpen(Canvas(rgb=hidden, alpha=alpha), 1.5).rgb
    assert abs(after[:, :45].astype(int) - 100).max() <= 1


def test_levels_are_stretched_to_the_ends():
    after = adjustments.auto_levels(Canvas(rgb=noise(low=60, high=190)))
    assert after.rgb.min() < 5
    assert after.rgb.max() > 250
    assert after.notes == ()


def test_full_levels_stay_with_a_note():
    canvas = Canvas(rgb=noise())
    after = adjustments.auto_levels(canvas)
    assert (after.rgb == canvas.rgb).all()
    assert after.notes == ("levels were already full",)


def test_levels_of_a_plain_image_stay_limited():
    assert 40 < seen(adjustments.auto_levels(plain(120, 120, 120)))[0] < 220


def test_white_balance_takes_the_tint_of_the_light_away():
    rgb = noise(60, 60, low=154, high=157, seed=3)
    rgb[:, :30] = (120, 40, 40)
    tinted = np.round(rgb * (1.0, 0.95, 0.88)).astype(np.uint8)
    after = adjustments.white_balance(Canvas(rgb=tinted)).rgb[:, 35:].reshape(-1, 3).mean(axis=0)
    assert np.ptp(after) < 3


def test_white_balance_leaves_neutral_light_with_a_note():
    paper = noise(60, 60, low=238, high=243)
    paper[20:40, 20:40] = (40, 90, 200)
    after = adjustments.white_balance(Canvas(rgb=paper))
    assert (after.rgb == paper).all()
    assert after.notes == ("white balance was already right",)


def test_an_image_of_one_colour_does_not_turn():
    after = adjustments.white_balance(plain(150, 40, 160))
    assert seen(after) == (150, 40, 160)
    assert after.notes == ("found nothing white or grey to balance by",)
    sky = np.full((60, 60, 3), (120, 170, 215), np.uint8)
    sky[20:40, 20:40] = (200, 200, 198)
    assert hue(adjustments.white_balance(Canvas(rgb=sky)).rgb[0, 0]) == pytest.approx(
        hue((120, 170, 215)), abs=4
    )


@every_adjustment
@pytest.mark.parametrize("size", [(1, 1), (2, 300), (301, 1)])
def test_odd_sizes_are_adjusted(adjust, size):
    assert adjust(Canvas(rgb=noise(*size))).rgb.shape == (*size, 3)
    clear = Canvas(rgb=noise(*size), alpha=np.zeros(size, np.uint8))
    assert (adjust(clear).alpha == 0).all()
