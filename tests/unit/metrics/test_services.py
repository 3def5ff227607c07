from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from qie_batch.errors import LedgerUnavailable, Rejected
from qie_batch.metrics.services import TimedAttempts
from qie_batch.model import Rate, Worker


class Ledger:
    """Raises the given error at each claim, or has nothing to claim."""

    def __init__(self, error=None):
        self._error = error

    def claim(self, *_):
        if self._error:
            raise self._error


@pytest.fixture
def claims():
    registry = CollectorRegistry()

    def claim(error):
        timed = TimedAttempts(Ledger(error), registry)
        worker = Worker(name="w", engine="e", device="d", rate=Rate())
        return timed.claim("job.0", worker, 30.0)

    claim.value = lambda name: registry.get_sample_value(name, {"operation": "claim"}) or 0
    return claim


def test_an_operation_is_timed_and_answers_as_without(claims):
    assert claims(None) is None
    assert claims.value("qie_ledger_seconds_count") == 1
    assert claims.value("qie_ledger_errors_total") == 0


def test_a_ledger_that_is_away_is_an_error_that_reaches_the_caller(claims):
    with pytest.raises(LedgerUnavailable):
        claims(LedgerUnavailable("the ledger is away", code="ledger_down"))
    assert claims.value("qie_ledger_seconds_count") == 1
    assert claims.value("qie_ledger_errors_total") == 1


def test_an_answer_that_refuses_is_no_error_of_the_service(claims):
    with pytest.raises(Rejected):
        claims(Rejected("no", code="no"))
    assert claims.value("qie_ledger_errors_total") == 0
