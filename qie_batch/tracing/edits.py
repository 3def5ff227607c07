"""A span for each attempt, with one below for each stage."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from qie_batch.model import PHASES, Ending, Stage
from qie_batch.tracing.context import propagator

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer, TracerProvider

    from qie_batch.model import Attempt, EditEvent

#: More attempts than a worker process has at once; what the ledger could not close is forgotten then.
_MOST_OPEN = 256
_WRONG = {Ending.FAILED, Ending.RETRIED, Ending.CRASHED}


class EditSpans:
    """An observer of the edit step."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._tracer: Tracer = trace.get_tracer(__name__, tracer_provider=provider)
        # The watchdog closes an attempt that hangs from another thread.
        self._lock = threading.Lock()
        #: By item and number: the span, and when (nanoseconds since 1970) which stage was reached last.
        self._open: dict[tuple[str, int], tuple[Span, int, Stage]] = {}

    def __call__(self, event: EditEvent) -> None:
        with self._lock:
            self._observe(event)

    def _observe(self, event: EditEvent) -> None:
        attempt, now = event.attempt, time.time_ns()
        key = attempt.item_id, attempt.number
        if event.stage is Stage.CLAIMED:
            self._forget()
            self._open[key] = self._begin(attempt, now), now, event.stage
            return
        if event.stage is Stage.STEPPED or key not in self._open:
            return
        span, began, last = self._open.pop(key)
        ends = event.stage in (Stage.CLOSED, Stage.FENCED)
        name = "adopt" if event.stage is Stage.ADOPTED else PHASES[last]
        part = self._tracer.start_span(name, trace.set_span_in_context(span), start_time=began)
        if event.ending in _WRONG:
            part.set_status(Status(StatusCode.ERROR, event.code))
        part.end(now)
        if ends:
            self._end(span, event, now)
        else:
            self._open[key] = span, now, event.stage

    def _forget(self) -> None:
        while len(self._open) >= _MOST_OPEN:
            span, _, _ = self._open.pop(next(iter(self._open)))
            span.end()

    def _begin(self, attempt: Attempt, now: int) -> Span:
        """A trace of its own with a link: a job of a million items would make one trace of all of them."""
        params = attempt.spec.params
        return self._tracer.start_span(
            "edit",
            context=trace.set_span_in_context(trace.INVALID_SPAN),
            kind=SpanKind.CONSUMER,
            links=_links(attempt.traceparent),
            start_time=now,
            attributes={
                "qie.item": attempt.item_id,
                "qie.attempt": attempt.number,
                "qie.engine": attempt.spec.engine,
                "qie.preset": params.preset,
                "qie.queue_wait_seconds": attempt.waited_seconds,
            },
        )

    def _end(self, span: Span, event: EditEvent, now: int) -> None:
        ending = "fenced" if event.stage is Stage.FENCED else str(event.ending)
        span.set_attribute("qie.outcome", ending)
        span.set_attribute("qie.device_seconds", event.usage.seconds)
        if event.ending in _WRONG:
            span.set_status(Status(StatusCode.ERROR, event.code))
        span.end(now)


def _links(traceparent: str) -> list[Link]:
    context = trace.get_current_span(propagator.extract({"traceparent": traceparent})).get_span_context()
    return [Link(context)] if context.is_valid else []
