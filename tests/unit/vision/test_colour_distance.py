import numpy as np
import pytest

from qie_batch.vision.colour_distance import ciede2000, lab_of


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (61, -5, 29), 22.8977),
        ((50, 2.5, 0), (56, -27, -3), 31.9030),
        ((50, 2.5, 0), (58, 24, 15), 19.4535),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_distances_are_those_of_the_published_test_data(one, other, distance):
    pair = np.float32(one), np.float32(other)
    assert ciede2000(*pair) == pytest.approx(distance, abs=2e-4)
    assert ciede2000(*pair[::-1]) == pytest.approx(distance, abs=2e-4)


def test_grey_has_no_hue_that_counts():
    assert ciede2000(np.float32([50, 0, 0]), np.float32([50, 0, 0])) == 0


def test_lightness_counts_less_where_it_is_told_to():
    light, dark = np.float32([70, 20, 20]), np.float32([40, 20, 20])
    assert ciede2000(light, dark, lightness=3) == pytest.approx(float(ciede2000(light, dark)) / 3, rel=1e-3)


def test_white_is_100():
    assert lab_of(np.full((1, 1, 3), 255, np.uint8))[0, 0] == pytest.approx([100, 0, 0], abs=0.1)
