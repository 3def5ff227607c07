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
#: Of an H100: the weights at rest, and with what the allocator keeps after the largest edits.
TOTAL_GB, AT_REST_GB, RESERVED_GB = 80, 62, 70
TOLERANCE = 0.1


def recommended(replicas, mean, target):
    """Of a HorizontalPodAutoscaler, by a metric of its pods."""
    ratio = mean / target
    return replicas if abs(ratio - 1) <= TOLERANCE else math.ceil(ratio * replicas)


def settled(mean, target, *, replicas, most=32):
    """Where a fleet at constant use comes to rest."""
    while True:
        found = min(max(recommended(replicas, mean, target), 2), most)
        if found == replicas:
            return found
        replicas = found


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
def test_each_lane_is_scaled_once_and_by_the_work_of_the_engine_that_runs(overlay):
    engine = next(each for each in of_kind(render(overlay), "ConfigMap"))["data"]["QIE_ENGINE"]
    lanes = [trigger["name"] for _, trigger in queries(overlay)]
    assert sorted(lanes) == ["bulk", "interactive"]
    for _, trigger in queries(overlay):
        query = trigger["metadata"]["query"]
        assert f"engine = '{engine}' AND lane = '{trigger['name']}'" in query
    taken = {
        pod.owner: each["value"]
        for pod in pods(render(overlay))
        for one in pod.containers
        for each in one.get("env", [])
        if each["name"] == "QIE_LANES"
    }
    assert {"all"} <= set(taken.values())


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


def write(ledger, engine, lane, *, seconds, age):
    row = {"engine": engine, "lane": lane, "seconds": seconds, "items": 1, "edit_seconds": 25.0}
    with ledger.write() as connection:
        connection.execute(insert(workload).values(row | {"read_at": time.time() - age}))


@pytest.mark.parametrize("overlay", ["keda", "spot", "triton"])
def test_the_query_of_a_trigger_says_how_many_workers_are_wanted(overlay, ledger, ask):
    with ledger.write() as connection:
        connection.execute(workload.delete())
    engine = next(each for each in of_kind(render(overlay), "ConfigMap"))["data"]["QIE_ENGINE"]
    write(ledger, engine, "interactive", seconds=300.0, age=5)
    write(ledger, engine, "bulk", seconds=36_000.0, age=5)
    wanted = {trigger["name"]: ask(trigger["metadata"]["query"]) for _, trigger in queries(overlay)}
    assert wanted["interactive"] == (pytest.approx(300 / (5 + 25)),)
    assert wanted["bulk"][0] > 1
    assert all(float(trigger["metadata"]["targetQueryValue"]) == 1 for _, trigger in queries(overlay))


def test_figures_that_no_control_writes_any_more_are_no_answer_and_not_zero(ledger, ask):
    with ledger.write() as connection:
        connection.execute(workload.delete())
    for lane in ("interactive", "bulk"):
        write(ledger, "qwen", lane, seconds=300.0, age=61)
    assert [ask(trigger["metadata"]["query"]) for _, trigger in queries("keda")] == [None, None]


def test_the_pods_autoscaler_has_the_three_triggers_of_gpu_wait_and_memory():
    spec = named(render("hpa"), "HorizontalPodAutoscaler/worker")["spec"]
    found = [
        (metric.get("pods") or metric.get("external"))["metric"]["name"].removeprefix("qie_")
        for metric in spec["metrics"]
    ]
    assert found == ["gpu_utilization_ratio", "oldest_waiting_seconds", "gpu_memory_beyond_weights_ratio"]
    assert spec["minReplicas"] == 2


def test_bulk_work_has_workers_that_the_pods_autoscaler_does_not_see():
    manifests = render("hpa")
    lanes = {
        pod.owner: each["value"]
        for pod in pods(manifests)
        for one in pod.containers
        for each in one.get("env", [])
        if each["name"] == "QIE_LANES"
    }
    assert lanes == {"Deployment/worker": "interactive", "Deployment/worker-bulk": "bulk"}
    target = named(manifests, "HorizontalPodAutoscaler/worker")["spec"]["scaleTargetRef"]
    assert target == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker"}


def test_a_long_wait_adds_few_workers_a_minute():
    behavior = named(render("hpa"), "HorizontalPodAutoscaler/worker")["spec"]["behavior"]
    (up,) = behavior["scaleUp"]["policies"]
    assert (up["type"], up["value"], up["periodSeconds"]) == ("Pods", 2, 60)
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] >= 300


def test_memory_of_resident_weights_drives_a_fleet_to_its_maximum_and_what_is_beyond_them_does_not():
    # The share of all memory, with the target of 70 %: up, whatever there is to do.
    assert settled(AT_REST_GB / TOTAL_GB, 0.7, replicas=2) == 32
    # With a target above what is at rest it holds more workers than anything needs.
    assert settled(AT_REST_GB / TOTAL_GB, 0.9, replicas=32) > 2
    # The share of what the weights leave free comes to rest at the minimum.
    metric = named(render("hpa"), "HorizontalPodAutoscaler/worker")["spec"]["metrics"][2]["pods"]
    target = float(metric["target"]["averageValue"].removesuffix("m")) / 1000
    beyond = (RESERVED_GB - AT_REST_GB) / (TOTAL_GB - AT_REST_GB)
    assert settled(beyond, target, replicas=32) == 2
    assert settled(0.0, target, replicas=32) == 2
    # And it acts where edits fill a card.
    assert recommended(4, 0.95, target) > 4
