import csv

import pytest
from PIL import Image

from qie_batch.engines.classic import create
from qie_batch.errors import Rejected
from qie_batch.local.sample import EXPECTED_FAILURES, copy_sample, examples_folder
from qie_batch.model import EditParams, EditRequest


@pytest.fixture
def catalog(tmp_path):
    return copy_sample(tmp_path / "sample")


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_copy_is_the_examples_of_the_checkout(catalog):
    assert catalog.name == "catalog.csv"
    assert files(catalog.parent) == files(examples_folder())


def test_a_second_copy_may_go_to_the_same_folder(catalog):
    assert copy_sample(catalog.parent) == catalog


def test_every_image_is_named_by_a_row_and_every_row_names_an_image(catalog):
    named = {row["image"] for row in csv.DictReader(catalog.open(encoding="utf-8"))}
    assert named == set(files(catalog.parent)) - {"catalog.csv"}


def test_every_row_ends_as_the_sample_expects(catalog):
    engine, failures = create({}), {}
    rows = list(csv.DictReader(catalog.open(encoding="utf-8")))
    assert len({row["id"] for row in rows}) == len(rows)
    images = {
        name: Image.open(catalog.parent / name).resize((400, 400)) for name in {row["image"] for row in rows}
    }
    for row in rows:
        image = images[row["image"]]
        request = EditRequest(
            images=(image,),
            width=400,
            height=400,
            params=EditParams(instruction=row["instruction"], negative=" "),
        )
        try:
            engine.edit(request, lambda _step: None)
        except Rejected as error:
            failures[row["id"]] = error.code
    assert failures == EXPECTED_FAILURES


def test_the_sample_is_small_enough_to_live_in_the_repository():
    assert sum(map(len, files(examples_folder()).values())) < 1_500_000
