"""Succeeded items leave in a channel's form, once, and a feed gets their addresses."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from types import SimpleNamespace

import openpyxl
import pytest
from click.testing import CliRunner

from qie_batch import wiring
from qie_batch.cli import SOME_FAILED, USAGE, main
from qie_batch.errors import Conflict, UsageError
from qie_batch.exports.channel import Span
from qie_batch.exports.reading import read_channel
from qie_batch.model import Decision, InvalidManifest
from qie_batch.steps.export import (
    ArchiveDestination,
    ExportContext,
    Exported,
    ExportRequest,
    FeedRequest,
    FeedWritten,
    FolderDestination,
    Outcome,
    export_images,
)
from qie_batch.steps.export.record import RECORD
from qie_batch.stores.s3 import create_bucket
from tests.support import products
from tests.support.exporting import catalog, finished
from tests.support.submitting import closing_ledger, services

IDS = ("bottle", "box", "scene")
PAINTED = {
    "bottle": lambda: products.on("white", (300, 300)),
    "box": lambda: products.cut_out((300, 300), wide=True),
    "scene": lambda: products.scene((100, 100)),
}

#: With fewer pixels than the real one, to be quick.
SMALL = replace(read_channel("amazon"), aim=200, longest=Span(100, 10_000))
MINE = "dated = 2026-11-27\nsize = { aim = 200 }\n"


@pytest.fixture(scope="module")
def bucket(s3_endpoint_client):
    bucket = f"test-{uuid.uuid4().hex}"
    create_bucket(s3_endpoint_client, bucket)
    yield SimpleNamespace(client=s3_endpoint_client, bucket=bucket)
    s3_endpoint_client.delete_bucket(Bucket=bucket)


@pytest.fixture(scope="module")
def settings(stack, bucket, tmp_path_factory):
    with services(stack, bucket, tmp_path_factory.mktemp("services")) as settings:
        yield settings


@pytest.fixture(scope="module")
def ledger(settings):
    with closing_ledger(settings) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def products_csv(tmp_path_factory):
    return catalog(tmp_path_factory.mktemp("shop"), IDS)


@pytest.fixture(scope="module")
def job(ledger, settings, products_csv):
    """Of three rows; nothing can be cut out of the last. Its exports change nothing of it."""
    return finished(products_csv, ledger, settings, lambda name: PAINTED[name]())


@pytest.fixture
def export(job, ledger, settings, decoders, tmp_path):
    context = ExportContext(
        jobs=ledger.jobs, store=wiring.store(settings), decoders=decoders, limits=wiring.limits(settings)
    )

    def export(to=tmp_path / "out", of=job, **how):
        place = to if hasattr(to, "holds") else FolderDestination(to)
        request = ExportRequest(**{"channel": SMALL, **how})
        return list(export_images(of, request, place, context))

    return export


@pytest.fixture
def approve(ledger, job):
    """A person approves the row; undone at the end."""
    decided = []

    def approve(row_id):
        item = next(item for item in ledger.jobs.items(job.id) if item.row_id == row_id)
        asked = {"note": "", "reviewer": "a test"}
        decided.append(ledger.reviews.decide(item.id, item.version, Decision.APPROVED, **asked))

    yield approve
    for item in decided:
        ledger.reviews.undo(item.id, item.version, reviewer="a test")


def outcomes(found):
    return {each.row_id: each.outcome for each in found if isinstance(each, Exported)}


def stamps(folder):
    """What changes with each write of the folder or a file in it."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (folder, *folder.rglob("*"))}


def test_what_meets_the_rules_is_written_and_what_does_not_is_told(export, tmp_path):
    found = export()
    assert outcomes(found) == {
        "bottle": Outcome.WRITTEN,
        "box": Outcome.WRITTEN,
        "scene": Outcome.LEFT_OUT,
    }
    left = found[2]
    assert [finding.gate for finding in left.file.findings if finding.sentence.startswith("there is no")]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["bottle.jpg", "box.jpg", RECORD]


def test_a_second_export_of_the_same_results_writes_nothing(export, tmp_path):
    export()
    before = stamps(tmp_path / "out")
    assert outcomes(export()) == {
        "bottle": Outcome.UNCHANGED,
        "box": Outcome.UNCHANGED,
        "scene": Outcome.LEFT_OUT,
    }
    assert stamps(tmp_path / "out") == before


def test_what_was_lost_or_damaged_is_written_again(export, tmp_path):
    export()
    (tmp_path / "out" / "bottle.jpg").unlink()
    (tmp_path / "out" / "box.jpg").write_bytes(b"x")
    assert set(outcomes(export()).values()) == {Outcome.WRITTEN, Outcome.LEFT_OUT}


def test_other_rules_make_other_files_and_leave_what_they_refuse(export, tmp_path):
    export()
    before = (tmp_path / "out" / "bottle.jpg").read_bytes()
    (tmp_path / "mine.toml").write_text(
        (MINE + "[file]\nbytes = [0, 2000]\nquality = [90, 95]\n"), encoding="utf-8"
    )
    found = export(channel=read_channel("mine", tmp_path / "mine.toml"))
    assert set(outcomes(found).values()) == {Outcome.LEFT_OUT}
    assert {finding.gate for each in found for finding in each.file.findings} == {"bytes"}
    assert (tmp_path / "out" / "bottle.jpg").read_bytes() == before
    (tmp_path / "mine.toml").write_text(MINE, encoding="utf-8")
    found = export(channel=read_channel("mine", tmp_path / "mine.toml"))
    assert set(outcomes(found).values()) == {Outcome.WRITTEN}
    assert (tmp_path / "out" / "bottle.jpg").read_bytes() != before


def test_what_fails_a_rule_is_written_where_that_is_asked_for(export):
    assert outcomes(export(with_failed=True))["scene"] is Outcome.WRITTEN
    assert outcomes(export(with_failed=True))["scene"] is Outcome.UNCHANGED


def test_only_what_a_person_approved_leaves_where_that_is_asked_for(export, approve):
    assert outcomes(export(only_approved=True)) == {}
    approve("box")
    assert outcomes(export(only_approved=True)) == {"box": Outcome.WRITTEN}


def test_drafts_do_not_leave(export, job):
    drafts = replace(job, order=replace(job.order, final_preset="fast"))
    with pytest.raises(Conflict, match="holds drafts, which are no results for a shop"):
        export(of=drafts)


def test_a_feed_gets_the_addresses_and_keeps_the_rest(export, products_csv, tmp_path):
    path = products_csv
    how = {"feed": FeedRequest(path=path), "base_address": "https://cdn.shop.com/i/"}
    feed = export(**how)[-1]
    assert isinstance(feed, FeedWritten)
    assert (feed.cells, feed.kept, feed.changed) == (2, 0, True)
    old = path.read_bytes()
    new = old
    for name in ("bottle", "box"):
        new = new.replace(f",{name}.png".encode(), f",https://cdn.shop.com/i/{name}.jpg".encode())
    assert (tmp_path / "out" / "products.csv").read_bytes() == new
    assert export(**how)[-1].changed is False
    assert path.read_bytes() == old


def test_a_workbook_of_ones_own_gets_them_in_a_column_of_its_own(export, tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ("SKU", "Photo", "New photo", "Stock"),
        ("box", "old.jpg", None, 5),
        ("hat", "h.jpg", "x", 6),
    ):
        book.active.append(row)
    path = tmp_path / "stock.xlsx"
    book.save(path)
    request = FeedRequest(path=path, column="New photo")
    zipped = tmp_path / "out.zip"
    assert export(to=ArchiveDestination(zipped), feed=request)[-1].cells == 1
    before = zipped.stat().st_mtime_ns
    assert export(to=ArchiveDestination(zipped), feed=request)[-1].changed is False
    assert zipped.stat().st_mtime_ns == before
    with ArchiveDestination(zipped) as files:
        (tmp_path / "new.xlsx").write_bytes(files.read("stock.xlsx"))
    rows = list(openpyxl.load_workbook(tmp_path / "new.xlsx").active.values)
    assert rows[1:] == [("box", "old.jpg", "box.jpg", 5), ("hat", "h.jpg", "x", 6)]


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"template": "{brand}-{id}"}, UsageError, r"asks for \{brand\}, which the manifest does not have"),
        ({"template": "../{id}"}, UsageError, "leaves the folder"),
        ({"feed": "missing.csv"}, InvalidManifest, "cannot be read: No such file"),
        ({"feed": "products.csv", "column": "Photo"}, InvalidManifest, "has no column 'Photo'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_before_any_file(
    export, products_csv, tmp_path, how, error, said
):
    if "feed" in how:
        how = {"feed": FeedRequest(path=products_csv.parent / how["feed"], column=how.get("column", ""))}
    with pytest.raises(error, match=said):
        export(**how)
    assert not list((tmp_path / "out").glob("*.jpg"))


def test_a_file_of_another_is_not_overwritten(export, products_csv, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "box.jpg").write_bytes(b"mine")
    with pytest.raises(Conflict, match=r"box\.jpg is there and was not written by an export"):
        export()
    assert (tmp_path / "out" / "box.jpg").read_bytes() == b"mine"
    with pytest.raises(Conflict, match=r"products\.csv is there and was not written by an export"):
        export(to=products_csv.parent, feed=FeedRequest(path=products_csv))
    (tmp_path / "out" / RECORD).write_bytes(b"[]")
    with pytest.raises(Conflict, match="is no record of an export"):
        export()


def test_a_result_that_the_store_has_lost_is_told_and_the_others_leave(export, settings, job, ledger):
    store, key = wiring.store(settings), next(ledger.jobs.items(job.id)).result.object_key
    data = store.get(key)
    store.delete(key)
    found = export()
    store.put(key, data, "image/png")
    assert outcomes(found)["bottle"] is Outcome.LEFT_OUT
    assert "there is no object" in found[0].file.findings[0].sentence
    assert outcomes(found)["box"] is Outcome.WRITTEN


@pytest.fixture
def run(settings, monkeypatch, tmp_path):
    """The command line, with the services of the test."""
    values = {"ledger_url": settings.ledger_url.get_secret_value(), "s3_endpoint": settings.s3_endpoint}
    values |= {"s3_bucket": settings.s3_bucket, "dir": str(tmp_path / "none")}
    for key in ("s3_access_key", "s3_secret_key"):
        values[key] = getattr(settings, key).get_secret_value()
    for name, value in values.items():
        monkeypatch.setenv(f"QIE_{name.upper()}", value)
    return lambda *words: CliRunner().invoke(main, ["export", "images", *words])


def test_the_command_says_what_failed_and_writes_below_a_prefix(run, job, settings):
    place = f"s3://{settings.s3_bucket}/shop/amazon"
    told = run(job.id, "--channel", "amazon", "--to", place, "--json")
    assert told.exit_code == SOME_FAILED, told.output
    found = json.loads(told.stdout)
    assert (found["written"], found["unchanged"], found["left_out"]) == (2, 0, 1)
    scene = next(item for item in found["items"] if item["id"] == "scene")
    assert {"background"} == {told["rule"] for told in scene["findings"] if told["verdict"] == "failed"}
    again = run(job.id, "--channel", "amazon", "--to", place)
    assert again.exit_code == SOME_FAILED
    assert "0 pictures written, 2 unchanged, 1 left out by the rules of Amazon, main image" in again.stderr
    assert (
        "scene.jpg (scene) left out:\n    background: there is no #ffffff round the product." in again.stderr
    )
    keys = {stored.key for stored in wiring.store(settings).list("shop/")}
    assert keys == {f"shop/amazon/{name}" for name in ("bottle.jpg", "box.jpg", RECORD)}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--channel", "amason", "--to", "out"), "there is no channel 'amason'; there are: amazon,"),
        (("--channel", "amazon", "--to", "s3://"), "names no bucket"),
        (("--channel", "amazon", "--to", "s3://{bucket}/results/x"), "keeps its own objects"),
        (("--channel", "amazon", "--to", "s3://{bucket}"), "keeps its own objects"),
        (("--channel", "amazon", "--to", "/proc/nowhere"), "/proc/nowhere cannot be written"),
    ],
)
def test_the_command_refuses_in_a_sentence(run, job, settings, words, said):
    told = run(job.id, *(word.replace("{bucket}", settings.s3_bucket) for word in words))
    assert told.exit_code == USAGE
    assert said in told.stderr
    assert "Traceback" not in told.output


def test_an_upscaler_that_is_not_there_is_refused(run, job, monkeypatch, tmp_path):
    monkeypatch.setenv("QIE_UPSCALER", "no.such.module")
    told = run(job.id, "--channel", "amazon", "--to", str(tmp_path / "out"))
    assert "QIE_UPSCALER names 'no.such.module', which has no function upscale" in told.stderr
