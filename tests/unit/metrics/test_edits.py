from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from qie_batch.metrics import EditMetrics
from qie_batch.metrics.exporter import MOST_VALUES
from qie_batch.model import (
    Attempt,
    EditEvent,
    EditParams,
    EditSpec,
    Ending,
    Priority,
    Rate,
    Stage,
    Usage,
    Worker,
)

RATE = Rate(hour_micros=3_600_000_000)


def attempt(number=1, **values):
    params = EditParams(instruction="make it red", preset="draft")
    spec = EditSpec(engine="qwen", revision="1", inputs=("a",), params=params)
    given = {"priority": Priority.NORMAL, "rate": RATE, **values}
    return Attempt(item_id="job.0", number=number, row_id="r", spec=spec, errors=0, crashes=0, **given)


@pytest.fixture
def metrics():
    return Told(CollectorRegistry())


class Told:
    """The metrics of a worker process, which is told of events."""

    def __init__(self, registry):
        self.registry = registry
        worker = Worker(name="w", engine="qwen", device="H100", rate=RATE)
        self.observe = EditMetrics(registry, worker, "spot", ["draft"])

    def tell(self, stage, seconds=0.0, usage=0.0, of=None, phases=None, **more):
        usage = Usage(seconds=usage, phases=phases or {})
        self.observe(EditEvent(stage=stage, attempt=of or attempt(), usage=usage, seconds=seconds, **more))

    def value(self, name, **labels):
        return self.registry.get_sample_value(name, {"engine": "qwen", **labels})


def test_each_phase_of_an_edit_is_timed(metrics):
    metrics.tell(Stage.CLAIMED, of=attempt(waited_seconds=7.0))
    metrics.tell(Stage.FETCHED, 0.2)
    metrics.tell(Stage.DECODED, 0.4)
    metrics.tell(Stage.ENTERED, 3.0)
    metrics.tell(Stage.STEPPED, 1.5, 1.5, step=1)
    metrics.tell(Stage.STEPPED, 1.5, 3.0, step=2)
    metrics.tell(Stage.PAINTED, 0.5, 3.5)
    metrics.tell(Stage.CHECKED, 0.1, 3.5)
    metrics.tell(Stage.ENCODED, 0.6, 3.5)
    metrics.tell(Stage.STORED, 0.3, 3.5)
    metrics.tell(Stage.CLOSED, 0.05, 3.5, ending=Ending.SUCCEEDED)
    expected = {
        "fetch": 0.2,
        "decode": 0.4,
        "wait": 3.0,
        "paint": 3.5,
        "check": 0.1,
        "encode": 0.6,
        "put": 0.3,
        "close": 0.05,
    }
    sums = {
        phase: metrics.value("qie_edit_phase_seconds_sum", preset="draft", phase=phase) for phase in expected
    }
    assert sums == expected
    assert metrics.value("qie_queue_wait_seconds_sum", lane="bulk") == 7.0
    assert metrics.value("qie_device_busy_seconds_total", device="H100") == 3.5
    assert metrics.value("qie_edit_steps_total", preset="draft") == 2
    assert metrics.value("qie_attempts_total", preset="draft", lane="bulk", outcome="succeeded") == 1
    assert metrics.value("qie_cost_dollars_total", market="spot") == pytest.approx(3.5)


def test_each_phase_within_the_engine_is_timed(metrics):
    phases = {"fetch": 0.2, "paint.prompt": 0.1, "paint.steps": 3.0}
    metrics.tell(Stage.PAINTED, usage=3.2, phases=phases)
    metrics.tell(Stage.CHECKED, usage=3.2, phases=phases)
    name = "qie_engine_phase_seconds"
    assert metrics.value(f"{name}_sum", preset="draft", phase="prompt") == 0.1
    assert metrics.value(f"{name}_sum", preset="draft", phase="steps") == 3.0
    assert metrics.value(f"{name}_count", preset="draft", phase="steps") == 1
    assert metrics.value(f"{name}_sum", preset="draft", phase="fetch") is None


@pytest.mark.parametrize(
    ("ending", "charged"),
    [(Ending.RETRIED, "error"), (Ending.CRASHED, "crash"), (Ending.HANDED_BACK, "uncharged")],
)
def test_a_try_after_which_the_item_is_tried_again_is_counted_by_what_it_is_charged(metrics, ending, charged):
    metrics.tell(Stage.CLOSED, ending=ending, code="busy")
    assert metrics.value("qie_retries_total", **{"class": charged}) == 1
    assert metrics.value("qie_attempts_total", preset="draft", lane="bulk", outcome=ending) == 1


def test_an_attempt_that_fails_on_the_device_was_busy_there(metrics):
    metrics.tell(Stage.ENTERED)
    metrics.tell(Stage.STEPPED, 1.0, 1.0, step=1)
    metrics.tell(Stage.CLOSED, 9.0, 3.0, ending=Ending.FAILED, code="not_understood")
    assert metrics.value("qie_device_busy_seconds_total", device="H100") == 3.0
    assert metrics.value("qie_failures_total", code="not_understood") == 1


def test_a_fenced_attempt_is_a_lost_lease_and_costs_what_it_used(metrics):
    metrics.tell(Stage.FENCED, usage=2.0, ending=Ending.SUCCEEDED)
    assert metrics.value("qie_leases_lost_total") == 1
    assert metrics.value("qie_attempts_total", preset="draft", lane="bulk", outcome="fenced") == 1
    assert metrics.value("qie_cost_dollars_total", market="spot") == pytest.approx(2.0)


def test_each_outcome_is_there_before_it_happens(metrics):
    for outcome in (*Ending, "fenced"):
        assert metrics.value("qie_attempts_total", preset="draft", lane="bulk", outcome=outcome) == 0


def test_attempts_that_ended_are_not_remembered(metrics):
    for number in range(10):
        metrics.tell(Stage.PAINTED, usage=1.0, of=attempt(number))
        metrics.tell(Stage.CLOSED, usage=1.0, of=attempt(number), ending=Ending.SUCCEEDED)
    assert metrics.observe._counted == {}
    assert metrics.value("qie_device_busy_seconds_total", device="H100") == 10.0


def test_an_adopted_result_is_a_cache_hit(metrics):
    metrics.tell(Stage.ADOPTED)
    assert metrics.value("qie_result_cache_hits_total") == 1


def test_an_image_that_did_not_change_is_a_finding(metrics):
    metrics.tell(Stage.CHECKED, findings=("unchanged",))
    found = metrics.registry.get_sample_value(
        "qie_gate_findings_total", {"gate": "unchanged", "verdict": "failed"}
    )
    assert found == 1


def test_interactive_edits_are_a_lane_of_their_own(metrics):
    metrics.tell(Stage.CLAIMED, of=attempt(priority=Priority.INTERACTIVE, waited_seconds=0.1))
    assert metrics.value("qie_queue_wait_seconds_count", lane="interactive") == 1


def test_codes_that_an_engine_invents_do_not_make_series_without_end(metrics):
    for number in range(10 * MOST_VALUES):
        metrics.tell(Stage.CLOSED, ending=Ending.FAILED, code=f"code-{number}")
    found = [
        sample
        for metric in metrics.registry.collect()
        if metric.name == "qie_failures"
        for sample in metric.samples
        if sample.name == "qie_failures_total"
    ]
    assert len(found) == MOST_VALUES + 1
    assert metrics.value("qie_failures_total", code="other") == 9 * MOST_VALUES


def test_what_others_name_makes_a_bounded_number_of_series(metrics):
    for number in range(5 * MOST_VALUES):
        hostile = replace(attempt().spec, params=EditParams(instruction="x", preset=f"p{number}"))
        given = replace(attempt(), spec=hostile)
        for stage in (Stage.FETCHED, Stage.ENTERED, Stage.STORED):
            metrics.tell(stage, of=given)
        metrics.tell(Stage.PAINTED, of=given, phases={f"paint.phase-{number}": 1.0, "paint.\ud800": 1.0})
        metrics.tell(Stage.CHECKED, of=given, findings=(f"finding-{number}", "\ud800", "x" * 10_000))
        metrics.tell(Stage.CLOSED, of=given, ending=Ending.FAILED, code=f"\ud800{number}")
    page = generate_latest(metrics.registry)
    series = [line for line in page.splitlines() if not line.startswith(b"#")]
    assert len(series) < 30 * MOST_VALUES
    assert max(map(len, series)) < 300
