import numpy as np

from qie_batch.vision.lock import put_back
from tests.support.moved import layers, on

WHITE, RED = (255, 255, 255), (170, 30, 30)


def test_kept_pixels_are_the_originals_and_far_ones_the_edits():
    colours, cover = layers()
    original = on(WHITE, colours, cover)
    edited = on(RED, 255 - colours, cover)
    out, kept = put_back(original, edited, cover)
    assert np.array_equal(kept, cover == 255)
    assert np.array_equal(out[kept], original[kept])
    assert np.array_equal(out[:40], edited[:40])


def test_the_seam_brings_nothing_of_the_old_backdrop_back():
    colours, cover = layers()
    colours = np.full_like(colours, 60)
    hard = (cover > 127).astype(np.uint8) * 255
    out, kept = put_back(on(WHITE, colours, cover), on((60, 60, 60), colours, cover), hard)
    assert int(out[~kept].max()) < 80  # a white rim would be 128 and more


def test_other_light_on_a_surface_that_goes_on_is_brought_to_the_originals_at_the_edge():
    surface = np.full((200, 300, 3), 140, np.uint8)
    mask = np.zeros((200, 300), np.uint8)
    mask[:, :150] = 255
    out, kept = put_back(surface, surface - 24, mask)
    beside = out[100, 150:300, 0].astype(int)
    assert abs(beside[0] - 140) <= 3
    assert beside[-1] == 116
    assert np.abs(np.diff(beside)).max() <= 6
    assert (out[kept] == 140).all()


def test_another_backdrop_gets_none_of_the_products_light():
    colours, cover = layers()
    edited = on((250, 240, 235), np.clip(colours.astype(int) - 20, 0, 255).astype(np.uint8), cover)
    hard = (cover > 127).astype(np.uint8) * 255
    out, _kept = put_back(on((200, 200, 200), colours, cover), edited, hard)
    around = (cover == 0) & (np.roll(cover, 12, axis=0) > 0)
    assert np.abs(out[around].astype(int) - edited[around]).max() <= 2


def test_a_mask_that_keeps_nothing_or_everything_gives_one_of_the_images():
    colours, cover = layers(96)
    original, edited = on(WHITE, colours, cover), on(RED, colours, cover)
    assert np.array_equal(put_back(original, edited, np.zeros_like(cover))[0], edited)
    assert np.array_equal(put_back(original, edited, np.full_like(cover, 255))[0], original)
