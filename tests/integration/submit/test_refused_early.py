"""Rows that no edit can be made of, whatever their pixels show, are told before a job is made."""

from __future__ import annotations

import pytest
from PIL import Image

from qie_batch import wiring
from qie_batch.errors import UsageError
from qie_batch.model import Checks, InvalidManifest, JobOrder, RowDefaults
from qie_batch.steps.submit import prepare
from tests.support.submitting import request, services, submitted

#: Column names of the user's own.
HEADER = "sku,Main_Image_URL,Prompt,size,steps,cfg"
GOOD = "make the background white"


@pytest.fixture
def settings(stack, s3, tmp_path):
    with services(stack, s3, tmp_path, engine="classic") as settings:
        yield settings


@pytest.fixture
def catalog(tmp_path):
    """Writes a catalog of these rows: instruction, size, steps, cfg; returns its path."""
    Image.new("RGB", (400, 300), "teal").save(tmp_path / "p.jpg")

    def write(*rows):
        lines = [f"{number},p.jpg,{row}" for number, row in enumerate(rows, start=1)]
        path = tmp_path / "catalog.csv"
        path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
        return path

    return write


def surveyed(path, ledger, settings, **order):
    asked = request(path, JobOrder(**order), skip_bad_rows=True)
    with prepare(asked, wiring.submit_context(settings, ledger)) as prepared:
        return prepared.survey


def test_each_refusal_names_line_and_column_of_the_users_own_file(catalog, ledger, settings):
    path = catalog(
        f"{GOOD},,,",
        "make the model smile,,,",
        '"add the text ""한국"" at the top",,,',
        f'"add the text ""{"long " * 30}""",,,',
        f"{GOOD},80x80,,",
        '"add the text ""New"" at the top",80x80,,',
        "make it pop,,,",
        f"{GOOD},,1,0",
    )
    survey = surveyed(path, ledger, settings)
    assert [(row.line, row.id, row.column, row.code) for row in survey.bad_rows] == [
        (3, "2", "Prompt", "instruction_not_understood"),
        (4, "3", "Prompt", "glyph_missing"),
        (5, "4", "Prompt", "text_does_not_fit"),
        (7, "6", "Prompt", "text_does_not_fit"),
        (8, "7", "Prompt", "instruction_not_understood"),
    ]
    assert (survey.rows, survey.bad) == (8, 5)
    assert "“한” (U+D55C), “국” (U+AD6D)" in survey.bad_rows[1].reason


def test_the_others_are_edited_where_bad_rows_are_skipped(catalog, ledger, settings):
    path = catalog(f"{GOOD},,,", "make the model smile,,,", "make it warmer,,,")
    with pytest.raises(InvalidManifest, match="1 of 3 rows cannot be edited; nothing was submitted"):
        submitted(path, ledger, settings)
    job_id = submitted(path, ledger, settings, skip_bad_rows=True)
    items = list(ledger.jobs.items(job_id))
    assert [(item.state, item.failure and item.failure.code) for item in items] == [
        ("pending", None),
        ("failed", "instruction_not_understood"),
        ("pending", None),
    ]
    assert (
        "line 3, column 'Prompt', id '2': Did not understand “make the model smile”"
        in items[1].failure.reason
    )


def test_an_instruction_for_all_rows_is_checked_in_each(catalog, ledger, settings):
    path = catalog(",,,", "make it warmer,,,")
    survey = surveyed(path, ledger, settings, defaults=RowDefaults(instruction="crop it nicely"))
    assert [(row.line, row.code) for row in survey.bad_rows] == [(2, "instruction_not_understood")]


def test_steps_and_cfg_that_the_model_cannot_take_are_refused(catalog, ledger, settings):
    path = catalog("anything,,,", "anything,,1,", "anything,,2,0.5", "anything,,2,1")
    survey = surveyed(path, ledger, settings, engine="qwen")
    assert [(row.line, row.column, row.code) for row in survey.bad_rows] == [
        (3, "steps", "steps_out_of_range"),
        (4, "cfg", "cfg_out_of_range"),
    ]


def test_a_channel_without_a_rule_file_is_a_bad_row_or_no_job(tmp_path, ledger, settings):
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "p.jpg")
    path = tmp_path / "channels.csv"
    path.write_text(f"id,image,instruction,export_channel\n1,p.jpg,{GOOD},amason\n2,p.jpg,{GOOD},House\n")
    (tmp_path / "house.toml").write_text("dated = 2026-11-27\nsize = { aim = 500 }\n")
    own = settings.model_copy(update={"channels": tmp_path / "house.toml"})
    (bad,) = surveyed(path, ledger, own).bad_rows
    assert (bad.id, bad.column, bad.code) == ("1", "export_channel", "channel_unknown")
    assert bad.reason.startswith("There is no channel 'amason': choose amazon, google, house, ")
    order = {"defaults": RowDefaults(checks=Checks(channel="ebay"))}
    with pytest.raises(UsageError, match="There is no channel 'ebay'"):
        surveyed(path, ledger, own, **order)
