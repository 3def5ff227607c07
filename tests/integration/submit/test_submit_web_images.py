"""A catalog whose images are on the web, from submit to store and ledger, with a server on this machine."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from qie_batch import wiring
from qie_batch.cli import main
from qie_batch.errors import Misconfigured, Unavailable
from qie_batch.keys import fetched_key, input_key
from qie_batch.model import InvalidManifest, ItemState, JobOrder, Schedule
from qie_batch.steps.fsck import fsck
from qie_batch.steps.submit import enter, prepare, submit, submit_scheduled
from qie_batch.steps.submit.fetched import FetchedImages, Record
from qie_batch.steps.submit.image_checks import ImageCheck
from qie_batch.wiring.services import web_images
from tests.support.painters import IMAGE
from tests.support.submitting import request, services
from tests.support.web_servers import WebServer, answer


def drawn(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20), colour).save(buffer, "PNG")
    return buffer.getvalue()


RED, BLUE = drawn("red"), drawn("blue")


class Shop(WebServer):
    """Sends images with an ETag, and 304 to who has the same."""

    def __init__(self):
        super().__init__()
        self.address = f"http://127.0.0.1:{self.port}"

    def put(self, path, data):
        tag = f'"{hash(data)}"'

        def served(connection, headers):
            same = headers.get("if-none-match") == tag
            connection.sendall(answer(status="304 Not Modified") if same else answer(data, etag=tag))
            return True

        self.answers[path] = served


@pytest.fixture
def shop():
    shop = Shop()
    shop.put("/red.png", RED)
    shop.put("/blue.png", BLUE)
    yield shop
    shop.close()


@pytest.fixture
def settings(stack, s3, tmp_path, shop):
    with services(stack, s3, tmp_path, image_hosts=(f"127.0.0.1:{shop.port}",), image_http=True) as settings:
        yield settings


@pytest.mark.parametrize(
    ("hosts", "certificates", "sentence"),
    [
        (("https://cdn.shop.com/",), "", "QIE_IMAGE_HOSTS says 'https://cdn.shop.com/', which is no host"),
        (("cdn.shop.com",), "/nowhere/ca.pem", "the trusted certificates cannot be read"),
    ],
)
def test_a_wrong_setting_is_no_rows_fault(
    catalog, settings, ledger, monkeypatch, hosts, certificates, sentence
):
    monkeypatch.setenv("SSL_CERT_FILE", certificates)
    wrong = settings.model_copy(update={"image_hosts": hosts})
    with pytest.raises(Misconfigured, match=sentence):
        submit(request(catalog), wiring.submit_context(wrong, ledger))


@pytest.fixture
def context(settings, ledger):
    return wiring.submit_context(settings, ledger)


@pytest.fixture
def catalog(tmp_path, shop):
    path = tmp_path / "catalog.csv"
    lines = ("a,red.png", "b,red.png", "c,blue.png", "d,red.png")
    path.write_text(
        "id,image,instruction\n" + "".join(f"{s.replace(',', f',{shop.address}/')},warmer\n" for s in lines)
    )
    return path


def stored(settings, prefix=""):
    return {found.key for found in wiring.store(settings).list(prefix)}


def test_images_on_the_web_are_fetched_once_each_and_stored(catalog, context, ledger, settings, shop):
    done = submit(request(catalog), context)
    assert sorted(shop.paths()) == ["/blue.png", "/red.png"]
    survey = done.survey
    assert (survey.rows, survey.images, survey.fetched, survey.unchanged, done.uploaded) == (4, 2, 2, 0, 2)
    inputs = {item.spec.inputs[0] for item in ledger.jobs.items(done.job_id)}
    assert {wiring.store(settings).get(input_key(sha256)) for sha256 in inputs} == {RED, BLUE}


def test_the_next_submission_fetches_what_has_changed_only(catalog, context, settings, shop):
    submit(request(catalog), context)
    shop.put("/blue.png", IMAGE)
    done = submit(request(catalog), context)
    assert (done.survey.fetched, done.survey.unchanged, done.uploaded) == (1, 1, 1)
    assert "if-none-match" in dict(shop.requests)["/red.png"]
    done = submit(request(catalog), context)
    assert (done.survey.fetched, done.survey.unchanged, done.uploaded) == (0, 2, 0)
    assert len(stored(settings, "fetched/")) == 2


def test_an_unchanged_image_that_the_store_has_lost_is_fetched_again(catalog, context, ledger, settings):
    done = submit(request(catalog), context)
    store = wiring.store(settings)
    for key in stored(settings, "inputs/"):
        store.delete(key)
    assert submit(request(catalog), context).uploaded == 2
    for key in stored(settings, "inputs/"):
        store.put(key, b"other bytes", "image/png")
    with prepare(request(catalog), context) as prepared:
        assert (prepared.survey.fetched, prepared.survey.unchanged) == (2, 0)
    assert ledger.jobs.get(done.job_id)


def test_what_is_only_checked_leaves_nothing_behind(catalog, context, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    Path(tempfile.tempdir).mkdir()
    with prepare(request(catalog), context) as prepared:
        (folder,) = Path(tempfile.tempdir).glob("qie-fetched-*")
        assert len(list(folder.iterdir())) == 4
        assert folder.stat().st_mode & 0o777 == 0o700
        assert prepared.survey.fetched == 2
    assert list(Path(tempfile.tempdir).iterdir()) == []
    assert stored(settings) == set()


def test_an_image_is_uploaded_as_it_was_checked(catalog, context, settings, shop):
    with prepare(request(catalog), context) as prepared:
        shop.answers.clear()
        enter(prepared, context)
    assert {wiring.store(settings).get(key) for key in stored(settings, "inputs/")} == {RED, BLUE}


def test_a_wrong_image_is_a_row_with_its_reason_and_the_others_go_on(
    catalog, context, ledger, settings, shop
):
    shop.answers["/page.png"] = answer(b"<html>Hello", content_type="text/html")
    shop.answers["/text.png"] = answer(b"no image at all", etag='"1"')
    bad = {
        "page": (f"{shop.address}/page.png", "image_fetch_page"),
        "none": (f"{shop.address}/none.png", "image_fetch_missing"),
        "text": (f"{shop.address}/text.png", "image_unknown"),
        "here": ("http://127.0.0.1:8333/a.png", "image_address"),
        "else": ("https://cdn.shop.com/a.png", "image_address"),
        "cloud": ("http://169.254.169.254/latest/meta-data/", "image_address"),
        "short": ("http://2130706433/a.png", "image_address"),
    }
    with catalog.open("a") as file:
        file.writelines(f"{name},{address},x\n" for name, (address, _) in bad.items())
    with pytest.raises(InvalidManifest) as refused, prepare(request(catalog), context):
        pass
    rows = {row.id: row for row in refused.value.bad_rows}
    assert set(rows) == set(bad)
    for name, (address, code) in bad.items():
        assert rows[name].column == "image"
        assert f"picture {address!r}: " in rows[name].reason
        if code != "image_unknown":
            assert rows[name].code == code
    done = submit(request(catalog, skip_bad_rows=True), context)
    states = {item.row_id: item.state for item in ledger.jobs.items(done.job_id)}
    assert {name for name, state in states.items() if state is ItemState.FAILED} == set(bad)
    assert len(stored(settings, "fetched/")) == 2


def test_a_schedule_fetches_from_listed_hosts_only(catalog, ledger, settings, shop):
    order = JobOrder(name="nightly")
    schedule = Schedule(name="nightly", cron="0 2 * * *", timezone="UTC", catalog=str(catalog), order=order)
    submit_scheduled(schedule, "listed", wiring.submit_context(settings, ledger))
    assert {item.failure for item in ledger.jobs.items("listed")} == {None}
    shop.requests.clear()
    unset = settings.model_copy(update={"image_hosts": ()})
    submit_scheduled(schedule, "unlisted", wiring.submit_context(unset, ledger))
    failures = [item.failure for item in ledger.jobs.items("unlisted")]
    assert {failure.code for failure in failures} == {"image_address"}
    assert all("QIE_IMAGE_HOSTS does not list it" in failure.reason for failure in failures)
    assert shop.requests == []


def test_a_run_that_was_interrupted_does_not_fetch_again_and_keeps_no_files(
    settings, shop, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    address = f"{shop.address}/red.png"
    for new, unchanged in ((1, 0), (0, 1)):
        with closing(
            FetchedImages(lambda: web_images(settings, confined=True), wiring.store(settings))
        ) as fetched:
            data = fetched.read(address)
            fetched.upload(address, data, ImageCheck(sha256=hashlib.sha256(data).hexdigest()))
            assert (fetched.new, fetched.unchanged) == (new, unchanged)
            assert list(tmp_path.glob("qie-fetched-*/*")) == []
    assert wiring.store(settings).get(input_key(hashlib.sha256(RED).hexdigest())) == RED


def test_a_record_that_is_none_costs_a_download_and_nothing_else(catalog, context, settings, shop):
    store = wiring.store(settings)
    key = fetched_key(f"{shop.address}/red.png")
    store.put(key, b"x" * 20_000, "application/json")
    assert submit(request(catalog), context).survey.fetched == 2
    record = Record.parse(store.get(key))
    assert record.version.etag == f'"{hash(RED)}"'
    assert "127.0.0.1" not in store.get(key).decode()


def test_records_are_no_orphans(catalog, context, ledger, settings):
    submit(request(catalog), context)
    found = fsck(wiring.fsck_context(settings, ledger), repair=True)
    assert (found.faults, found.orphans, found.removed) == ((), (), 0)
    assert len(stored(settings, "fetched/")) == 2


def test_a_full_disk_is_not_a_pictures_fault(settings):
    class FullDisk:
        def fetch(self, *_):
            raise OSError(28, "No space left on device")

        def close(self):
            pass

    fetched = FetchedImages(FullDisk, wiring.store(settings))
    with pytest.raises(Unavailable, match="No space left") as refused:
        fetched.read("https://cdn.shop.com/a.png")
    assert refused.value.code == "no_room"
    fetched.close()


def test_the_next_errors_file_keeps_the_address(catalog, context, ledger, shop):
    catalog.write_text(f"id,image,instruction,qie_folder\na,{shop.address}/red.png,warmer,/somewhere\n")
    done = submit(request(catalog), context)
    assert [item.failure for item in ledger.jobs.items(done.job_id)] == [None]


@pytest.mark.parametrize(
    ("number", "code"), [pytest.param(signal.SIGINT, 1, marks=pytest.mark.slow), (signal.SIGTERM, 143)]
)
def test_a_submission_that_is_ended_while_it_fetches_leaves_no_files(
    catalog, settings, ledger, shop, tmp_path, number, code
):
    assert ledger
    asked = threading.Event()

    def silent(connection, _):
        asked.set()
        with suppress(OSError):
            connection.recv(1)

    shop.answers["/red.png"] = silent
    folder = tmp_path / "temporary"
    folder.mkdir()
    command = (sys.executable, "-m", "qie_batch", "submit", str(catalog))
    environment = {**os.environ, **environment_of(settings), "TMPDIR": str(folder)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as submission:
        assert asked.wait(30)
        submission.send_signal(number)
        submission.communicate(timeout=30)
    assert submission.returncode == code
    assert list(folder.iterdir()) == []


def environment_of(settings):
    return {
        "QIE_LEDGER_URL": settings.ledger_url.get_secret_value(),
        "QIE_S3_ENDPOINT": settings.s3_endpoint,
        "QIE_S3_BUCKET": settings.s3_bucket,
        "QIE_S3_ACCESS_KEY": settings.s3_access_key.get_secret_value(),
        "QIE_S3_SECRET_KEY": settings.s3_secret_key.get_secret_value(),
        "QIE_IMAGE_HOSTS": f"cdn.shop.com, {settings.image_hosts[0]}",
        "QIE_IMAGE_HTTP": "true",
        "QIE_DIR": os.devnull,
    }


def test_the_summary_says_what_was_fetched(catalog, settings, ledger, shop, context):
    assert ledger
    shop.put("/red.png", RED)
    submit(request(catalog), context)
    shop.put("/blue.png", IMAGE)
    environment = environment_of(settings)
    said = CliRunner().invoke(main, ["submit", str(catalog), "--dry-run"], env=environment)
    assert said.exit_code == 0, said.output
    assert "1 picture fetched from the web, 1 not changed there" in said.stderr
    before = {stored.key for stored in wiring.store(settings).list("")}
    said = CliRunner().invoke(main, ["submit", str(catalog), "--dry-run", "--json"], env=environment)
    counts = json.loads(said.stdout)
    assert (counts["fetched"], counts["unchanged"]) == (1, 1)
    assert {stored.key for stored in wiring.store(settings).list("")} == before
