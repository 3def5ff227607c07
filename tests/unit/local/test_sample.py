import csv

import pytest

from qie_batch.local.sample import CATALOG, FULL_CATALOG, SAMPLES, copy_sample, examples_folder, sample_files
from qie_batch.manifest import open_manifest
from qie_batch.model import BadRow

USES = sorted(filter(None, SAMPLES))


def read(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows_of(catalog):
    return list(csv.DictReader(catalog.open(encoding="utf-8")))


def named(catalog):
    return {row[column] for row in rows_of(catalog) for column in ("image", "ref_image_2") if row.get(column)}


def test_every_folder_of_the_examples_is_a_sample():
    folders = {path.parent.name for path in examples_folder().glob(f"*/{CATALOG}")}
    assert folders == set(USES)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_copy_is_the_examples_of_the_checkout(tmp_path, name):
    catalog = copy_sample(tmp_path / "sample", name)
    assert copy_sample(tmp_path / "sample", name) == catalog
    assert catalog.name == CATALOG
    source = examples_folder(name)
    assert read(catalog.parent) == {
        str(path.relative_to(source)): path.read_bytes() for path in sample_files(name)
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_every_image_is_named_by_a_row_and_every_row_names_an_image(name):
    folder = examples_folder(name)
    images = {f"images/{path.name}" for path in (folder / "images").iterdir()}
    assert named(folder / CATALOG) == images
    if name:
        assert named(folder / FULL_CATALOG) <= images


@pytest.mark.parametrize("file", [CATALOG, FULL_CATALOG])
@pytest.mark.parametrize("name", USES)
def test_every_row_is_understood(name, file):
    path = examples_folder(name) / file
    rows = list(open_manifest(path).rows())
    assert not [row for row in rows if isinstance(row, BadRow)]
    assert len({row.id for row in rows}) == len(rows_of(path)) == len(rows)


def test_an_expected_failure_is_that_of_a_row():
    for name, sample in SAMPLES.items():
        assert set(sample.expected_failures) <= {
            row["id"] for row in rows_of(examples_folder(name) / CATALOG)
        }


def test_the_samples_are_small_enough_to_live_in_the_repository():
    sizes = {name: sum(path.stat().st_size for path in sample_files(name)) for name in SAMPLES}
    assert sizes.pop("") < 800_000
    assert sum(sizes.values()) < 2_000_000
