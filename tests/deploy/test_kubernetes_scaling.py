"""What scales the workers, held against the ledger and against the rules of Kubernetes."""

import math
import time

import psycopg
import pytest
from sqlalchemy import insert

from qie_batch.ledger import schema
from qie_batch.ledger.database import Database
from qie_batch.ledger.tables import workload
from qie_batch.settings import Settings
from tests.support.manifests.rendering import OVERLAYS, called, named, of_kind, pods, render

GPU = "nvidia.com/gpu"
EDIT_SECONDS = 25.0
#: In which bulk work is to be done.
BULK_WAIT_SECONDS = 7200


def queries(overlay):
    for scaled in of_kind(render(overlay), "ScaledObject"):
        for trigger in scaled["spec"]["triggers"]:
            yield scaled, trigger


def most_replicas(manifests):
    """Of each workload with GPUs, and of all others, by name."""
    spec = {called(each): each["spec"].get("replicas", 1) for each in of_kind(manifests, "Deployment")}
    for each in of_kind(manifests, "ScaledObject"):
        spec[f"Deployment/{each['spec']['scaleTargetRef']['name']}"] = each["spec"]["maxReplicaCount"]
    for each in of_kind(manifests, "HorizontalPodAutoscaler"):
        spec[f"Deployment/{each['spec']['scaleTargetRef']['name']}"] = each["spec"]["maxReplicas"]
    return spec


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_apply_does_not_set_a_scaled_fleet_back(overlay):
    manifests = render(overlay)
    scaled = {
        each["spec"]["scaleTargetRef"]["name"]
        for each in of_kind(manifests, "ScaledObject", "HorizontalPodAutoscaler")
    }
    for deployment in of_kind(manifests, "Deployment"):
        is_scaled = deployment["metadata"]["name"] in scaled
        assert ("replicas" in deployment["spec"]) != is_scaled, called(deployment)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_two_workers_stay_for_people(overlay):
    manifests = render(overlay)
    least = [each["spec"]["minReplicas"] for each in of_kind(manifests, "HorizontalPodAutoscaler")]
    least += [
        each["spec"]["minReplicaCount"]
        for each in of_kind(manifests, "ScaledObject")
        if each["metadata"]["name"] == "worker"
    ]
    assert least == [2] or named(manifests, "Deployment/worker")["spec"]["replicas"] == 2


@pytest.mark.parametrize("overlay", ["hpa", "keda", "spot", "spot-gke", "triton", "kserve"])
def test_the_quota_holds_the_largest_fleet_and_its_update(overlay):
    manifests = render(overlay)
    hard = named(manifests, "ResourceQuota/qie-batch")["spec"]["hard"]
    most = most_replicas(manifests)
    gpus = sum(
        math.ceil(count * 1.1) for name, count in most.items() if "worker" in name or "predictor" in name
    )
    assert gpus <= int(hard[f"requests.{GPU}"])
    assert sum(most.values()) + 20 <= int(hard["pods"])


@pytest.mark.parametrize("overlay", ["hpa", "keda", "spot", "spot-gke", "triton", "kserve"])
def test_the_broker_holds_messages_for_the_largest_fleet(overlay):
    manifests = render(overlay)
    window = int(next(each for each in of_kind(manifests, "ConfigMap"))["data"]["QIE_WINDOW"])
    fleet = sum(count for name, count in most_replicas(manifests).items() if "worker" in name)
    assert window >= Settings().concurrency * fleet


@pytest.mark.parametrize("overlay", ["keda", "spot", "spot-gke", "triton", "kserve"])
def test_a_scaler_that_cannot_read_keeps_the_fleet_and_scale_in_is_slow(overlay):
    for scaled in of_kind(render(overlay), "ScaledObject"):
        assert scaled["spec"]["fallback"]["behavior"] == "currentReplicasIfHigher"
        down = scaled["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert down["stabilizationWindowSeconds"] >= 300
    assert all(trigger["metricType"] == "AverageValue" for _, trigger in queries(overlay))


@pytest.mark.parametrize("overlay", ["keda", "spot", "spot-gke", "triton", "kserve"])
def test_each_lane_is_scaled_by_the_work_of_the_engine_that_runs(overlay):
    engine = next(each for each in of_kind(render(overlay), "ConfigMap"))["data"]["QIE_ENGINE"]
    wanted = ["work"] if overlay == "kserve" else ["bulk", "interactive"]
    assert sorted(trigger["name"] for _, trigger in queries(overlay)) == wanted
    for scaled, trigger in queries(overlay):
        # Of several triggers only the one that wants the most counts.
        assert len(scaled["spec"]["triggers"]) == 1
        assert trigger["metadata"]["query"].count(f"engine = '{engine}'") == 1
        assert float(trigger["metadata"]["targetQueryValue"]) == 1


@pytest.fixture(scope="module")
def ledger(postgres):
    url = postgres.new_database()
    database = Database(url)
    schema.upgrade(database)
    with database.write() as connection:
        connection.exec_driver_sql("CREATE ROLE qie_keda LOGIN")
    schema.grant_reader(database, "qie_keda")
    yield database
    with database.write() as connection:
        connection.exec_driver_sql("DROP OWNED BY qie_keda; DROP ROLE qie_keda")
    database.engine.dispose()


@pytest.fixture(scope="module")
def ask(ledger):
    """What KEDA gets: the first column of the first row, or nothing, which is an error to it."""
    plain = ledger.engine.url.set(drivername="postgresql", username="qie_keda").render_as_string()
    with psycopg.connect(plain, autocommit=True) as connection:
        yield lambda query: connection.execute(query).fetchone()


@pytest.fixture
def write(ledger):
    """Writes a row as control does; the table is empty at first."""
    with ledger.write() as connection:
        connection.execute(workload.delete())

    def write(engine, lane, *, items, age=5.0):
        row = {"engine": engine, "lane": lane, "items": items, "seconds": items * EDIT_SECONDS}
        with ledger.write() as connection:
            connection.execute(
                insert(workload).values(edit_seconds=EDIT_SECONDS, read_at=time.time() - age, **row)
            )

    return write


@pytest.mark.parametrize(
    ("overlay", "wanted"),
    [
        ("keda", {"interactive": 7 / 0.7, "bulk": 3}),
        ("triton", {"interactive": 7 / 0.7, "bulk": 3}),
        ("kserve", {"work": 7 / 0.7 + 3}),
    ],
)
def test_a_query_says_how_many_workers_are_wanted(overlay, wanted, write, ask):
    engine = next(each for each in of_kind(render(overlay), "ConfigMap"))["data"]["QIE_ENGINE"]
    write(engine, "interactive", items=7)
    write(engine, "bulk", items=int(3 * BULK_WAIT_SECONDS / EDIT_SECONDS))
    found = {trigger["name"]: ask(trigger["metadata"]["query"]) for _, trigger in queries(overlay)}
    assert found == {name: (pytest.approx(count),) for name, count in wanted.items()}
    # Numeric would reach KEDA as a text.
    assert all(isinstance(row[0], float) for row in found.values())


@pytest.mark.parametrize("overlay", ["keda", "kserve"])
def test_figures_that_no_control_writes_any_more_are_no_answer_and_not_zero(overlay, write, ask):
    engine = next(each for each in of_kind(render(overlay), "ConfigMap"))["data"]["QIE_ENGINE"]
    for lane in ("interactive", "bulk"):
        write(engine, lane, items=7, age=61)
    assert {ask(trigger["metadata"]["query"]) for _, trigger in queries(overlay)} == {None}


def test_half_of_the_figures_is_no_answer(write, ask):
    write("triton", "interactive", items=7)
    assert [ask(trigger["metadata"]["query"]) for _, trigger in queries("kserve")] == [None]


@pytest.mark.parametrize("overlay", ["hpa", "keda", "spot", "spot-gke", "triton"])
def test_each_lane_has_workers_of_its_own(overlay):
    lanes = {
        pod.owner: each["value"]
        for pod in pods(render(overlay))
        for one in pod.containers
        for each in one.get("env", [])
        if each["name"] == "QIE_LANES"
    }
    assert lanes == {"Deployment/worker": "interactive", "Deployment/worker-bulk": "bulk"}
