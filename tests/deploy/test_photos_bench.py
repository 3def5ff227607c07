"""What bench/photos.py measures with: the comparison of two results, the table of edits, the verdicts."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    from photographs import packshots, rows  # noqa: PLC0415 - the folder is on the path only here

    yield packshots, rows
    for name in [name for name in sys.modules if name.partition(".")[0] == "photographs"]:
        del sys.modules[name]


def composed(packshots, *, product, alpha, shade=1.0):
    """Two results with one pixel each."""
    colours = [np.asarray(rgb, np.float32) for _, rgb in (packshots.FIRST, packshots.SECOND)]
    return [
        (alpha * np.asarray(product, np.float32) + (1 - alpha) * shade * colour)[None, None]
        for colour in colours
    ]


@pytest.mark.parametrize("product", [(255, 255, 255), (0, 0, 0), (0x2F, 0x8F, 0x4E), (0xC8, 0x1E, 0xC8)])
def test_a_product_of_any_colour_is_no_backdrop(bench, product):
    packshots, _ = bench
    assert packshots.backdrop_share(*composed(packshots, product=product, alpha=1.0)) == 0


@pytest.mark.parametrize("shade", [1.0, 0.8, 0.3])
def test_backdrop_in_shadow_is_backdrop(bench, shade):
    packshots, _ = bench
    assert packshots.backdrop_share(*composed(packshots, product=(0, 0, 0), alpha=0.0, shade=shade)) == 1


def test_the_rim_is_as_much_backdrop_as_its_alpha_says(bench):
    packshots, _ = bench
    share = packshots.backdrop_share(*composed(packshots, product=(240, 240, 240), alpha=0.7))
    assert share == pytest.approx(0.3, abs=0.01)


def test_the_table_has_each_edit_once_and_the_verdicts_are_of_its_rows(bench):
    _, rows = bench
    table = rows.read_rows()
    assert len({(row.photo, row.instruction) for row in table}) == len(table) >= 230
    assert {row.possible for row in table} == {"yes", "no", "maybe"}
    assert {number for number, _ in rows.read_verdicts()} <= {row.number for row in table}


def test_a_verdict_ends_with_the_pixels_that_it_is_of(bench):
    _, rows = bench
    image = Image.new("RGB", (4, 3), "red")
    assert rows.checksum(image) == rows.checksum(image.convert("RGBA"))
    assert rows.checksum(image) != rows.checksum(image.resize((3, 4)))
