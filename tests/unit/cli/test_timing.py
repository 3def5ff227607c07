from __future__ import annotations

from qie_batch.cli.timing import show_timing
from qie_batch.model import JobTiming, Usage
from qie_batch.views import timing_view

USAGES = [
    Usage(seconds=3.0, phases={"fetch": 0.25, "wait": 0.5, "paint.steps": 2.5, "paint.warp": 0.25}),
    Usage(seconds=1.0, phases={"fetch": 0.25, "wait": 0.0, "paint.steps": 1.0}),
]


def test_a_table_tells_where_the_time_went(capsys):
    show_timing(timing_view(JobTiming.of(USAGES, items=2, items_read=2)))
    assert capsys.readouterr().out.splitlines() == [
        "phase                attempts   total   share     p50     p95",
        "fetch                       2  0.50 s  10.0 %  0.25 s  0.25 s  ####",
        "wait for the device         2  0.50 s  10.0 %   0.0 s  0.50 s  ####",
        "device                      2   4.0 s  80.0 %   1.0 s   3.0 s  ################################",
        "  steps                     2   3.5 s  70.0 %   1.0 s   2.5 s  ############################",
        "  warp                      1  0.25 s   5.0 %  0.25 s  0.25 s  ##",
        "  rest                      2  0.25 s   5.0 %   0.0 s  0.25 s  ##",
    ]


def test_a_table_of_a_part_of_the_job_says_so(capsys):
    show_timing(timing_view(JobTiming.of(USAGES, items=100_000, items_read=2000)))
    assert capsys.readouterr().out.splitlines()[-1] == (
        "of 2 attempts at 2,000 of 100,000 items, evenly spread"
    )


def test_without_an_attempt_there_is_no_table(capsys):
    show_timing(timing_view(JobTiming.of([], items=3, items_read=3)))
    assert capsys.readouterr().out == "no attempt has ended yet whose phases are known\n"
