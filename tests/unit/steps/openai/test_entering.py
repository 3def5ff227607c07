from __future__ import annotations

from types import SimpleNamespace

import pytest

from qie_batch import wiring
from qie_batch.errors import LedgerUnavailable, UsageError
from qie_batch.settings import Settings
from qie_batch.steps.openai.edit_body import read_body
from qie_batch.steps.openai.interactive import InteractiveContext, InteractiveEdit, enter
from tests.support.ledgers import open_ledger

KEY = "order 17"


class Unreachable:
    """Jobs of a ledger that does not answer."""

    def items(self, job_id):
        raise LedgerUnavailable(f"no answer about {job_id}")


@pytest.fixture
def requests(tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    yield ledger.requests
    ledger.dispose()


def context(requests):
    engines = wiring.InstalledEngines(Settings(engine="classic"))
    return InteractiveContext(
        submitting=SimpleNamespace(engines=engines),
        dispatching=None,
        requests=requests,
        jobs=Unreachable(),
        store=None,
    )


def edit(prompt):
    body = read_body({"prompt": prompt}, (b"image",), str)
    return InteractiveEdit(body=body, owner="", idempotency_key=KEY)


def test_a_request_is_remembered_where_the_ledger_may_have_its_job(requests):
    with pytest.raises(LedgerUnavailable) as first:
        enter(edit("brighter"), context(requests))
    with pytest.raises(LedgerUnavailable) as second:
        enter(edit("brighter"), context(requests))
    assert second.value.message == first.value.message


def test_a_client_that_was_answered_an_error_waits_no_more(requests):
    with pytest.raises(LedgerUnavailable) as error:
        enter(edit("brighter"), context(requests))
    job_id = error.value.message.rpartition(" ")[2]
    with pytest.raises(UsageError, match=job_id):
        enter(edit("darker"), context(requests))
    assert requests.wait(job_id, 0) == 0
