import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from qie_batch.engines.classic import create
from qie_batch.errors import Rejected
from qie_batch.local.sample import EXPECTED_FAILURES, draw_sample
from qie_batch.model import EditParams, EditRequest

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    return draw_sample(tmp_path_factory.mktemp("sample"))


def test_examples_in_the_checkout_are_what_draw_sample_draws(catalog):
    assert catalog.read_bytes() == (EXAMPLES / "catalog.csv").read_bytes()
    drawn = sorted(path.name for path in (catalog.parent / "images").iterdir())
    assert drawn == sorted(path.name for path in (EXAMPLES / "images").iterdir())
    for name in drawn:
        # Within JPEG's own error: another build of NumPy, OpenCV or libjpeg rounds otherwise.
        new, old = (
            np.asarray(Image.open(folder / "images" / name), int) for folder in (catalog.parent, EXAMPLES)
        )
        assert abs(new - old).mean() < 1.5, name


def test_every_row_ends_as_the_sample_expects(catalog):
    engine, failures = create({}), {}
    rows = list(csv.DictReader(catalog.open(encoding="utf-8")))
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        picture = Image.open(catalog.parent / row["image"]).resize((200, 200))
        request = EditRequest(
            images=(picture,),
            width=200,
            height=200,
            params=EditParams(instruction=row["instruction"], negative=" "),
        )
        try:
            engine.edit(request, lambda _step: None)
        except Rejected as error:
            failures[row["id"]] = error.code
    assert failures == EXPECTED_FAILURES


def test_sample_is_small_enough_to_live_in_the_repository():
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*") if path.is_file()) < 1_500_000
