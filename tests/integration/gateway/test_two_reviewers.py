"""Two reviewers at once: no decision is lost, and none is made on what was not seen."""

from __future__ import annotations

import pytest

from qie_batch import wiring
from qie_batch.model import ItemState
from tests.support.gateways import lone_settings, served
from tests.support.two_reviewers import JOB, TENANT, Kept, fill, kept, meet

RESULTS = 20


@pytest.fixture(scope="module")
def ledger_and_meeting(stack, tmp_path_factory):
    settings = lone_settings(stack, tmp_path_factory.mktemp("reviewers"), gateway_write_rate="none")
    ledger = wiring.ledger(settings)
    fill(ledger, RESULTS)
    with served(settings) as url:
        yield ledger, meet(url, settings)
    ledger.dispose()


def test_no_decision_is_lost_and_none_overwritten_unseen(ledger_and_meeting):
    ledger, meeting = ledger_and_meeting
    assert meeting.accepted == 2 * RESULTS
    assert kept(ledger, meeting) == Kept(lost=0, invented=0, overwritten_unseen=0)


def test_each_result_is_as_the_last_decision_left_it(ledger_and_meeting):
    ledger, _ = ledger_and_meeting
    for item in ledger.owned_by(TENANT).jobs.items(JOB):
        last = [each.decision for each in ledger.reviews.history(item.id) if each.decision != "noted"][-1]
        assert item.review == last
        assert item.state is {"approved": ItemState.SUCCEEDED, "rejected": ItemState.REJECTED}[last]


def test_a_conflict_names_who_was_first(ledger_and_meeting):
    _, meeting = ledger_and_meeting
    assert len(meeting.conflicts) == RESULTS
    for reviewer in meeting.reviewers:
        other = {"maria": "chen", "chen": "maria"}[reviewer.name]
        assert all(f"by {other} at" in sentence for sentence in reviewer.conflicts)
