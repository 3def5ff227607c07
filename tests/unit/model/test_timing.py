from __future__ import annotations

import pytest

from qie_batch.model import JobTiming, Usage


def timing(*usages):
    return JobTiming.of(usages, items=len(usages), items_read=len(usages))


def test_shares_of_the_phases_add_up_without_those_within_the_engine():
    found = timing(
        Usage(seconds=6.0, phases={"fetch": 1.0, "paint.prompt": 1.0, "paint.steps": 4.5, "put": 1.0}),
        Usage(seconds=2.0, phases={"fetch": 0.0, "paint.prompt": 0.5, "paint.steps": 1.5}),
    )
    shares = {phase.name: phase.share for phase in found.phases}
    assert shares == pytest.approx(
        {"fetch": 0.1, "paint": 0.8, "paint.prompt": 0.15, "paint.steps": 0.6, "paint.rest": 0.05, "put": 0.1}
    )
    assert sum(phase.share for phase in found.phases if not phase.is_within) == pytest.approx(1.0)


def test_phases_come_in_the_order_of_an_attempt_whatever_the_engine_calls_its_own():
    phases = ("put", "paint.warp", "paint.decode", "encode", "paint.prompt", "decode", "wait", "paint.blur")
    found = timing(Usage(seconds=9.0, phases=dict.fromkeys(phases, 1.0)))
    assert [phase.name for phase in found.phases] == [
        *("decode", "wait", "paint", "paint.prompt", "paint.decode", "paint.blur", "paint.warp"),
        *("paint.rest", "encode", "put"),
    ]


@pytest.mark.parametrize(("number", "median", "p95"), [(1, 1, 1), (2, 1, 2), (20, 10, 19), (100, 50, 95)])
def test_a_quantile_is_a_time_that_an_attempt_took(number, median, p95):
    found = timing(*(Usage(phases={"fetch": float(each)}) for each in range(number, 0, -1)))
    assert (found.phases[0].median, found.phases[0].p95) == (median, p95)


def test_an_engine_that_tells_more_seconds_than_there_were_has_no_rest():
    found = timing(Usage(seconds=1.0, phases={"paint.steps": 1.2}))
    assert [(phase.name, phase.seconds) for phase in found.phases] == [
        ("paint", 1.0),
        ("paint.steps", 1.2),
        ("paint.rest", 0.0),
    ]


def test_of_no_attempts_there_is_nothing_to_tell():
    assert timing().phases == ()
