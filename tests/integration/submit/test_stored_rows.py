"""The rows of a job are understood once, at submit; nothing later reads the user's manifest."""

from __future__ import annotations

import csv
import io
import json

import openpyxl
import pytest
from PIL import Image

from qie_batch import wiring
from qie_batch.errors import Rejected
from qie_batch.images import check_limits
from qie_batch.images.sandbox import DecoderPool
from qie_batch.keys import job_key
from qie_batch.manifest.opening import Manifest
from qie_batch.manifest.stored import StoredHeader, StoredRows, parse_row, row_line
from qie_batch.model import (
    BadRow,
    EditParams,
    EngineLimits,
    InvalidManifest,
    ItemState,
    JobOrder,
    JobState,
    ManifestRow,
    OutputFormat,
    Priority,
    ReadingOptions,
    RowDefaults,
)
from qie_batch.naming import DEFAULT_TEMPLATE
from qie_batch.steps.collect import collect
from qie_batch.steps.results.table import result_table
from qie_batch.steps.settle import settle
from qie_batch.steps.stored_rows import ROWS, stored_rows
from qie_batch.steps.submit import prepare
from qie_batch.steps.submit.check_rows import RowChecker
from qie_batch.steps.submit.image_checks import ImageCheck
from tests.support.painters import IMAGE
from tests.support.submitting import request, submitted

CATALOG = "id,image,instruction,标题\n1,shoe.png,warmer,=春\n2,none.png,cooler,b\n3,shoe.png,brighter,c\n"


@pytest.fixture
def store(settings):
    return wiring.store(settings)


@pytest.fixture
def catalog(tmp_path):
    (tmp_path / "shoe.png").write_bytes(IMAGE)
    path = tmp_path / "catalog.csv"
    path.write_text(CATALOG, encoding="utf-8")
    return path


@pytest.fixture
def passes(monkeypatch):
    """Counts the passes over manifests."""
    made = []
    rows = Manifest.rows

    def counted(self):
        made.append(1)
        return rows(self)

    monkeypatch.setattr(Manifest, "rows", counted)
    return made


def closed(job_id, ledger, settings):
    """The job, cancelled and settled."""
    ledger.jobs.cancel(job_id)
    with DecoderPool() as decoders:
        assert settle(wiring.settle_context(settings, ledger, decoders)) == 1
    return ledger.jobs.get(job_id)


def table(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def tables(job, store):
    return [table(store.get(job_key(job.id, name))) for name in ("results.csv", "errors.csv")]


def test_an_edit_that_a_client_waited_for_is_closed_without_tables(catalog, ledger, settings, store):
    order = JobOrder(priority=Priority.INTERACTIVE)
    job_id = submitted(catalog, ledger, settings, order, skip_bad_rows=True)
    job = closed(job_id, ledger, settings)
    assert job.state is JobState.CLOSED
    for name in ("results.csv", "errors.csv", "report.html"):
        with pytest.raises(Rejected):
            store.get(job_key(job_id, name))
    parts = result_table(job, "results", lambda _: "", jobs=ledger.jobs, store=store)
    assert [row["id"] for row in table(b"".join(parts))] == ["1", "2", "3"]


def test_the_manifest_is_read_once_by_submit_and_never_after_it(catalog, ledger, settings, store, passes):
    job_id = submitted(catalog, ledger, settings, skip_bad_rows=True)
    assert len(passes) == 1
    store.delete(ledger.jobs.get(job_id).manifest_key)
    job = closed(job_id, ledger, settings)
    list(collect(job, catalog.parent / "out", DEFAULT_TEMPLATE, jobs=ledger.jobs, store=store))
    assert len(passes) == 1
    results, errors = tables(job, store)
    assert [row["id"] for row in results] == ["1", "2", "3"]
    assert [(row["id"], row["qie_error_code"]) for row in errors] == [("2", "image_missing")]
    assert errors[0]["qie_folder"] == str(catalog.parent)
    assert table((catalog.parent / "out" / "results.csv").read_bytes())[0]["标题"] == "'=春"


def test_results_and_errors_come_as_workbooks_on_request(catalog, ledger, settings, store):
    job = closed(submitted(catalog, ledger, settings, skip_bad_rows=True), ledger, settings)
    out = catalog.parent / "out"
    list(collect(job, out, DEFAULT_TEMPLATE, jobs=ledger.jobs, store=store, workbooks=True))
    for name in ("results", "errors"):
        header, *rows = openpyxl.load_workbook(out / f"{name}.xlsx").active.values
        expected = table((out / f"{name}.csv").read_bytes())
        assert list(header) == list(expected[0])
        assert [row[0] for row in rows] == [row["id"] for row in expected]
    results = openpyxl.load_workbook(out / "results.xlsx").active
    assert results[2][list(table((out / "results.csv").read_bytes())[0]).index("标题")].value == "=春"


def test_a_workbook_is_stored_under_its_own_suffix(catalog, ledger, settings, store):
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(catalog.read_text("utf-8-sig"))):
        book.active.append(row)
    book.save(catalog.with_suffix(".xlsx"))
    job_id = submitted(catalog.with_suffix(".xlsx"), ledger, settings, skip_bad_rows=True)
    job = ledger.jobs.get(job_id)
    assert job.manifest_key.endswith(".xlsx")
    assert store.get(job.manifest_key) == catalog.with_suffix(".xlsx").read_bytes()


def test_a_job_without_stored_rows_has_them_made_from_its_manifest_once(
    catalog, ledger, settings, store, passes
):
    catalog.write_text(CATALOG.replace("instruction", "what").replace("image,", "photo,"), encoding="utf-8")
    order = JobOrder(
        reading=ReadingOptions(mapping={"image": "photo"}), defaults=RowDefaults(instruction="warmer")
    )
    job_id = submitted(catalog, ledger, settings, order, skip_bad_rows=True)
    entered = store.get(job_key(job_id, ROWS))
    store.delete(job_key(job_id, ROWS))
    job = closed(job_id, ledger, settings)
    assert job.state is JobState.CLOSED
    assert len(passes) == 2
    with stored_rows(job, store) as rows:
        assert [row.id for row in rows] == ["1", "2", "3"]
    assert len(passes) == 2
    again = store.get(job_key(job_id, ROWS)).splitlines()
    assert again[0] == entered.splitlines()[0]
    assert [row["qie_status"] for row in tables(job, store)[0]] == ["cancelled", "failed", "cancelled"]


def test_rows_of_another_manifest_are_not_taken_for_the_jobs(catalog, ledger, settings, store):
    left = {**json.loads(StoredHeader(header=("id",), folder="", format="csv", manifest_key="x").line())}
    store.put(job_key("260101-aaaaaa", ROWS), json.dumps(left).encode() + b"\n", "text/plain")
    submitted(catalog, ledger, settings, skip_bad_rows=True, job_id="260101-aaaaaa")
    job = closed("260101-aaaaaa", ledger, settings)
    assert [row["id"] for row in tables(job, store)[0]] == ["1", "2", "3"]


def test_a_second_submit_under_the_same_id_changes_nothing(catalog, ledger, settings, store):
    first = submitted(catalog, ledger, settings, skip_bad_rows=True, job_id="260101-aaaaaa")
    rows = store.get(job_key(first, ROWS))
    catalog.write_text(CATALOG + "4,shoe.png,warmer,d\n", encoding="utf-8")
    assert submitted(catalog, ledger, settings, skip_bad_rows=True, job_id=first) == first
    assert store.get(job_key(first, ROWS)) == rows
    assert len(list(ledger.jobs.items(first))) == 3
    assert closed(first, ledger, settings).state is JobState.CLOSED


def test_a_row_comes_back_as_it_was_stored():
    params = EditParams(
        instruction="红 \u2028 🎨", negative="x", width=64, height=65, steps=0, cfg=0.5, seed=0, preset="p",
        output=OutputFormat.WEBP,
    )  # fmt: skip
    rows = [
        ManifestRow(line=2, id="a", images=("1", "2"), params=params, variants=8, priority=Priority.HIGH),
        ManifestRow(line=4, id="b", images=("1",), params=EditParams(instruction="x"), cells={"id": "b\n"}),
        BadRow(line=5, id="", column="image", code="image_missing", reason="why", cells={"id": ""}),
    ]
    header = StoredHeader(header=("id", "image"), folder="/a\x1b", format="tsv", manifest_key="manifests/x")
    assert [parse_row(row_line(row)) for row in rows] == rows
    file = io.BytesIO(b"".join([header.line(), *map(row_line, rows)]))
    stored = StoredRows(file)
    assert (stored.header, list(stored)) == (header, rows)


class TestLimits:
    """The engine's limits are one rule: submit refuses what the worker would."""

    LIMITS = EngineLimits(max_images=2, max_ratio=8.0)

    def row(self, *images, **params):
        return ManifestRow(line=2, id="1", images=images, params=EditParams(instruction="x", **params))

    def checked(self, row, checks):
        columns = {name: name for name in ("image", "ref_image_2", "ref_image_3", "size")}
        checker = RowChecker(
            limits=self.LIMITS,
            check=lambda _params, _images: None,
            gives_alpha=lambda _params: False,
            columns=columns,
        )
        return checker.checked(row, checks, row.params)

    @pytest.mark.parametrize(
        ("images", "params", "column"),
        [
            (("wide",), {}, "image"),
            (("good", "wide"), {}, "ref_image_2"),
            (("good", "good", "wide"), {}, "ref_image_3"),
            (("good",), {"width": 1800, "height": 100}, "size"),
        ],
    )
    def test_a_row_is_refused_with_the_sentence_of_the_worker(self, images, params, column):
        checks = {
            name: ImageCheck(sha256="a", width=width, height=100)
            for name, width in (("good", 100), ("wide", 1800))
        }
        row = self.row(*images, **params)
        with pytest.raises(Rejected) as worker:
            check_limits(self.LIMITS, [(checks[name].width, 100) for name in images], row.params.size)
        bad = self.checked(row, checks)
        assert (bad.code, bad.reason, bad.column) == (worker.value.code, worker.value.message, column)

    def test_a_row_within_the_limits_stays(self):
        row = self.row("good", "good")
        assert self.checked(row, {"good": ImageCheck(width=100, height=100)}) is row

    @pytest.fixture
    def narrow(self, catalog):
        Image.new("RGB", (1800, 100)).save(catalog.parent / "wide.png")
        catalog.write_text("id,image,ref_image_2,instruction\n1,shoe.png,wide.png,warmer\n")
        return catalog

    def test_the_command_says_so_before_anything_is_written(self, narrow, ledger, settings, store):
        context = wiring.submit_context(settings, ledger)
        with pytest.raises(InvalidManifest) as caught, prepare(request(narrow), context):
            pass
        (bad,) = caught.value.bad_rows
        assert (bad.code, bad.column) == ("references_not_supported", "ref_image_2")
        assert (list(store.list("")), list(ledger.jobs.latest())) == ([], [])

    def test_with_bad_rows_skipped_the_row_fails_at_once(self, narrow, ledger, settings):
        job_id = submitted(narrow, ledger, settings, skip_bad_rows=True)
        (item,) = ledger.jobs.items(job_id)
        assert (item.state, item.failure.code) == (ItemState.FAILED, "references_not_supported")
