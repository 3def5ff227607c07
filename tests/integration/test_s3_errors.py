"""The SDK as it is, against a server that throttles and calls credentials expired as AWS does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qie_batch.errors import StoreUnavailable
from qie_batch.stores import s3_credentials
from qie_batch.stores.s3 import S3Store
from qie_batch.stores.s3_client import s3_client
from tests.support.s3_stand_in import METADATA, s3_stand_in

PNG = "image/png"


@pytest.fixture
def aws():
    with s3_stand_in() as server:
        yield server


@pytest.fixture
def store(aws, tmp_path, monkeypatch):
    """With credentials of the metadata server of a container, as a role gives them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", aws.url + METADATA)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(s3_credentials, "RENEW_SECONDS", 0.0)
    return S3Store(s3_client(aws.url, "us-east-1", None, None), "b")


def write_credentials(folder, session):
    lines = (
        "[default]",
        f"aws_access_key_id = key-{session}",
        "aws_secret_access_key = secret",
        f"aws_session_token = token-{session}",
    )
    (folder / "credentials").write_text("\n".join(lines))


@pytest.mark.parametrize("code", ["SlowDown", "InternalError"])
def test_a_request_that_is_throttled_is_sent_again(aws, store, code):
    aws.faults = [code]
    assert store.put_new("k", b"data", PNG)
    aws.faults = [code]
    assert store.get("k") == b"data"
    aws.faults = [code]
    assert store.stat("k").size == 4


def test_a_server_that_goes_on_throttling_is_unavailable_and_says_what_to_do(aws, store):
    for call in (lambda: store.put_new("k", b"data", PNG), lambda: store.get("k"), lambda: store.stat("k")):
        aws.faults = ["SlowDown"] * 3
        with pytest.raises(StoreUnavailable) as caught:
            call()
        assert caught.value.code == "store_unavailable"
        assert "fewer workers" in caught.value.hint
    assert aws.objects == {}


def test_a_put_that_was_done_before_it_was_answered_with_an_error_is_found(aws, store):
    aws.late_faults = ["InternalError"]
    assert not store.put_new("k", b"data", PNG)
    assert store.get("k") == b"data"
    assert [method for method, _ in aws.requests] == ["PUT", "PUT", "GET"]


def test_credentials_are_renewed_before_they_expire(aws, store):
    assert store.put_new("k", b"data", PNG)
    assert store.get("k") == b"data"
    assert aws.given == 1
    aws.lifetime = timedelta(seconds=30)  # botocore renews ten minutes before the end
    aws.end_session()
    assert store.get("k") == b"data"
    aws.end_session()
    given, requests = aws.given, len(aws.requests)
    assert store.get("k") == b"data"
    assert aws.given > given
    assert len(aws.requests) == requests + 1


@pytest.mark.parametrize("call", ["get", "stat", "put_new"])
def test_a_session_that_was_ended_early_is_renewed_within_the_request(aws, store, call):
    assert store.put_new("k", b"data", PNG)
    aws.end_session()
    if call == "put_new":
        assert store.put_new("other", b"more", PNG)
        assert next(body for key, body in aws.objects.items() if "other" in key) == b"more"
    else:
        assert getattr(store, call)("k")


def test_a_file_of_credentials_that_another_program_renews_is_read_again(aws, store, tmp_path, monkeypatch):
    monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    write_credentials(tmp_path, 0)
    assert store.put_new("k", b"data", PNG)
    aws.end_session()
    write_credentials(tmp_path, 1)
    assert store.get("k") == b"data"


def test_credentials_that_stay_expired_cost_one_more_request(aws, store, tmp_path, monkeypatch):
    monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    write_credentials(tmp_path, 0)
    aws.end_session()
    with pytest.raises(StoreUnavailable, match="ExpiredToken") as caught:
        store.get("k")
    assert "credentials" in caught.value.hint
    assert caught.value.code == "store_unavailable"
    assert len(aws.requests) == 2


@pytest.mark.parametrize("lifetime", [None, timedelta(seconds=-60)], ids=["fails", "gives expired ones"])
def test_a_store_whose_credentials_are_not_renewed_is_unavailable_until_they_are(aws, store, lifetime):
    aws.lifetime = timedelta(seconds=30)
    assert store.put_new("k", b"data", PNG)
    aws.lifetime = lifetime
    aws.end_session()
    with pytest.raises(StoreUnavailable) as caught:
        store.get("k")
    assert "credentials" in caught.value.hint
    aws.lifetime = timedelta(hours=1)
    assert store.get("k") == b"data"


def test_what_the_clock_of_this_machine_is_wrong_for_says_so(aws, store):
    aws.faults = ["RequestTimeTooSkewed"]
    with pytest.raises(StoreUnavailable, match="RequestTimeTooSkewed") as caught:
        store.get("k")
    assert "clock" in caught.value.hint
