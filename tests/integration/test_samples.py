"""The catalogs of examples/, submitted together and edited by classic."""

from __future__ import annotations

import csv

import pytest
from PIL import Image

from qie_batch.engines.classic import create
from qie_batch.local.sample import CATALOG, FULL_CATALOG, SAMPLES, examples_folder
from qie_batch.model import ItemState, JobOrder
from qie_batch.steps.edit import edit
from qie_batch.wiring.services import gates as gates_of
from tests.support.ledgers import enqueue
from tests.support.submitting import closing_ledger, services, submitted

#: Pixels of the longer side: small, and as they are.
SMALL, WHOLE = 400, 2000
#: They are read by OCR, which needs their size and more time.
POSTERS = "posters"


@pytest.fixture
def settings(stack, s3, tmp_path):
    with services(stack, s3, tmp_path) as settings:
        yield settings


@pytest.fixture
def ledger(settings):
    with closing_ledger(settings) as ledger:
        yield ledger


@pytest.fixture
def outcomes(tmp_path, settings, ledger, make_context):
    """Row id, behind the sample's name, to error code or state of all that did not succeed."""

    def outcomes(names, side, gates=None, choose=lambda rows, _name: rows):
        job = submitted(write(names, tmp_path, side, choose=choose), ledger, settings)
        context = make_context(create({}), gates=gates)
        while queued := enqueue(ledger):
            for item_id in queued:
                edit(item_id, context)
        items = list(ledger.jobs.items(job))
        assert {item.row_id.partition("/")[0] for item in items} == {name or "plain" for name in names}
        return {
            item.row_id: item.failure.code if item.failure else str(item.state)
            for item in items
            if item.state is not ItemState.SUCCEEDED
        }

    return outcomes


def write(names, folder, side, file=CATALOG, choose=lambda rows, _name: rows):
    """One catalog of the rows of all, with smaller images."""
    rows = []
    for name in names:
        for row in choose(list(csv.DictReader((examples_folder(name) / file).open(encoding="utf-8"))), name):
            images = {
                column: smaller(name, row[column], folder, side)
                for column in ("image", "ref_image_2")
                if row.get(column)
            }
            rows.append({**row, **images, "id": f"{name or 'plain'}/{row['id']}"})
    path = folder / "catalog.csv"
    with path.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, dict.fromkeys(column for row in rows for column in row))
        writer.writeheader()
        writer.writerows(rows)
    return path


def smaller(name, image, folder, side):
    target = folder / f"{name or 'plain'}-{image.removeprefix('images/')}"
    if not target.exists():
        shown = Image.open(examples_folder(name) / image)
        shown.thumbnail((side, side))
        shown.save(target, quality=95, subsampling=0)
    return target.name


def expected(names):
    return {
        f"{name or 'plain'}/{row_id}": code
        for name in names
        for row_id, code in SAMPLES[name].expected_failures.items()
    }


def some(rows, name):
    """All of the plain sample; of another the first of each image, and those that fail."""
    first = {row["image"]: row["id"] for row in reversed(rows)}
    kept = {*first.values(), *SAMPLES[name].expected_failures}
    return [row for row in rows if not name or row["id"] in kept]


def test_rows_end_as_their_samples_say(outcomes):
    names = [name for name in SAMPLES if name != POSTERS]
    assert outcomes(names, SMALL, choose=some) == expected(names)


def test_every_row_for_a_model_is_entered(tmp_path, settings, ledger):
    catalog = write(filter(None, SAMPLES), tmp_path, SMALL, FULL_CATALOG)
    job = submitted(catalog, ledger, settings, JobOrder(engine="qwen"))
    items = list(ledger.jobs.items(job))
    assert {item.state for item in items} == {ItemState.PENDING}
    assert len({item.row_id.partition("/")[0] for item in items}) == len(SAMPLES) - 1


@pytest.mark.slow
def test_no_gate_fails_a_result_of_a_sample(outcomes, settings):
    assert outcomes(SAMPLES, WHOLE, gates_of(settings)) == expected(SAMPLES)
