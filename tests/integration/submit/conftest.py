from __future__ import annotations

import pytest

from tests.support.submitting import closing_ledger, services


@pytest.fixture
def settings(stack, s3, tmp_path):
    """Of the S3 server of the tests, and a ledger on SQLite."""
    with services(stack, s3, tmp_path) as settings:
        yield settings


@pytest.fixture
def ledger(settings):
    with closing_ledger(settings) as ledger:
        yield ledger
