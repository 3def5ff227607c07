"""What a catalog asks of its results, from its cells to the ledger and to what a worker gets."""

from __future__ import annotations

import pytest
from PIL import Image

from qie_batch.errors import UsageError
from qie_batch.model import Checks, InvalidManifest, JobOrder, RowDefaults
from tests.support.ledgers import WORKER, enqueue
from tests.support.submitting import submitted

HEADER = "id,image,instruction,expect_text,expect_color,export_channel,gates,rerolls\n"


@pytest.fixture
def catalog(tmp_path):
    Image.effect_noise((96, 64), 40).convert("RGB").save(tmp_path / "shoe.png")

    def write(*rows):
        path = tmp_path / "catalog.csv"
        path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
        return path

    return write


def test_a_row_asks_and_the_rest_is_the_jobs(catalog, settings, ledger):
    path = catalog(
        "1,shoe.png,warmer,New Arrival|新品,navy,amazon,drift=2 text=off,3", "2,shoe.png,cooler,,,,,"
    )
    job = JobOrder(defaults=RowDefaults(checks=Checks(rerolls=1, limits={"drift": 5.0, "outside": None})))
    job_id = submitted(path, ledger, settings, order=job)
    enqueue(ledger)
    asked = [ledger.attempts.claim(f"{job_id}.{row}", WORKER, 60.0).checks for row in (0, 1)]
    assert asked[0] == Checks(
        expect_text=("New Arrival", "新品"),
        expect_color="navy",
        channel="amazon",
        limits={"drift": 2.0, "outside": None, "text": None},
        rerolls=3,
    )
    assert asked[1] == job.defaults.checks


@pytest.mark.parametrize(
    ("cells", "column", "says"),
    [
        (",,,drfit=2,", "gates", "There is no gate 'drfit': choose "),
        (",,,drift,", "gates", "'gates' holds 'drift': write off, or gate=limit"),
        (",,amazom,,", "export_channel", "There is no channel 'amazom': choose amazon"),
        (",,,,9", "rerolls", "write a whole number from 0 to 8"),
    ],
)
def test_what_is_no_gate_channel_or_number_is_named(catalog, settings, ledger, cells, column, says):
    with pytest.raises(InvalidManifest) as refused:
        submitted(catalog(f"1,shoe.png,warmer,{cells}"), ledger, settings)
    (row,) = refused.value.bad_rows
    assert (row.line, row.id, row.column) == (2, "1", column)
    assert says in row.reason


def test_a_wrong_choice_of_the_job_is_said_once(catalog, settings, ledger):
    order = JobOrder(defaults=RowDefaults(checks=Checks(channel="amazom")))
    with pytest.raises(UsageError, match="There is no channel 'amazom'"):
        submitted(catalog("1,shoe.png,warmer,,,,,"), ledger, settings, order=order)
