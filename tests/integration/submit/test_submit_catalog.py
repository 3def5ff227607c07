"""A catalog on its way into the store and the ledger: the whole of `submit` but its printing."""

from __future__ import annotations

import os
import re
import resource
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from qie_batch import wiring
from qie_batch.cli import NOT_REACHABLE, main
from qie_batch.errors import LedgerUnavailable, Unavailable, UsageError
from qie_batch.images import DEFAULT_LIMITS
from qie_batch.images.sandbox import DecoderPool
from qie_batch.keys import job_key
from qie_batch.manifest import MAX_BYTES
from qie_batch.model import InvalidManifest, ItemState, JobOrder, JobState, RowDefaults, Schedule
from qie_batch.steps.settle import settle
from qie_batch.steps.submit import enter, prepare, submit, submit_scheduled
from qie_batch.steps.submit.catalog import catalog_file
from qie_batch.steps.submit.image_checks import ImageCheck, ImageChecks
from tests.support.painters import IMAGE
from tests.support.submitting import request, submitted

CATALOG = b"id,image,instruction\n1,shoe.png,warmer\n2,shoe.png,cooler\n"
MEGABYTE = 1 << 20


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shoe.png").write_bytes(IMAGE)
    return folder


@pytest.fixture
def catalog(folder):
    path = folder / "catalog.csv"
    path.write_bytes(CATALOG)
    return path


@contextmanager
def no_file_longer_than(length):
    """As a full disk would have it."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def closed(job_id, ledger, settings):
    """The job, cancelled and settled."""
    ledger.jobs.cancel(job_id)
    with DecoderPool() as decoders:
        assert settle(wiring.settle_context(settings, ledger, decoders)) == 1
    return ledger.jobs.get(job_id)


@pytest.fixture
def bucket(settings):
    return wiring.buckets(settings, wiring.s3(settings))


def test_a_catalog_rewritten_meanwhile_is_submitted_as_it_was(catalog, ledger, settings):
    context = wiring.submit_context(settings, ledger)
    with prepare(request(catalog), context) as prepared:
        catalog.write_bytes(CATALOG + b"3,new.png,brighter\n")
        entered = enter(prepared, context)
    job = closed(entered.job_id, ledger, settings)
    assert job.state is JobState.CLOSED
    assert wiring.store(settings).get(job.manifest_key) == CATALOG
    assert [item.row_id for item in ledger.jobs.items(job.id)] == ["1", "2"]


def test_the_copy_is_private_and_goes_away(catalog, bucket):
    with catalog_file(str(catalog), bucket) as (path, folder):
        assert (path.name, path.read_bytes(), folder) == (catalog.name, CATALOG, str(catalog.parent))
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not path.parent.exists()


@pytest.mark.parametrize(
    "name",
    [
        b"spring.sale 50%", b"a.b\\c", "a.cafe\u0301".encode(), b"a.x\ny", b"caf\xe9.csv", b"a." + b"x" * 240,
        "a.\u202e".encode(), b"x\ny.csv", b"\x1b[2J" * 60, "目录　夏.csv".encode(), b"c.CSV", b"no suffix",
    ],
)  # fmt: skip
def test_any_file_name_is_submitted_and_settled(folder, ledger, settings, name):
    path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    path.write_bytes(CATALOG)
    job = closed(submitted(path, ledger, settings), ledger, settings)
    assert re.fullmatch(r"manifests/[0-9a-f]{64}\.csv", job.manifest_key)
    assert job.order.name.replace("\u3000", " ").isprintable()
    assert len(job.order.name) <= 250


@pytest.mark.parametrize(
    ("name", "data", "suffix"),
    [
        ("c.jsonl", b'{"id": "1", "image": "shoe.png", "instruction": "warmer"}\n', "jsonl"),
        ("c", b'{"id": "1", "image": "shoe.png", "instruction": "warmer"}\n', "jsonl"),
        (
            "c" * 240 + ".jsonl",
            b'no JSON\n{"id": "1", "image": "shoe.png", "instruction": "warmer"}\n',
            "jsonl",
        ),
        ("c.csv", CATALOG.replace(b",", b"\t"), "tsv"),
    ],
)
def test_a_manifest_is_stored_as_what_it_was_read_as(folder, ledger, settings, name, data, suffix):
    (folder / name).write_bytes(data)
    job = closed(submitted(folder / name, ledger, settings, skip_bad_rows=True), ledger, settings)
    assert job.manifest_key.endswith(f".{suffix}")


def test_a_folder_whose_name_is_no_text_is_submitted(folder, ledger, settings):
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9\x1b"))
    odd.mkdir()
    (odd / "shoe.png").write_bytes(IMAGE)
    (odd / "catalog.csv").write_bytes(CATALOG + b"3,none.png,warmer\n")
    order = JobOrder(name="caf\udce9\x1b")
    job = closed(
        submitted(odd / "catalog.csv", ledger, settings, order, skip_bad_rows=True), ledger, settings
    )
    assert job.folder == f"{folder}/caf?\x1b"
    assert job.order.name == "caf\ufffd\ufffd"


@pytest.mark.parametrize(
    "address",
    [
        "s3://", "s3://bucket", "s3://bucket/", "s3://b ucket/c.csv", "s3://bucket/a//c.csv",
        "s3://bucket/50%.csv", "s3://bucket/../c.csv", "s3://bucket/\x1b[2J.csv",
        "s3://bucket/" + "k" * 70_000,
    ],
)  # fmt: skip
def test_an_odd_address_of_a_catalog_is_a_usage_error(bucket, address):
    with pytest.raises(UsageError) as caught, catalog_file(address, bucket):
        pass
    assert caught.value.message.isprintable()
    assert 20 < len(caught.value.message) < 400


def test_a_catalog_in_s3_reads_its_own_bucket_and_no_other(s3, ledger, settings):
    store = wiring.store(settings)
    store.put("shop/shoe.png", IMAGE, "image/png")
    store.put("shop/c.csv", CATALOG + b"3,s3://elsewhere/x.png,warmer\n4,/etc/passwd,warmer\n", "text/csv")
    elsewhere = settings.model_copy(update={"s3_bucket": "another"})
    asked = request(f"s3://{s3.bucket}/shop/c.csv", skip_bad_rows=True)
    with prepare(asked, wiring.submit_context(elsewhere, ledger)) as prepared:
        assert prepared.job.folder == f"s3://{s3.bucket}/shop"
        survey = prepared.survey
    assert survey.images == 1
    assert [(bad.id, bad.code) for bad in survey.bad_rows] == [
        ("3", "image_address"),
        ("4", "image_address"),
    ]


def test_a_scheduled_catalog_names_nothing_outside_its_folder(catalog, ledger, settings):
    (catalog.parent.parent / "secret.png").write_bytes(IMAGE)
    catalog.write_bytes(CATALOG + b"3,../secret.png,warmer\n")
    order = JobOrder(defaults=RowDefaults(instruction="warmer"))
    entry = Schedule(name="nightly", cron="0 2 * * *", timezone="UTC", catalog=str(catalog), order=order)
    submit_scheduled(entry, "260101-abcdef", wiring.submit_context(settings, ledger))
    items = list(ledger.jobs.items("260101-abcdef"))
    assert [item.state for item in items] == [ItemState.PENDING, ItemState.PENDING, ItemState.FAILED]
    assert items[2].failure.code == "image_address"


def test_a_catalog_that_is_no_file_or_too_long_is_refused(folder, ledger, settings, bucket):
    os.mkfifo(folder / "pipe.csv")
    (folder / "long.csv").write_bytes(CATALOG)
    os.truncate(folder / "long.csv", MAX_BYTES + 1)
    for name, says in (
        (folder / "pipe.csv", "it is a pipe or a device"),
        ("/dev/zero", "it is a pipe or a device"),
        (folder, "Is a directory"),
        (folder / "none\x1b.csv", "none\ufffd.csv cannot be read: No such file"),
    ):
        with pytest.raises(InvalidManifest, match=says), catalog_file(str(name), bucket):
            pass
    with catalog_file(str(folder / "long.csv"), bucket) as (path, _):
        assert path.stat().st_size == MAX_BYTES + 1
    with pytest.raises(InvalidManifest, match=r"long\.csv has more than 500,000,000 bytes"):
        submitted(folder / "long.csv", ledger, settings)


def test_a_picture_that_is_gone_or_changed_ends_submit_in_a_sentence(catalog, ledger, settings):
    context = wiring.submit_context(settings, ledger)
    for change in ((lambda shoe: shoe.write_bytes(IMAGE + b"x")), Path.unlink):
        with prepare(request(catalog), context) as prepared:
            change(catalog.parent / "shoe.png")
            with pytest.raises(UsageError, match=r"picture 'shoe\.png' changed while it was being submitted"):
                enter(prepared, context)
        (catalog.parent / "shoe.png").write_bytes(IMAGE)


def test_a_job_whose_answer_is_lost_is_not_added_twice(catalog, ledger, settings):
    class Deaf:
        """Hears nothing of the first job that is added, or of any."""

        def __init__(self, lost):
            self.lost = lost
            self.intake = self

        def __getattr__(self, name):
            return getattr(ledger.intake, name)

        def add_job(self, job, new_items):
            added = ledger.intake.add_job(job, new_items)
            if self.lost:
                self.lost -= 1
                raise LedgerUnavailable("the connection was lost")
            return added

    context = wiring.submit_context(settings, ledger)
    first = submit(request(catalog), replace(context, intake=Deaf(1))).job_id
    assert [job.id for job in ledger.jobs.latest()] == [first]
    assert len(list(ledger.jobs.items(first))) == 2
    with pytest.raises(LedgerUnavailable):
        submit(request(catalog), replace(context, intake=Deaf(2)))


def test_a_full_disk_is_one_sentence_and_exit_code_3(catalog, settings, monkeypatch):
    for name in ("ledger_url", "s3_access_key", "s3_secret_key"):
        monkeypatch.setenv(f"QIE_{name.upper()}", getattr(settings, name).get_secret_value())
    monkeypatch.setenv("QIE_S3_ENDPOINT", settings.s3_endpoint)
    catalog.write_bytes(CATALOG + b"3,shoe.png,warmer\n" * (MEGABYTE // 10))
    with no_file_longer_than(MEGABYTE):
        ran = CliRunner().invoke(main, ["submit", str(catalog)])
    assert ran.exit_code == NOT_REACHABLE
    problem, advice = ran.stderr.splitlines()
    assert problem == "qie-batch: no temporary file can be written (File too large)."
    assert "TMPDIR" in advice


def test_raised_limits_on_images_hold_for_the_report_too(catalog, folder, ledger, settings):
    Image.new("L", (DEFAULT_LIMITS.max_side + 1, 40)).save(folder / "shoe.png")
    raised = settings.model_copy(update={"max_side": DEFAULT_LIMITS.max_side + 1})
    job = closed(submitted(catalog, ledger, raised), ledger, raised)
    assert wiring.store(settings).get(job_key(job.id, "report.html")).count(b"data:image/jpeg") == 2


def test_the_checks_of_images_meet_a_full_disk_in_one_sentence():
    checks = ImageChecks()

    def remember_many():
        for number in range(100_000):
            checks.expect(str(number))
            checks.remember(str(number), ImageCheck(code="image_missing", reason="x" * 1000))

    with no_file_longer_than(MEGABYTE), pytest.raises(Unavailable, match="no temporary file") as caught:
        remember_many()
    assert "TMPDIR" in caught.value.hint
