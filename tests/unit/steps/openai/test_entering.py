from __future__ import annotations

import pytest

from qie_batch import wiring
from qie_batch.errors import LedgerUnavailable, UsageError
from qie_batch.settings import Settings
from qie_batch.steps.openai.edit_body import read_body
from qie_batch.steps.openai.interactive import InteractiveContext, InteractiveEdit, enter
from tests.support.ledgers import open_ledger

KEY = "order 17"


class Submitting:
    """Knows the engines; its ledger does not answer."""

    engines = wiring.InstalledEngines(Settings(engine="classic"))

    def __getattr__(self, name):
        raise LedgerUnavailable(f"no answer of {name}")


class Jobs:
    """Of the same ledger."""

    def items(self, job_id):
        raise LedgerUnavailable(f"no answer about {job_id}")


@pytest.fixture
def requests(tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    yield ledger.requests
    ledger.dispose()


def context(requests):
    return InteractiveContext(
        submitting=Submitting(), dispatching=None, requests=requests, jobs=Jobs(), store=None
    )


def edit(prompt):
    body = read_body({"prompt": prompt}, (b"image",), str)
    return InteractiveEdit(body=body, owner="", idempotency_key=KEY)


def job_of(prompt, requests):
    """The id of the job that is asked for, as it is there for all this gateway knows."""
    with pytest.raises(LedgerUnavailable, match="no answer about") as error:
        enter(edit(prompt), context(requests))
    return error.value.message.rpartition(" ")[2]


def test_a_request_is_remembered_where_the_ledger_may_have_its_job(requests):
    with pytest.raises(LedgerUnavailable, match="no answer of"):
        enter(edit("brighter"), context(requests))
    assert job_of("brighter", requests) == job_of("brighter", requests)


def test_a_client_that_was_answered_an_error_waits_no_more(requests):
    with pytest.raises(LedgerUnavailable):
        enter(edit("brighter"), context(requests))
    job_id = job_of("brighter", requests)
    with pytest.raises(UsageError, match=job_id):
        enter(edit("darker"), context(requests))
    assert requests.wait(job_id, 0) == 0
