"""Figures of agreement, and the limit that would have agreed most often."""

from __future__ import annotations

import pytest

from qie_batch.model import Decision, Finding, Judgement, Verdict
from qie_batch.steps.agreement import agreement, best_limit

LARGE = [(0.1, False), (0.4, False), (0.7, False), (0.9, True), (2.0, True)]


class Judged:
    """A ledger with these judgements."""

    def __init__(self, *judgements):
        self._judgements = judgements

    def get(self, job_id):
        return job_id

    def judged(self, _job_id):
        return iter(self._judgements)


def judgement(figure, *, good, limit=0.6, verdict=None):
    found = verdict or (Verdict.FAILED if figure > limit else Verdict.PASSED)
    finding = Finding(gate="drift", verdict=found, figure=figure, limit=limit)
    return Judgement(decision=Decision.APPROVED if good else Decision.REROLLED, findings=(finding,))


def agreed(*judgements):
    ledger = Judged(*judgements)
    return agreement("job", jobs=ledger, reviews=ledger)


def test_gate_and_people_are_counted_against_each_other():
    (drift,) = agreed(
        *(judgement(figure, good=not bad) for figure, bad in LARGE),
        judgement(0.3, good=False),
        judgement(0.3, good=True, verdict=Verdict.UNCHECKED),
    )
    counts = drift.passed_approved, drift.passed_rejected, drift.failed_approved, drift.failed_rejected
    assert counts == (2, 1, 1, 2)
    assert (drift.unchecked, drift.decided, drift.agreed) == (1, 6, 4)
    assert (drift.precision, drift.recall) == (2 / 3, 2 / 3)
    assert (drift.limit, drift.best_limit, drift.best_agreed) == (0.6, pytest.approx(0.8), 5)


def test_nothing_decided_is_no_gate():
    assert agreed() == ()


@pytest.mark.parametrize(
    ("figures", "limit", "large_fail", "best"),
    [
        (LARGE, 0.6, True, (0.8, 5)),
        # The present limit where none is better.
        (LARGE, 0.75, True, (0.75, 5)),
        ([(-figure, bad) for figure, bad in LARGE], -0.6, False, (-0.8, 5)),
        ([(0.5, True), (0.5, False)], 0.6, True, (0.6, 1)),
        ([(0.5, False)], 0.1, True, (0.5, 1)),
        ([(0.5, True)], 0.1, True, (0.1, 1)),
    ],
)
def test_the_best_limit_is_halfway_between_what_it_parts(figures, limit, large_fail, best):
    found = best_limit(figures, limit, large_fail=large_fail)
    assert found == (pytest.approx(best[0]), best[1])
