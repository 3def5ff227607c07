"""What every ObjectStore promises, proved on a real SeaweedFS."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING

import httpx2
import pytest

from qie_batch.errors import Rejected, StoreUnavailable, UsageError
from qie_batch.keys import CREATE_ONLY_PROBE
from qie_batch.local.ports import free_port
from qie_batch.stores.object_names import canonical_key
from qie_batch.stores.s3 import PART_BYTES, S3Store, check_bucket, create_bucket
from qie_batch.stores.s3_client import s3_client

if TYPE_CHECKING:
    from qie_batch.interfaces import ObjectStore

PNG = "image/png"


@pytest.fixture
def store(s3) -> ObjectStore:
    return S3Store(s3.client, s3.bucket)


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 20_000], ids=["empty", "one", "5 MB"])
def test_what_was_put_comes_back(store, data):
    assert store.put_new("inputs/a", data, PNG) is True
    assert store.get("inputs/a") == data


def test_a_taken_key_keeps_its_bytes(store):
    assert store.put_new("results/k", b"first", PNG) is True
    assert store.put_new("results/k", b"second", PNG) is False
    assert store.get("results/k") == b"first"


def test_metadata_of_any_characters_comes_back_with_the_object(store):
    metadata = {"changed": "0.62", "note": "kept transparency: 62 % - 留透明; “%41”"}
    assert store.put_new("results/described", b"x", PNG, metadata) is True
    assert store.stat("results/described").metadata == metadata
    assert store.put_new("results/plain", b"x", PNG) is True
    assert store.stat("results/plain").metadata == {}


def test_of_sixteen_racers_one_wins(store):
    racers = [f"racer {number}".encode() for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda data: store.put_new("results/race", data, PNG), racers))
    assert won.count(True) == 1
    assert store.get("results/race") == racers[won.index(True)]


@pytest.mark.parametrize(("conflicts", "put"), [(5, True), (6, False)])
def test_a_put_is_sent_again_while_another_of_its_key_is_under_way(store, s3, conflicts, put):
    """As AWS answers; SeaweedFS lets the second put wait."""
    answers = iter([SimpleNamespace(status_code=409)] * conflicts)

    def answer(**_):
        http = next(answers, None)
        return http and (http, {"Error": {"Code": "ConditionalRequestConflict"}, "ResponseMetadata": {}})

    s3.client.meta.events.register("before-call.s3.PutObject", answer)
    try:
        with nullcontext() if put else pytest.raises(StoreUnavailable, match="ConditionalRequestConflict"):
            assert store.put_new("results/busy", b"x", PNG) is True
    finally:
        s3.client.meta.events.unregister("before-call.s3.PutObject", answer)
    assert bool(store.stat("results/busy")) is put


def test_put_replaces(store):
    store.put("reports/r.html", b"old", "text/html")
    store.put("reports/r.html", b"new", "text/html")
    assert store.get("reports/r.html") == b"new"


@pytest.mark.parametrize("method", ["put", "put_new"])
@pytest.mark.parametrize("content_type", [PNG, "text/csv; charset=utf-8"])
def test_the_content_type_is_kept(store, s3, method, content_type):
    getattr(store, method)("typed", b"x", content_type)
    assert s3.client.head_object(Bucket=s3.bucket, Key="typed")["ContentType"] == content_type


def test_the_server_checks_the_checksum(store, s3):
    seen = {}

    def spoil(params, **_):
        seen.update(params["headers"])
        params["headers"]["x-amz-checksum-crc32"] = "AAAAAA=="

    s3.client.meta.events.register("before-call.s3.PutObject", spoil)
    try:
        with pytest.raises(StoreUnavailable):
            store.put_new("spoilt", b"x", PNG)
    finally:
        s3.client.meta.events.unregister("before-call.s3.PutObject", spoil)
    assert seen["x-amz-checksum-crc32"]
    assert store.stat("spoilt") is None


def test_a_missing_object_is_rejected_by_get_and_none_to_stat(store):
    with pytest.raises(Rejected) as caught:
        store.get("inputs/none")
    assert caught.value.code == "object_missing"
    assert "inputs/none" in caught.value.message
    assert store.stat("inputs/none") is None


def test_no_more_is_read_than_may_be(store):
    store.put_new("k", b"12345", PNG)
    assert store.get("k", max_bytes=5) == b"12345"
    with pytest.raises(Rejected, match="more than 4 bytes") as caught:
        store.get("k", max_bytes=4)
    assert caught.value.code == "object_too_large"


@pytest.mark.parametrize("says", [{"ContentLength": 10**12}, {}], ids=["says so", "does not say"])
def test_an_object_without_end_is_not_read_to_it(says):
    class Endless:
        given = 0

        def read(self, amount=None):
            self.given += amount
            return bytes(min(amount, 1000))

        def close(self): ...

    class Client:
        body = Endless()

        def get_object(self, **_):
            return {"Body": self.body, **says}

    with pytest.raises(Rejected, match="more than 50,000 bytes"):
        S3Store(Client(), "bucket").get("k", max_bytes=50_000)
    assert Client.body.given <= 60 * 50_001 * (not says)


@pytest.mark.parametrize("spoilt", [b"123", b"12346"], ids=["cut", "changed"])
def test_a_spoilt_object_is_found_out_whatever_the_limit(store, s3, spoilt):
    store.put_new("k", b"12345", PNG)

    def spoil(parsed, **_):
        parsed["Body"]._raw_stream = io.BytesIO(spoilt)

    s3.client.meta.events.register("after-call.s3.GetObject", spoil)
    try:
        for most in (None, 5, 100):
            with pytest.raises(StoreUnavailable):
                store.get("k", max_bytes=most)
    finally:
        s3.client.meta.events.unregister("after-call.s3.GetObject", spoil)


def test_stat_tells_size_and_time(store):
    store.put_new("sized", b"12345", PNG)
    found = store.stat("sized")
    assert (found.key, found.size) == ("sized", 5)
    assert abs(found.modified - time.time()) < 60


def test_delete_is_final_and_harmless_twice(store):
    store.put_new("gone", b"x", PNG)
    store.delete("gone")
    store.delete("gone")
    assert store.stat("gone") is None
    assert store.put_new("gone", b"y", PNG) is True


def test_list_goes_through_all_pages(store, s3):
    def small_pages(params, **_):
        params["MaxKeys"] = 3

    keys = [f"results/{number:02}" for number in range(10)]
    for key in [*keys, "resultsother", "inputs/x"]:
        store.put_new(key, b"data", PNG)
    s3.client.meta.events.register("provide-client-params.s3.ListObjectsV2", small_pages)
    try:
        found = list(store.list("results/"))
    finally:
        s3.client.meta.events.unregister("provide-client-params.s3.ListObjectsV2", small_pages)
    assert [entry.key for entry in found] == keys
    assert {entry.size for entry in found} == {4}
    assert len(list(store.list(""))) == 12
    assert list(store.list("nothing/")) == []


@pytest.mark.parametrize(
    "key",
    ["a", "jobs/1/results.csv", "名前/商品.png", "a b/c+d=e&f?g#h.png", "x" * 255, "é/ü", "...", "a..b"],
)
def test_an_honest_key_is_kept_to_the_letter(store, key):
    store.put_new(key, b"x", PNG)
    assert store.get(key) == b"x"
    assert [entry.key for entry in store.list("")] == [key]


@pytest.mark.parametrize(
    "key",
    [
        "", "/lead", "trail/", "a//b", "a/./b", "a/../b", "..", "../../etc/passwd", "a\\b", "a\x00b", "a\nb",
        "a\x7fb", "a\x85b", "%2e%2e%2fz", "e\u0301", "x" * 256, "é" * 128, "x/" * 450 + "x", "\ud800",
    ],
)  # fmt: skip
def test_a_hostile_key_never_reaches_the_server(store, key):
    puts = (partial(put, data=b"x", content_type=PNG) for put in (store.put, store.put_new))
    download = partial(store.download, file=io.BytesIO())
    for call in (store.get, download, store.stat, store.delete, *puts):
        with pytest.raises(Rejected, match=r"^the S3 name '.*' .+: rename the object$") as caught:
            call(key)
        assert caught.value.code == "object_name"
        assert caught.value.message.isprintable()
        assert len(caught.value.message) < 250
    assert list(store.list("")) == []


def test_a_canonical_key_is_returned_as_it_is():
    assert canonical_key("a/b.c") == "a/b.c"


def test_an_unreachable_server_is_unavailable_within_seconds():
    store = S3Store(s3_client(f"http://127.0.0.1:{free_port()}", "us-east-1", "a", "b"), "bucket")
    started = time.monotonic()
    for call in (
        lambda: store.get("k"),
        lambda: store.download("k", io.BytesIO()),
        lambda: store.put_new("k", b"", PNG),
        lambda: next(iter(store.list("k"))),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            call()
        assert "127.0.0.1" in caught.value.message
        assert "'k'" in caught.value.message
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(("access", "secret"), [("stranger", "s3cr3t-word"), (None, "s3cr3t-word")])
def test_wrong_credentials_are_unavailable_with_a_hint(stack, access, secret):
    config = stack.config
    client = s3_client(config["s3_endpoint"], "us-east-1", access or config["s3_access_key"], secret)
    store = S3Store(client, config["s3_bucket"])
    for call in (
        lambda: store.get("k"),
        lambda: store.stat("k"),
        lambda: store.put_new("k", b"", PNG),
        lambda: check_bucket(client, config["s3_bucket"]),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            call()
        assert "QIE_S3_SECRET_KEY" in caught.value.hint
        assert secret not in f"{caught.value.message} {caught.value.hint}"


def test_half_a_pair_of_credentials_is_a_usage_error():
    with pytest.raises(UsageError, match="endpoint"):
        s3_client("http://127.0.0.1:1", "us-east-1", "only", None)


def test_an_endpoint_that_is_no_address_is_a_usage_error():
    with pytest.raises(UsageError, match="nonsense"):
        s3_client("nonsense", "us-east-1", "a", "b")


def test_a_missing_bucket_says_who_creates_it(s3):
    store = S3Store(s3.client, "no-such-bucket")
    for call in (
        lambda: store.put_new("k", b"", PNG),
        lambda: store.get("k"),
        lambda: list(store.list("")),
        lambda: check_bucket(s3.client, "no-such-bucket"),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            call()
        assert (caught.value.code, caught.value.subject) == ("bucket_missing", "no-such-bucket")
        assert "no-such-bucket" in caught.value.hint


def test_creating_a_bucket_twice_is_harmless(s3, store):
    store.put_new("k", b"x", PNG)
    create_bucket(s3.client, s3.bucket)
    assert store.get("k") == b"x"


def test_a_good_bucket_passes_the_check_whenever_it_is_asked(s3, store):
    for _ in range(2):
        check_bucket(s3.client, s3.bucket)
    assert [stored.key for stored in store.list("")] == [CREATE_ONLY_PROBE]
    store.delete(CREATE_ONLY_PROBE)


def test_a_file_is_put_from_its_start(store, tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(data := bytes(range(256)) * 50_000)
    with path.open("rb") as file:
        file.seek(77)
        store.put("jobs/j/table.csv", file, "text/csv")
    assert store.get("jobs/j/table.csv") == data


def test_a_new_object_may_come_from_a_file(store, tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(data := bytes(range(256)) * 50_000)
    with path.open("rb") as file:
        file.seek(77)
        assert store.put_new("jobs/j/rows.jsonl", file, "text/csv") is True
        assert store.put_new("jobs/j/rows.jsonl", file, "text/csv") is False
    assert store.get("jobs/j/rows.jsonl") == data


@pytest.mark.parametrize("length", [0, 1, PART_BYTES, 3 * PART_BYTES + 7])
def test_an_object_is_downloaded_to_where_the_file_stands(store, length):
    store.put_new("k", data := bytes(length), PNG)
    file = io.BytesIO(b"before")
    file.seek(6)
    store.download("k", file, max_bytes=length)
    assert file.getvalue() == b"before" + data


def test_no_more_is_downloaded_than_may_be(store):
    store.put_new("k", b"12345", PNG)
    with pytest.raises(Rejected, match="more than 4 bytes") as caught:
        store.download("k", file := io.BytesIO(), max_bytes=4)
    assert (caught.value.code, file.getvalue()) == ("object_too_large", b"")


def test_a_missing_object_is_rejected_by_download(store):
    with pytest.raises(Rejected) as caught:
        store.download("none", io.BytesIO())
    assert caught.value.code == "object_missing"


def test_a_server_that_ignores_create_only_is_refused(s3):
    def forget(params, **_):
        params["headers"].pop("If-None-Match", None)

    s3.client.meta.events.register("before-call.s3.PutObject", forget)
    try:
        with pytest.raises(StoreUnavailable) as caught:
            check_bucket(s3.client, s3.bucket)
    finally:
        s3.client.meta.events.unregister("before-call.s3.PutObject", forget)
    assert caught.value.code == "store_overwrites"


def test_a_link_gives_the_object_for_a_while_to_anybody(store):
    store.put_new("results/k", b"image", "application/octet-stream")
    url = store.link("results/k", 60, content_type=PNG, name="Schuh rot ü.png")
    answer = httpx2.get(url)
    assert (answer.content, answer.headers["content-type"]) == (b"image", PNG)
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''Schuh%20rot%20%C3%BC.png"
    assert httpx2.get(url.replace("results", "inputs", 1)).status_code == 403


def test_links_are_for_the_address_that_users_reach(s3):
    public = s3_client("https://pictures.example", "us-east-1", "key", "secret")
    url = S3Store(s3.client, s3.bucket, public).link("results/k", 60, content_type=PNG, name="a.png")
    assert url.startswith(f"https://pictures.example/{s3.bucket}/results/k?")
