"""What a failed gate makes of an item, on a real ledger and a real store, with a gate of a few lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qie_batch.model import Checks, EngineInfo, Finding, Priority, Verdict
from qie_batch.steps.edit import edit
from tests.support.ledgers import enqueue, finish, new_items, new_job, spec, told
from tests.support.painters import INPUT, Painter, only


class SeededGate:
    """Finds the figures in this order, one for each result, and fails those over the limit of the row."""

    def __init__(self, *figures):
        self.figures, self.looks = list(figures), 0

    def inspect(self, edited, checks):
        assert edited.before.size == edited.after.size
        figure, limit = self.figures[self.looks], checks.limits.get("drift", 1.0)
        self.looks += 1
        failed = figure > limit
        return (
            Finding(
                gate="drift",
                verdict=Verdict.FAILED if failed else Verdict.PASSED,
                figure=figure,
                limit=limit,
                sentence="it moved" if failed else "",
            ),
        )


class SeededPainter(Painter):
    info = EngineInfo(name="classic", revision="1", honours=frozenset({"seed"}))


def submit(ledger, job_id="job", *, priority=Priority.NORMAL, review="", **checks):
    made = spec("red", inputs=(INPUT,), seed=7)
    (item,) = new_items(made, priority=priority)
    item = replace(item, checks=Checks(**checks))
    assert ledger.intake.add_job(new_job(job_id, review=review), [item])
    return enqueue(ledger, interactive=priority is Priority.INTERACTIVE)


@pytest.fixture
def run(ledger, make_context):
    """Edits the item of a job until it is final."""

    def edit_all(engine, gate, job_id="job"):
        context = make_context(engine, gates=gate)
        while told(ledger, job_id) in ("p", "q"):
            enqueue(ledger)
            edit(f"{job_id}.0", context)
        return next(ledger.jobs.items(job_id))

    return edit_all


def outcomes(ledger):
    with ledger._db.read() as connection:
        rows = connection.exec_driver_sql("SELECT outcome, error_code FROM attempts ORDER BY number")
        return [tuple(row) for row in rows]


def test_a_result_that_a_gate_failed_is_one_to_be_reviewed(ledger, run):
    submit(ledger)
    item = run(Painter(), SeededGate(3.2))
    (finding,) = item.result.findings
    assert (told(ledger), item.version, item.failure) == ("N", 1, None)
    assert (finding.gate, finding.figure, finding.sentence) == ("drift", 3.2, "it moved")


def test_a_result_that_all_gates_passed_succeeds_with_its_figures(ledger, run):
    submit(ledger)
    item = run(Painter(), SeededGate(0.2))
    assert (told(ledger), item.result.findings[0].verdict) == ("S", Verdict.PASSED)


def test_a_failed_gate_makes_the_result_again_with_other_seeds(ledger, run):
    submit(ledger, rerolls=3)
    engine = SeededPainter()
    item = run(engine, SeededGate(3.0, 2.0, 0.5))
    assert (told(ledger), engine.edits, item.rerolls, item.attempt) == ("S", 3, 2, 3)
    assert item.spec.params.seed == 207
    assert item.result.cache_key == item.spec.cache_key
    assert outcomes(ledger) == [("rerolled", "gate_failed")] * 2 + [("succeeded", None)]
    assert not list(ledger.audit.contradictions())


def test_the_best_of_results_that_all_failed_is_the_one_to_be_reviewed(ledger, run):
    submit(ledger, rerolls=2)
    item = run(SeededPainter(), SeededGate(3.0, 1.5, 2.0))
    assert (told(ledger), item.spec.params.seed, item.result.findings[0].figure) == ("N", 107, 1.5)
    assert not list(ledger.audit.contradictions())


def test_an_engine_whose_result_no_seed_changes_is_asked_once(ledger, run):
    submit(ledger, rerolls=3)
    engine = Painter()
    run(engine, SeededGate(3.0))
    assert (told(ledger), engine.edits) == ("N", 1)


def test_the_next_job_holds_a_failed_result_to_its_own_limit_without_an_edit(ledger, run):
    submit(ledger)
    run(Painter(), SeededGate(3.0))
    submit(ledger, "later", limits={"drift": 5.0})
    engine = Painter()
    item = run(engine, SeededGate(3.0), "later")
    assert (told(ledger, "later"), engine.edits, item.cost_micros) == ("S", 0, 0)


def test_the_next_job_takes_a_result_that_passed_as_it_is(ledger, run):
    submit(ledger)
    run(Painter(), SeededGate(0.5))
    submit(ledger, "later")
    assert told(ledger, "later") == "S"


def test_a_job_that_wants_review_has_no_success_of_its_own(ledger, run):
    submit(ledger, review="required")
    run(Painter(), SeededGate(0.5))
    submit(ledger, "later", review="required")
    assert told(ledger) + told(ledger, "later") == "NN"


def test_items_of_the_same_edit_that_wait_get_no_result_that_a_gate_failed(ledger, run):
    submit(ledger)
    submit(ledger, "twin", limits={"drift": 5.0})
    run(Painter(), SeededGate(3.0))
    assert told(ledger) + told(ledger, "twin") == "Np"
    engine = Painter()
    run(engine, SeededGate(3.0), "twin")
    assert (told(ledger, "twin"), engine.edits) == ("S", 0)


def test_an_edit_that_a_client_waits_for_meets_no_gate(ledger, make_context):
    submit(ledger, priority=Priority.INTERACTIVE)
    gate = SeededGate()
    edit("job.0", make_context(Painter(), gates=gate))
    assert (told(ledger), gate.looks, only(ledger).result.findings) == ("S", 0, ())


def test_without_gates_a_result_succeeds_as_it_is(ledger):
    submit(ledger)
    finish(ledger)
    assert told(ledger) == "S"
