"""What a log may show: never a secret, whoever writes the line, and everything else as it was."""

from __future__ import annotations

import io
import logging
import time

import pytest

from qie_batch.redaction import Redaction, redact, secrets_of, without_secrets
from qie_batch.settings import Settings

SECRET = "geh8+im/9ZQ="
KEY_ID = "AKIA" + "Q" * 16


@pytest.fixture
def clean():
    return Redaction([]).clean


@pytest.fixture
def settings(tmp_path):
    return Settings(
        dir=tmp_path,
        ledger_url="postgresql+psycopg://u@h/db?sslmode=verify-full&password=ledger%2Bsecret",
        broker_url="redis://:broker%40secret@h:6379/0",
        s3_secret_key="//[store secret",
        flower_password="flower secret",
    )


@pytest.fixture
def log(settings, request):
    """A logger whose handler redacts, and what it has written."""
    stream = io.StringIO()
    logger = logging.getLogger(request.node.name)
    logger.addHandler(logging.StreamHandler(stream))
    redact(settings.secrets, settings.addresses, logger=logger)
    return logger, stream


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Authorization: AWS4-HMAC-SHA256 Credential=x/y, Signature=" + SECRET, "Authorization: ****"),
        ("authorization: Bearer " + SECRET, "authorization: ****"),
        ("{'Authorization': b'AWS4-HMAC-SHA256 x, Signature=" + SECRET + "'}", "{'Authorization': b'****'}"),
        ('{"authorization": "Bearer ' + SECRET + '", "a": 1}', '{"authorization": "****", "a": 1}'),
        (r'"{\"Authorization\": \"Basic ' + SECRET + r'\"}"', r'"{\"Authorization\": \"****"}"'),
        ("AWS_SECRET_ACCESS_KEY=" + SECRET, "AWS_SECRET_ACCESS_KEY=****"),
        ("aws_secret_access_key='" + SECRET + " and more'", "aws_secret_access_key='****'"),
        ('"SecretAccessKey" : "' + SECRET + '"', '"SecretAccessKey" : "****"'),
        ("QIE_S3_SECRET_KEY: " + SECRET, "QIE_S3_SECRET_KEY: ****"),
        ("GET /b?X-Amz-Security-Token=" + SECRET + "&x=1", "GET /b?X-Amz-Security-Token=****&x=1"),
        ("X-Amz-Credential=" + KEY_ID + "/2026/s3&a=b", "X-Amz-Credential=****&a=b"),
        ("signed with whsec_QUJD+/EF0= and more", "signed with whsec_**** and more"),
        ("X-Amz-Signature=ab12&a=b", "X-Amz-Signature=****&a=b"),
        ("X-Amz-Signature%3Dab12", "X-Amz-Signature%3D****"),
        ("x-amz-security-token: " + SECRET, "x-amz-security-token: ****"),
        ("db?password=" + SECRET + "&sslmode=require", "db?password=****&sslmode=require"),
        ("host=h password=" + SECRET + " dbname=d", "host=h password=**** dbname=d"),
        ("passwd = '" + SECRET + "'", "passwd = '****'"),
        ("PGPASSWORD=" + SECRET, "PGPASSWORD=****"),
        ("postgresql+psycopg://u:" + SECRET + "@h:5432/db", "postgresql+psycopg://****@h:5432/db"),
        ("redis://:ge@h" + SECRET + "@h:6379/0: refused", "redis://****@h:6379/0: refused"),
        ("http://user:geheim@h:8333/bucket", "http://****@h:8333/bucket"),
        ("the key " + KEY_ID + " is not known", "the key **** is not known"),
    ],
)  # fmt: skip
def test_a_secret_is_hidden_and_its_name_stays(clean, line, shown):
    assert clean(line) == shown


ORDINARY = [
    "engine classic on cpu is ready after 0.1 s",
    "Task qie_batch.edit[6f1c] succeeded in 0.31s: None",
    "the ledger sqlite:////srv/qie/ledger.sqlite3 did not answer: database is locked",
    "the ledger postgresql+psycopg://h:5432/db did not answer: connection refused",
    'password authentication failed for user "qie"',
    "Unable to locate credentials",
    "S3 at http://127.0.0.1:8333/qie-batch did not answer",
    "s3://photos/shoe@2x.png and http://127.0.0.1:8333/photos/shoe@2x.png are there",
    "transport: redis://127.0.0.1:6379/0",
    "max_tokens=512, tokenizer=Qwen2Tokenizer, sslmode=require",
    "schedule nightly: next at 2026-01-01 02:00 UTC",
]


@pytest.mark.parametrize("line", ORDINARY)
def test_an_ordinary_line_stays_as_it_is(clean, line):
    assert clean(line) == line


@pytest.mark.parametrize(
    "secret",
    [
        *("ledger+secret", "broker@secret", "broker%40secret", "//[store secret", "flower secret"),
        *("boto3's own key", "boto3's own token"),
    ],
)
def test_known_secrets_are_hidden_wherever_they_stand(secret, settings, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "boto3's own key")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "boto3's own token")
    assert (
        Redaction(secrets_of(settings.secrets, settings.addresses)).clean(f"it said <{secret}>")
        == "it said <****>"
    )


def test_options_of_an_address_are_no_secrets(settings):
    assert "verify-full" not in secrets_of(settings.secrets, settings.addresses)


def test_message_arguments_and_traceback_are_cleaned(log):
    logger, stream = log
    try:
        float("broker@secret password=" + SECRET)
    except ValueError:
        logger.exception("%s: %s", "no login", {"password": SECRET}, stack_info=True)
    written = stream.getvalue()
    assert "no login: {'password': '****'}" in written
    assert "ValueError: could not convert string to float: '**** password=****'" in written
    assert SECRET not in written
    assert "broker@secret" not in written


def test_logging_stays_cheap(clean):
    """15 microseconds a line, and no line for which the patterns try everything they can."""
    began = time.process_time()
    for _ in range(200):
        for line in ORDINARY:
            clean(line)
    for piece in (
        "password",
        "password=",
        "redis://",
        "redis://a@",
        "://:",
        "://a",
        ":",
        "authorization",
        " ",
    ):
        clean("password" + piece * 5_000)
        clean("://" + piece * 5_000)
    assert time.process_time() - began < 1.25


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:geheim@h:6379/0", "redis://****@h:6379/0"),
        ("redis://geheim@h", "redis://****@h"),
        ("rediss://h/0?ssl_cert_reqs=required", "rediss://h/0?ssl_cert_reqs=****"),
        ("postgresql+psycopg://u@h/db?password=ge=heim&a=b", "postgresql+psycopg://****@h/db?password=****&a=****"),
        ("postgresql://u:ge%40heim@[::1]:5432/db", "postgresql://****@[::1]:5432/db"),
        ("sqlite:////srv/qie/ledger.sqlite3", "sqlite:////srv/qie/ledger.sqlite3"),
        ("sqlite:///ledger.sqlite3", "sqlite:///ledger.sqlite3"),
    ],
)  # fmt: skip
def test_an_address_is_shown_without_login_and_values(url, shown):
    assert without_secrets(url) == shown
