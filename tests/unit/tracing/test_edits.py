from __future__ import annotations

from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

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
)
from qie_batch.tracing import EditSpans

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def attempt(**values):
    params = EditParams(instruction="make it red", preset="draft")
    spec = EditSpec(engine="qwen", revision="1", inputs=("a",), params=params)
    given = {"traceparent": TRACEPARENT, "waited_seconds": 2.5, **values}
    return Attempt(
        item_id="job.0",
        number=1,
        row_id="r",
        spec=spec,
        rate=Rate(),
        priority=Priority.NORMAL,
        errors=0,
        crashes=0,
        **given,
    )


class Recorded:
    def __init__(self):
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.observe = EditSpans(provider)

    def tell(self, *stages, of=None, **last):
        for number, stage in enumerate(stages, start=1):
            more = last if number == len(stages) else {}
            self.observe(EditEvent(stage=stage, attempt=of or attempt(), usage=Usage(), seconds=0.1, **more))

    @property
    def spans(self):
        return {span.name: span for span in self._exporter.get_finished_spans()}


@pytest.fixture
def recorded():
    return Recorded()


WHOLE = (
    *(Stage.CLAIMED, Stage.FETCHED, Stage.DECODED, Stage.ENTERED, Stage.STEPPED, Stage.STEPPED),
    *(Stage.PAINTED, Stage.CHECKED, Stage.ENCODED, Stage.STORED, Stage.CLOSED),
)


def test_an_attempt_is_a_trace_of_its_own_with_a_link_and_a_span_for_each_stage(recorded):
    recorded.tell(*WHOLE, ending=Ending.SUCCEEDED)
    spans = recorded.spans
    assert set(spans) == {"fetch", "decode", "wait", "paint", "check", "encode", "put", "close", "edit"}
    edit = spans["edit"]
    assert edit.parent is None
    assert format(edit.links[0].context.trace_id, "032x") == TRACE
    assert edit.context.trace_id != edit.links[0].context.trace_id
    below = [span for span in spans.values() if span is not edit]
    assert {span.parent.span_id for span in below} == {edit.context.span_id}
    assert edit.attributes["qie.outcome"] == "succeeded"
    assert edit.attributes["qie.queue_wait_seconds"] == 2.5
    assert edit.start_time <= min(span.start_time for span in below)
    assert edit.end_time >= max(span.end_time for span in below)


def test_an_attempt_that_fails_is_an_error_with_its_code_and_without_its_text(recorded):
    recorded.tell(Stage.CLAIMED, Stage.CLOSED, ending=Ending.FAILED, code="image_missing", outcome="failed")
    edit = recorded.spans["edit"]
    assert (edit.status.status_code, edit.status.description) == (StatusCode.ERROR, "image_missing")
    assert "make it red" not in str(edit.attributes)


@pytest.mark.parametrize(
    ("reached", "part"),
    [
        ((), "fetch"),
        ((Stage.FETCHED,), "decode"),
        ((Stage.FETCHED, Stage.DECODED), "wait"),
        ((Stage.FETCHED, Stage.DECODED, Stage.ENTERED, Stage.STEPPED), "paint"),
        ((Stage.FETCHED, Stage.DECODED, Stage.ENTERED, Stage.PAINTED, Stage.CHECKED), "encode"),
    ],
)
def test_the_last_part_of_an_attempt_that_failed_is_that_in_which_it_did(recorded, reached, part):
    recorded.tell(Stage.CLAIMED, *reached, Stage.CLOSED, ending=Ending.RETRIED, code="away", outcome="-")
    spans = recorded.spans
    assert (spans[part].status.status_code, spans[part].status.description) == (StatusCode.ERROR, "away")
    wrong = {name for name, span in spans.items() if span.status.status_code is StatusCode.ERROR}
    assert wrong == {part, "edit"}
    assert "close" not in spans


def test_attempts_that_nothing_closes_are_forgotten_in_the_end(recorded):
    for number in range(2000):
        recorded.tell(Stage.CLAIMED, of=replace(attempt(), item_id=f"job.{number}"))
    assert len(recorded.observe._open) < 300


def test_a_job_without_a_context_has_no_link(recorded):
    for wrong in ("", "00-zz", "hello"):
        recorded.tell(*WHOLE, of=attempt(traceparent=wrong), ending=Ending.SUCCEEDED)
        assert recorded.spans["edit"].links == ()


def test_attempts_that_ended_are_forgotten(recorded):
    recorded.tell(*WHOLE, ending=Ending.SUCCEEDED)
    recorded.tell(Stage.CLAIMED, Stage.FENCED, ending=Ending.STOPPED)
    assert recorded.observe._open == {}
    assert recorded.spans["edit"].attributes["qie.outcome"] == "fenced"
