"""Spans of requests, where OpenTelemetry is installed."""

import time

import pytest

from service.observed import Answered, Notes
from service.traces import Traces, observers, open_traces


def test_nothing_is_traced_where_no_collector_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)
    assert open_traces() is None
    assert observers(None) == ()


def test_a_request_is_a_span_with_its_steps_inside_and_belongs_to_the_caller() -> None:
    export = pytest.importorskip("opentelemetry.sdk.trace.export", reason="the extra otel is not installed")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter").InMemorySpanExporter()
    traces = Traces(export.SimpleSpanProcessor(memory))
    start = time.perf_counter()
    steps = [("retrieve", start + 0.01, 0.02)]
    notes = Notes(slates=[("home", "global", True, False)], degraded={"image": "deadline"}, steps=steps)
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    traces.observe(Answered("GET", "/v1/home", 503, start, 0.05, notes, "r1", caller))
    step, request = memory.get_finished_spans()
    traces.close()
    assert (request.name, step.name) == ("GET /v1/home", "retrieve")
    assert f"{request.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{request.parent.span_id:016x}" == "b7ad6b7169203331"
    assert step.parent.span_id == request.context.span_id
    assert request.start_time < step.start_time < step.end_time < request.end_time
    assert (step.end_time - step.start_time) / 1e6 == pytest.approx(20, abs=0.01)
    assert (request.attributes["http.route"], request.attributes["vitrine.degraded"]) == ("/v1/home", ("image",))
    assert not request.status.is_ok
