"""The simulation of bench/: the HPA's arithmetic against cases worked by hand, and what always holds."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def sim(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    from simulation import arrivals, cluster, hpa, machines, pods, policies  # noqa: PLC0415 - on the path only here

    yield SimpleNamespace(
        arrivals=arrivals, cluster=cluster, hpa=hpa, machines=machines, policies=policies, pods=pods
    )
    for name in [name for name in sys.modules if name.partition(".")[0] == "simulation"]:
        del sys.modules[name]


def pods(sim, replicas, ready=None):
    return sim.hpa.Pods(replicas=replicas, ready=replicas if ready is None else ready)


@pytest.mark.parametrize(
    ("metric", "ready", "proposed"),
    [
        (60.0, 10, 120),
        (5.4, 10, 10),
        (4.6, 10, 10),
        (5.6, 10, 12),
        (0.0, 10, 0),
        (60.0, 3, 36),
        (None, 10, None),
    ],
)
def test_a_value_multiplies_the_ready_pods(sim, metric, ready, proposed):
    assert sim.hpa.Value(metric=metric, target=5.0).propose(pods(sim, 10, ready)) == proposed


@pytest.mark.parametrize(
    ("metric", "replicas", "proposed"),
    [(100.0, 2, 10), (104.0, 10, 10), (112.0, 10, 12), (0.0, 10, 0), (7.0, 0, 1)],
)
def test_an_average_value_looks_at_no_pod(sim, metric, replicas, proposed):
    assert sim.hpa.AverageValue(metric=metric, target=10.0).propose(pods(sim, replicas, ready=1)) == proposed


@pytest.mark.parametrize(
    ("samples", "pending", "missing", "proposed"),
    [
        ([100.0] * 10, 0, 0, 15),
        ([75.0] * 10, 0, 0, 10),
        ([35.0] * 10, 0, 0, 5),
        # Pods that load weights count with their 0.
        ([100.0] * 6 + [0.0] * 4, 0, 0, 9),
        # Pending pods count as 0 on the way up, and turn no direction.
        ([100.0] * 10, 10, 0, 20),
        ([100.0] * 10, 4, 0, 14),
        # Without a sample: the target on the way down, 0 on the way up.
        ([35.0] * 8, 0, 8, 12),
        ([100.0] * 8, 0, 8, 16),
        ([], 3, 0, None),
    ],
)
def test_a_metric_of_pods_counts_what_is_missing_against_its_direction(
    sim, samples, pending, missing, proposed
):
    metric = sim.hpa.PodsMetric(samples=samples, pending=pending, missing=missing, target=70.0)
    assert metric.propose(pods(sim, len(samples) + pending + missing, ready=len(samples))) == proposed


def wants(sim, number):
    return [sim.hpa.AverageValue(metric=float(number), target=1.0)]


def test_the_largest_metric_counts_and_one_with_an_error_holds_back_the_way_down_alone(sim):
    broken = sim.hpa.Value(metric=None, target=1.0)
    for metrics, decided in (
        ([*wants(sim, 5), *wants(sim, 8)], 8),
        ([*wants(sim, 8), broken], 8),
        ([*wants(sim, 2), broken], 4),
        ([broken], 4),
    ):
        scaler = sim.hpa.Autoscaler(least=1, most=100)
        assert scaler.decide(0.0, 4, pods(sim, 4), metrics) == decided


def test_without_behavior_replicas_double_and_fall_to_the_largest_wish_of_five_minutes(sim):
    scaler, now, replicas, seen = sim.hpa.Autoscaler(least=2, most=50), 0.0, 2, []
    for wanted in [100] * 6 + [3] * 22:
        replicas = scaler.decide(now, replicas, pods(sim, replicas), wants(sim, wanted))
        seen.append(replicas)
        now += sim.hpa.SYNC_SECONDS
    assert seen[:5] == [4, 8, 16, 32, 50]
    assert seen[6:] == [50] * 19 + [3] * 3


def test_with_behavior_replicas_rise_and_fall_by_its_policies(sim):
    hpa = sim.hpa
    behavior = hpa.Behavior(
        up=hpa.Scaling(
            stabilization_seconds=0.0, policies=(hpa.Policy(kind="Pods", value=2, period_seconds=60.0),)
        ),
        down=hpa.Scaling(
            stabilization_seconds=30.0, policies=(hpa.Policy(kind="Percent", value=10, period_seconds=60.0),)
        ),
    )
    scaler, now, replicas, seen = hpa.Autoscaler(least=2, most=50, behavior=behavior), 0.0, 20, []
    for wanted in [50] * 8 + [2] * 9:
        replicas = scaler.decide(now, replicas, pods(sim, replicas), wants(sim, wanted))
        seen.append(replicas)
        now += hpa.SYNC_SECONDS
    assert seen[:8] == [22, 22, 22, 22, 24, 24, 24, 24]
    assert seen[8:] == [24, 21, 21, 21, 21, 18, 18, 18, 18]


def test_more_than_the_most_and_less_than_the_least_are_set_right_at_once(sim):
    scaler = sim.hpa.Autoscaler(least=2, most=10)
    assert scaler.decide(0.0, 30, pods(sim, 30), []) == 10
    assert scaler.decide(15.0, 1, pods(sim, 1), []) == 2


@pytest.fixture
def morning(sim):
    """Five hours of a thousandth of a day, from 06:00 on."""

    def run(fleet, *, notice_seconds=120.0, reclaims_an_hour=0.0):
        spot = replace(sim.cluster.SPOT, notice_seconds=notice_seconds, reclaims_an_hour=reclaims_an_hour)
        setup = sim.cluster.Setup(
            scenario=sim.arrivals.SCENARIOS["day"].scaled(0.001),
            fleet=sim.policies.FLEETS[fleet],
            edit_seconds=25.6,
            steps=40,
            most=12,
            spot=spot if reclaims_an_hour else None,
        )
        made = sim.cluster.Cluster(setup)
        made.run(5 * sim.arrivals.HOUR)
        return made

    return run


@pytest.mark.parametrize("reclaims_an_hour", [0.0, 3.0])
@pytest.mark.parametrize("fleet", ["fixed", "article", "keda", "keda-warm"])
def test_every_item_is_done_once_and_every_second_on_a_device_is_paid(morning, fleet, reclaims_an_hour):
    of = morning(fleet, reclaims_an_hour=reclaims_an_hour)
    ledger = of.ledger
    assert of.entered == ledger.done + sum(lane.items for lane in ledger.lanes) > 100
    assert min(*ledger.interactive.waits, *ledger.bulk.waits) >= 0.0
    paid = 3600.0 * sum(market.paid_hours for market in of.markets)
    assert 0.0 < ledger.useful_seconds + ledger.repeated_seconds <= paid
    assert all(each.deployment.replicas <= 12 for each in of.scaled)


def test_the_same_seed_gives_the_same_day(morning):
    first, second = (morning("keda", reclaims_an_hour=1.0) for _ in range(2))
    assert list(first.ledger.bulk.waits) == list(second.ledger.bulk.waits)
    assert first.samples == second.samples


def test_a_machine_that_goes_without_a_word_costs_leases_and_no_item(morning):
    of = morning("fixed", reclaims_an_hour=10.0, notice_seconds=0.0)
    assert of.spot.reclaimed
    assert of.ledger.lost_leases
    assert of.ledger.repeated
    assert not of.ledger.failed


def test_two_minutes_of_notice_are_enough_for_every_edit_to_end(morning):
    of = morning("fixed", reclaims_an_hour=10.0)
    assert of.spot.reclaimed
    assert of.ledger.repeated == of.ledger.lost_leases == 0


def test_the_overlay_ships_the_targets_and_limits_that_are_simulated(sim):
    keda = sim.policies.FLEETS["keda"].scaling
    shipped = {}
    for name in ("worker", "bulk"):
        text = (BENCH.parent / "deploy/kubernetes/overlays/keda" / f"{name}.yaml").read_text(encoding="utf-8")
        shipped[name] = yaml.safe_load(text)["spec"]
    queries = [shipped[name]["triggers"][0]["metadata"]["query"] for name in ("worker", "bulk")]
    assert f"items / {keda.wait_edits:g}" in queries[0]
    assert f"seconds / {keda.bulk_wait_seconds:g}" in queries[1]
    behavior = shipped["worker"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    for direction, simulated in (("scaleUp", keda.behavior.up), ("scaleDown", keda.behavior.down)):
        assert behavior[direction]["stabilizationWindowSeconds"] == simulated.stabilization_seconds
        policies = {
            (each["type"], each["value"], each["periodSeconds"]) for each in behavior[direction]["policies"]
        }
        assert policies == {(each.kind, each.value, each.period_seconds) for each in simulated.policies}
