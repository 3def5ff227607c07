from __future__ import annotations

from qie_batch.model import KnownRequest
from tests.support.ledgers import at_once

DAY = 86_400.0


def request(job_id, key="key", fingerprint="same"):
    return KnownRequest(key=key, fingerprint=fingerprint, job_id=job_id)


def test_the_first_request_of_a_key_stands_for_all_until_it_is_old(ledger, clock):
    requests = ledger.owned_by("acme").requests
    first = request("job-1")
    assert requests.remember(first, 600) == first
    assert requests.remember(request("job-2"), 600) == first
    clock.turn(601)
    assert requests.remember(request("job-3"), 600).job_id == "job-3"


def test_of_requests_at_once_one_is_remembered(ledger):
    requests = ledger.owned_by("acme").requests
    calls = [lambda number=number: requests.remember(request(f"job-{number}"), 600) for number in range(4)]
    assert len({known.job_id for known in at_once(*calls)}) == 1


def test_a_forgotten_request_may_make_a_new_job(ledger):
    requests = ledger.owned_by("acme").requests
    requests.remember(request("job-1"), 600)
    requests.forget("key", "job-0")
    assert requests.remember(request("job-2"), 600).job_id == "job-1"
    requests.forget("key", "job-1")
    assert requests.remember(request("job-2"), 600).job_id == "job-2"


def test_clients_that_wait_are_counted(ledger):
    requests = ledger.owned_by("acme").requests
    requests.remember(request("job-1"), 600, waiting=1)
    requests.remember(request("job-2"), 600, waiting=1)
    assert requests.wait("job-1", -1) == 1
    assert not requests.forget("key", "job-1", unless_waiting=True)
    assert requests.wait("job-1", -1) == 0
    assert requests.wait("unknown", 1) == 0
    assert requests.forget("key", "job-1", unless_waiting=True)


def test_one_key_of_two_tenants_is_two_requests(ledger):
    ledger.owned_by("acme").requests.remember(request("job-1"), 600)
    assert ledger.owned_by("other").requests.remember(request("job-2"), 600).job_id == "job-2"


def test_old_requests_of_all_tenants_are_pruned(ledger, clock):
    for tenant in ("acme", "other"):
        ledger.owned_by(tenant).requests.remember(request("job-1"), 600)
    clock.turn(DAY)
    assert ledger.requests.prune(DAY + 1) == 0
    assert ledger.requests.prune(DAY - 1) == 2
