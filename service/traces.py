"""Spans for OpenTelemetry: one of the request and one of each of its steps, made when it has been answered.

On where the extra ``otel`` is installed and the environment names a collector, by ``OTEL_EXPORTER_OTLP_ENDPOINT`` or
``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT``; what else can be set are OpenTelemetry's own variables, as those of sampling.
Elsewhere nothing is imported and nothing is done.
"""

import os
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import structlog

from service.observed import Answered

log = structlog.get_logger()

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def open_traces() -> "Traces | None":
    """Where spans go; None where no collector is named, or the libraries are missing."""
    if not any(os.environ.get(name) for name in _ENDPOINTS):
        return None
    try:
        # by name: whoever checks types need not have what is optional
        exporter: Any = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        export: Any = import_module("opentelemetry.sdk.trace.export")
    except ImportError:
        log.warning("traces_off", reason="a collector is named, but the extra is missing: pip install vitrine[otel]")
        return None
    return Traces(export.BatchSpanProcessor(exporter.OTLPSpanExporter()))


class Traces:
    """Makes spans of answered requests.

    Parameters
    ----------
    processor : of OpenTelemetry; takes spans that have ended, and sends them in a thread of its own.
    """

    def __init__(self, processor: Any) -> None:
        sdk: Any = import_module("opentelemetry.sdk.trace")
        resources: Any = import_module("opentelemetry.sdk.resources")
        resource = resources.Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "vitrine")})
        self._provider = sdk.TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("vitrine")

    def observe(self, answered: Answered) -> None:
        """Tell of a request; its times are known, so that it cost nothing while it ran."""
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

        zero_ns = time.time_ns() - time.perf_counter_ns()
        span = self._tracer.start_span(
            f"{answered.method} {answered.route}", kind=SpanKind.SERVER, attributes=_attributes(answered),
            context=extract({"traceparent": answered.traceparent}), start_time=zero_ns + int(answered.start * 1e9),
        )  # fmt: skip
        if span.is_recording():
            within = set_span_in_context(span)
            for step, start, seconds in answered.notes.steps:
                child = self._tracer.start_span(step, context=within, start_time=zero_ns + int(start * 1e9))
                child.end(zero_ns + int((start + seconds) * 1e9))
        if answered.status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        span.end(zero_ns + int((answered.start + answered.seconds) * 1e9))

    def close(self) -> None:
        """Send what waits."""
        self._provider.shutdown()


def observers(traces: Traces | None) -> tuple[Callable[[Answered], None], ...]:
    """What is to be told of answered requests."""
    return () if traces is None else (traces.observe,)


def _attributes(answered: Answered) -> dict[str, str | int | list[str]]:
    found: dict[str, str | int | list[str] | None] = {
        "http.request.method": answered.method,
        "http.route": answered.route,
        "http.response.status_code": answered.status,
        "vitrine.request_id": answered.request_id,
        "vitrine.surface": answered.notes.surface,
        "vitrine.fallback": answered.notes.fallback,
        "vitrine.degraded": sorted(answered.notes.degraded) or None,
    }
    return {name: value for name, value in found.items() if value is not None}
