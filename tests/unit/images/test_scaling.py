"""An image with transparency has its own colours at its edges at any size."""

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw

from qie_batch.images import fit, letterboxed, scaling

COLOUR = (90, 120, 200)


def disc(side=120, colour=COLOUR):
    """One colour, fully transparent around it."""
    image = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    box = (side // 10, side // 10, side * 9 // 10, side * 9 // 10)
    ImageDraw.Draw(image).ellipse(box, fill=(*colour, 255))
    return image


@pytest.mark.parametrize("side", [31, 97, 119, 240, 333])
def test_the_edge_of_a_cut_out_is_neither_brighter_nor_darker_than_its_inside(side):
    pixels = np.asarray(letterboxed(disc(), (side, side)))
    seen = pixels[pixels[..., 3] > 0]
    assert np.abs(seen[:, :3].astype(int) - COLOUR).max() <= 1
    assert pixels[side // 2, side // 2, 3] == 255
    assert pixels[0, 0, 3] == 0


def test_a_size_asked_for_scales_the_result_in_the_same_way():
    image = disc()
    assert fit(image, (), (64, 64)).restore(image) == letterboxed(image, (64, 64))


@pytest.mark.parametrize("size", [(40, 30), (300, 500)])
def test_strips_meet_without_a_seam(size, monkeypatch):
    noise = Image.merge("RGBA", [Image.effect_noise((150, 130), 90) for _ in range(4)])
    whole = scaling.scaled(noise, size, (5, 9, 141, 120))
    monkeypatch.setattr(scaling, "_STRIP", 2_000)
    apart = ImageChops.difference(scaling.scaled(noise, size, (5, 9, 141, 120)), whole)
    assert max(high for _, high in apart.getextrema()) <= 2


def test_bands_beside_a_soft_shadow_are_transparent():
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 60))
    image.paste((90, 120, 200, 255), (10, 10, 30, 30))
    assert letterboxed(image, (80, 40)).getpixel((2, 20))[3] == 0
