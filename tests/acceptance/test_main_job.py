"""The sample catalog, and what four commands and the store say about it, held against one another."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from decimal import Decimal

import pytest


@pytest.fixture(scope="module")
def first(up, desk):
    """The sample catalog, submitted once: thirteen rows that can be edited, one that no engine here can."""
    return up("submit", desk.examples / "catalog.csv", "--wait", code=1)


@pytest.fixture(scope="module")
def downloaded(up, first):
    return up.results(first.last)


@pytest.fixture(scope="module")
def good(first, up, desk):
    """The catalog of a user who left out the row that failed, in a folder of its own."""
    assert first.code == 1
    folder = up.home / "good"
    shutil.copytree(desk.examples / "images", folder / "images")
    rows = desk.read(desk.examples / "catalog.csv")
    desk.write(
        folder / "catalog.csv", [list(row.values()) for row in rows if row["id"] != "jacket-zip"], rows[0]
    )
    return folder


def test_the_wheel_brings_the_sample_that_demo_copies(installed, desk, tmp_path):
    script = "import pathlib, qie_batch.local.sample as s; print(s.copy_sample(pathlib.Path('sample')))"
    command = [installed.parent / "python", "-I", "-c", script]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    assert printed == "sample/catalog.csv\n"
    paths = (desk.examples / "catalog.csv", *(desk.examples / "images").iterdir())
    given = [path.relative_to(desk.examples) for path in paths]
    assert len(given) == 7
    for name in given:
        assert (tmp_path / "sample" / name).read_bytes() == (desk.examples / name).read_bytes()


def test_says_what_it_does_and_prints_the_job_id_alone_on_the_last_line(first, up):
    assert first.out == first.last + "\n"
    assert first.last in [job["job"] for job in up.json("status")]
    assert "engine classic: " in first.err
    assert "14 rows, 14 items, 6 pictures" in first.err
    assert "13 of 14 succeeded, 1 failed" in first.err


def test_every_row_comes_back_once_and_unchanged(downloaded, desk):
    rows, given = desk.read(downloaded / "results.csv"), desk.read(desk.examples / "catalog.csv")
    assert [{name: row[name] for name in given[0]} for row in rows] == given
    assert {row["qie_status"] for row in rows} == {"succeeded", "failed"}


def test_every_result_lies_in_the_store_with_the_hash_that_the_ledger_says(first, up, downloaded, desk):
    query = """SELECT row_id, object_key, sha256, width, height FROM items
               JOIN results ON result_key = results.cache_key WHERE job_id = ?"""
    ledger = up.ledger(query, first.last)
    assert len(ledger) == 13
    rows = {row["id"]: row for row in desk.read(downloaded / "results.csv")}
    s3, bucket = up.s3, up.config["s3_bucket"]
    for item in ledger:
        stored = s3.get_object(Bucket=bucket, Key=item["object_key"])["Body"].read()
        row = rows[item["row_id"]]
        assert hashlib.sha256(stored).hexdigest() == item["sha256"]
        assert (downloaded / row["qie_output"]).read_bytes() == stored
        assert (int(row["qie_width"]), int(row["qie_height"])) == (item["width"], item["height"])


def test_status_cost_and_results_agree(first, up, downloaded, desk):
    status = up.json("status", first.last)
    lines = up.json("cost", first.last, "--by", "sku")
    rows = desk.read(downloaded / "results.csv")
    assert status["counts"] == {
        "pending": 0,
        "queued": 0,
        "running": 0,
        "succeeded": 13,
        "needs_review": 0,
        "rejected": 0,
        "failed": 1,
        "cancelled": 0,
    }
    assert status["failures"] == {"colour_not_found": 1}
    assert status["total"] == len(rows) == len(lines) == 14
    assert status["attempts"] == sum(int(row["qie_attempts"]) for row in rows) == 14
    spent = Decimal(status["spent_usd"])
    assert spent == sum(Decimal(row["qie_cost"]) for row in rows) > 0
    assert spent == sum(Decimal(line["spent_usd"]) for line in lines)
    assert Decimal(status["lost_usd"]) == sum(Decimal(line["lost_usd"]) for line in lines)
    seconds = sum(Decimal(row["qie_seconds"]) for row in rows)
    assert float(seconds) == pytest.approx(status["device_seconds"], abs=0.001 * len(rows))


def test_errors_csv_has_the_failing_row_alone(downloaded, desk):
    (row,) = desk.read(downloaded / "errors.csv")
    assert (row["id"], row["qie_error_code"]) == ("jacket-zip", "colour_not_found")
    assert "nothing yellow" in row["qie_error"]
    assert (downloaded / "report.html").stat().st_size > 10_000


def test_ledger_and_store_agree(first, up):
    assert first.last
    found = up.json("fsck")
    assert found["faults"] == found["orphans"] == []
    assert found["results"] >= 13


def test_nothing_is_old_yet(first, up):
    assert first.last
    found = up.json("prune", "--older-than", "1d")
    assert (found["dry_run"], found["jobs"], found["objects"]) == (True, [], 0)
    assert "days or weeks" in up("prune", "--older-than", "soon", code=2).err


def test_submitted_again_nothing_is_edited(good, up):
    again = up("submit", good / "catalog.csv", "--wait")
    assert "every edit is cached: nothing to do, nothing to pay" in again.err
    status = up.json("status", again.last)
    assert (status["attempts"], status["cached"], status["counts"]["succeeded"]) == (0, 13, 13)
    assert Decimal(status["spent_usd"]) == 0 < Decimal(status["saved_usd"])


def test_with_one_row_changed_one_edit_is_made(good, up):
    catalog = good / "changed.csv"
    catalog.write_text(
        (good / "catalog.csv").read_text().replace("a mint background", "a lavender background")
    )
    status = up.json("status", up("submit", catalog, "--wait").last)
    assert (status["attempts"], status["cached"], status["total"]) == (1, 12, 13)


def test_errors_csv_mended_can_be_submitted_from_any_folder(downloaded, up, desk):
    mended = up.home / "elsewhere" / "mended.csv"
    mended.parent.mkdir()
    text = (downloaded / "errors.csv").read_text(encoding="utf-8-sig")
    mended.write_text(text.replace("change the yellow zip to red", "make it a bit darker"))
    job = up("submit", mended.name, "--wait", cwd=mended.parent).last
    (row,) = desk.read(up.results(job) / "results.csv")
    assert (row["id"], row["qie_status"], row["category"]) == ("jacket-zip", "succeeded", "clothing")
    assert "qie_folder" not in row
