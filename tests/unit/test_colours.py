import colorsys

import pytest

from qie_batch.colours import BY_WORD, COLOURS, shaded

SHADES = ("light", "pale", "pastel", "soft", "dark", "deep", "bright")
HUED = [colour for colour in COLOURS if colour.family]


@pytest.mark.parametrize("colour", HUED, ids=lambda colour: colour.name)
def test_a_colour_and_its_shades_lie_in_the_arc_of_its_family(colour):
    for found in (colour, *(shaded(shade, colour) for shade in SHADES)):
        hue = 360 * colorsys.rgb_to_hsv(*found.rgb)[0]
        arc = found.family
        assert any(arc.first - 1 <= turn <= arc.last + 1 for turn in (hue, hue + 360)), found


def test_no_colour_word_means_two_colours():
    words = [word for colour in COLOURS for word in colour.words]
    assert len(words) == len(set(words)) == len(BY_WORD)
