from __future__ import annotations

import pytest
from PIL import Image

from qie_batch.images import share_changed


def half(colour, mode="RGB", size=(40, 1100)):
    image = Image.new(mode, size, "white")
    image.paste(colour, (0, 0, size[0] // 2, size[1]))
    return image


def test_the_share_counts_pixels_that_differ_visibly_in_any_channel():
    white = Image.new("RGB", (40, 1100), "white")
    assert share_changed(white, white) == 0
    assert share_changed(white, half((255, 255, 240))) == 0.5
    assert share_changed(white, half((248, 250, 250))) == 0


def test_a_pixel_that_became_transparent_is_changed_and_a_hidden_colour_is_not():
    white = Image.new("RGB", (40, 1100), "white")
    assert share_changed(white, half((255, 255, 255, 0), "RGBA")) == 0.5
    assert share_changed(half((0, 255, 0, 0), "RGBA"), half((255, 0, 0, 0), "RGBA")) == 0


@pytest.mark.parametrize("size", [(41, 1100), (40, 20)])
def test_images_of_different_sizes_have_no_share(size):
    assert share_changed(Image.new("RGB", (40, 1100)), Image.new("RGB", size)) is None
