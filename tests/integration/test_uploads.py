"""Uploads in a real store."""

from __future__ import annotations

import io

import pytest

from qie_batch.errors import NotFound, Rejected, UsageError
from qie_batch.keys import UPLOADS, input_key
from qie_batch.steps.uploads import (
    KEPT_SECONDS,
    SentFile,
    TakeContext,
    UploadLimits,
    Uploads,
    find,
    remove,
    remove_old,
    take,
    with_rows,
)
from qie_batch.stores.s3 import S3Store
from tests.support.catalogs import csv, png, zipped

LIMITS = UploadLimits(max_files=50, max_bytes=50_000_000, max_image_bytes=1_000_000)
NOW = 1_800_000_000.0


@pytest.fixture
def store(s3):
    store = S3Store(s3.client, s3.bucket)
    yield store
    for stored in list(store.list("")):
        store.delete(stored.key)


@pytest.fixture
def context(store):
    return TakeContext(store=store, limits=LIMITS, now=NOW)


def sent(**files: bytes) -> list[SentFile]:
    return [SentFile(name=name, file=io.BytesIO(data)) for name, data in files.items()]


def test_files_and_those_of_zip_files_are_one_upload(context, store):
    archive = zipped({"images/a.png": png(), "images/.DS_Store": b"x"})
    upload = take(sent(**{"catalog.csv": csv(), "images.zip": archive}), "acme", context)
    assert find(store, "acme", upload.id) == upload
    assert (set(upload.files), upload.ignored) == ({"catalog.csv", "images/a.png"}, 1)
    assert Uploads(store, "acme").get(f"{upload.prefix}IMAGES/a.png") == png()


def test_a_name_with_a_comma_may_be_one_file(context, store):
    upload = take(sent(**{"shoe, red.png": png()}), "acme", context)
    files, folder = Uploads(store, "acme"), store.address(upload.prefix.rstrip("/"))
    assert files.has(folder, "shoe, red.png")
    assert not files.has(folder, "red.png")
    assert not Uploads(store, "other").has(folder, "shoe, red.png")


def test_no_other_tenant_has_it(context, store):
    upload = take(sent(**{"a.png": png()}), "acme", context)
    with pytest.raises(NotFound):
        find(store, "other", upload.id)
    for owner, key in (
        ("other", f"{upload.prefix}a.png"),
        ("acme", "results/x"),
        ("acme", f"{UPLOADS}a.png"),
    ):
        with pytest.raises(Rejected) as refused:
            Uploads(store, owner).get(key)
        assert refused.value.code == "image_address"


def test_what_is_too_large_to_be_edited_is_not_kept_and_says_so(context, store):
    upload = take(sent(**{"large.png": bytes(1_000_001)}), "acme", context)
    with pytest.raises(Rejected, match=r"1,000,001 bytes") as refused:
        Uploads(store, "acme").get(f"{upload.prefix}large.png", max_bytes=1_000_000)
    assert refused.value.code == "image_too_large"


def test_a_name_is_sent_once(context):
    twice = [*sent(**{"a.png": png()}), *sent(**{"a.png": png("blue")})]
    with pytest.raises(UsageError, match="sent twice"):
        take(twice, "acme", context)


def test_an_upload_that_was_never_complete_is_none(context, store):
    with pytest.raises(UsageError):
        take(sent(**{"a.png": png(), "b.zip": b"no zip"}), "acme", context, "up-broken")
    assert list(store.list(UPLOADS))
    with pytest.raises(NotFound):
        find(store, "acme", "up-broken")


def test_rows_lie_beside_the_images_of_an_upload(context, store):
    images = take(sent(**{"a.png": png()}), "acme", context)
    rows = [{"id": "1", "image": "a.png"}, {"id": "2", "image": "data:image/png;base64,iVBORw0KGgo="}]
    upload = with_rows(rows, "acme", context, beside=images)
    files = Uploads(store, "acme")
    assert files.get(f"{upload.prefix}a.png") == png()
    assert b'"image": "row-2-1.png"' in files.get(f"{upload.prefix}rows.jsonl")
    assert files.get(f"{upload.prefix}row-2-1.png") == b"\x89PNG\r\n\x1a\n"


def test_old_uploads_go_but_not_those_of_schedules(context, store):
    old, scheduled = (take(sent(**{"c.csv": csv()}), "acme", context) for _ in range(2))
    later = next(store.list(UPLOADS)).modified + KEPT_SECONDS + 60
    assert remove_old(store, [store.address(f"{scheduled.prefix}c.csv")], later) == 2
    with pytest.raises(NotFound):
        find(store, "acme", old.id)
    assert find(store, "acme", scheduled.id) == scheduled
    remove(scheduled, store)
    assert list(store.list(UPLOADS)) == []


def test_an_image_that_a_job_has_is_found_after_its_upload_lost_it(context, store):
    upload = take(sent(**{"a.png": png()}), "acme", context)
    store.put(input_key(upload.files["a.png"].sha256), png(), "image/png")
    store.delete(upload.files["a.png"].key)
    assert Uploads(store, "acme").get(f"{upload.prefix}a.png") == png()
