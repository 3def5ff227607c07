"""Control marks the worker pods that are busy, by the ledger's running attempts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import trustme

from qie_batch.errors import Misconfigured, Unavailable
from qie_batch.kubernetes import PodApi, protect_busy
from tests.support.kubernetes_api import ApiServer
from tests.support.ledgers import WORKER, add, open_ledger, start

COST, KEEP = "controller.kubernetes.io/pod-deletion-cost", "karpenter.sh/do-not-disrupt"
BUSY = {COST: "100", KEEP: "true"}
#: As `worker_name` makes them in a pod, whose host name is the pod's.
FIRST = replace(WORKER, name="qie-worker-7d4f-abcde-0-1a2b3c4d")


@pytest.fixture
def api(tmp_path):
    account = tmp_path / "account"
    account.mkdir()
    server = ApiServer(trustme.CA(), account)
    server.add("qie-worker-7d4f-abcde")
    server.add("qie-worker-7d4f-fghij")
    server.add("qie-control-1", component="control")
    yield server
    server.close()


@pytest.fixture
def pods(api):
    environment = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(api.port)}
    return PodApi.of_this_pod(environment, api.account)


@pytest.fixture
def ledger(tmp_path):
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    add(ledger, *"abc")
    yield ledger
    ledger.dispose()


def marked(api):
    return {name: pod["annotations"] for name, pod in api.pods.items() if pod["annotations"]}


def test_the_pod_of_a_running_edit_is_marked_until_the_edit_ends(api, pods, ledger):
    start(ledger, worker=FIRST)
    assert protect_busy(pods, ledger.workers.running()) == 1
    assert marked(api) == {"qie-worker-7d4f-abcde": BUSY}
    ledger.jobs.cancel("job")
    assert protect_busy(pods, ledger.workers.running()) == 1
    assert marked(api) == {}


def test_a_pod_that_did_not_change_is_not_written(api, pods, ledger):
    start(ledger, worker=FIRST)
    for _ in range(3):
        protect_busy(pods, ledger.workers.running())
    assert api.patches == ["qie-worker-7d4f-abcde"]


def test_annotations_of_others_stay_and_stale_ones_of_ours_go(api, pods, ledger):
    api.add("qie-worker-7d4f-klmno", **BUSY, team="catalog")
    protect_busy(pods, ledger.workers.running())
    assert marked(api) == {"qie-worker-7d4f-klmno": {"team": "catalog"}}


def test_a_pod_that_goes_meanwhile_is_no_error(pods):
    assert not pods.annotate("gone", BUSY)


def test_a_token_that_was_replaced_is_read_again(api, pods):
    assert pods.workers()
    api.token = "second"
    (api.account / "token").write_text(api.token)
    assert pods.workers()


def test_an_account_without_rights_is_told_which_it_needs(api, pods):
    api.allowed = False
    with pytest.raises(Misconfigured, match="403") as refused:
        pods.workers()
    assert "list and patch pods" in refused.value.hint


def test_an_api_server_that_is_away_is_unavailable(api, pods):
    api.close()
    with pytest.raises(Unavailable, match="did not answer"):
        pods.workers()


def test_a_process_outside_of_a_pod_is_told_so(tmp_path):
    with pytest.raises(Misconfigured, match="no service account"):
        PodApi.of_this_pod({}, tmp_path)
