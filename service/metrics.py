"""Figures for Prometheus: what requests did, summed as they end; everything else is read when it is asked for.

A process answers for itself: each replica beside a server has an address of its own and is scraped there, so nothing is
summed over processes here. (The client library's way to share counts among processes writes every one of them to
memory-mapped files, keeps those of processes that are gone, and has no figures that are read when asked for.) What the
database says, as how many products wait, every replica says alike: take their maximum, not their sum.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.observed import Answered

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_REQUEST_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_STEP_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2)


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure as of this moment.

    Attributes
    ----------
    name : without ``vitrine_``, with its unit. labels : few and from a closed set: never an id.
    kind : counter for what only grows while the process lives.
    """

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["gauge", "counter"] = "gauge"


class Metrics:
    """The figures of one process.

    Parameters
    ----------
    read : everything that is read when it is asked for; may block, must not raise.

    Examples
    --------
    >>> metrics = Metrics(lambda: [Reading("products_waiting", "to be indexed", 3)])
    >>> "vitrine_products_waiting 3.0" in metrics.text()
    True
    """

    def __init__(self, read: Callable[[], Iterable[Reading]] = tuple) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a time per series, which nobody asks for
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "vitrine_requests", "requests answered", ("method", "route", "status"), registry=registry
        )
        self._request_s = Histogram(
            "vitrine_request_seconds", "time to the end of the answer", ("method", "route"),
            buckets=_REQUEST_S, registry=registry,
        )  # fmt: skip
        self._surface_s = Histogram(
            "vitrine_surface_seconds", "the same of requests that make a list, by where it is shown", ("surface",),
            buckets=_REQUEST_S, registry=registry,
        )  # fmt: skip
        self._step_s = Histogram(
            "vitrine_step_seconds", "time of a step of the pipeline", ("surface", "step"),
            buckets=_STEP_S, registry=registry,
        )  # fmt: skip
        self._slates = Counter(
            "vitrine_slates", "lists made, by what they build on", ("surface", "level", "fallback"), registry=registry
        )
        self._short = Counter(
            "vitrine_slates_short", "lists with fewer products than slots", ("surface",), registry=registry
        )
        self._degraded = Counter(
            "vitrine_signals_degraded", "signals that did not take part in a request", ("signal", "reason"),
            registry=registry,
        )  # fmt: skip
        self._kept = Counter(
            "vitrine_answers_kept", "answers that may be kept, by whether one was: hit or miss", ("result",),
            registry=registry,
        )  # fmt: skip
        self._worded = Counter(
            "vitrine_wordings", "lists whose reasons were put into sentences: by model, kept or template", ("by",),
            registry=registry,
        )  # fmt: skip
        registry.register(_Read(read))
        ProcessCollector(registry=registry)

    def observe(self, answered: Answered) -> None:
        """Count a request; some tens of microseconds."""
        notes, surface = answered.notes, answered.notes.surface
        self._requests.labels(answered.method, answered.route, str(answered.status)).inc()
        self._request_s.labels(answered.method, answered.route).observe(answered.seconds)
        if surface is not None:
            self._surface_s.labels(surface).observe(answered.seconds)
        for step, seconds in _summed(notes.steps).items():
            self._step_s.labels(surface or "none", step).observe(seconds)
        for shown, level, is_fallback, is_short in notes.slates:
            self._slates.labels(shown, level, "yes" if is_fallback else "no").inc()
            if is_short:
                self._short.labels(shown).inc()
        for signal, reason in notes.degraded.items():
            self._degraded.labels(signal, reason).inc()
        if notes.cache is not None:
            self._kept.labels(notes.cache).inc()
        if notes.worded is not None:
            self._worded.labels(notes.worded).inc()

    def samples(self) -> Iterator[tuple[str, dict[str, str], float]]:
        """Name, labels and value of all that was counted here; of histograms each bucket, as Prometheus has them."""
        counted = (self._requests, self._request_s, self._surface_s, self._step_s)
        for one in (*counted, self._slates, self._short, self._degraded):
            for metric in one.collect():
                for sample in metric.samples:
                    yield sample.name, dict(sample.labels), float(sample.value)

    def text(self) -> str:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry).decode()


class _Read(Collector):
    """Families of what is read at the moment."""

    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        by_name: dict[str, list[Reading]] = defaultdict(list)
        for reading in self._read():
            by_name[reading.name].append(reading)
        for name, readings in by_name.items():
            family = GaugeMetricFamily if readings[0].kind == "gauge" else CounterMetricFamily
            metric = family(f"vitrine_{name}", readings[0].help, labels=tuple(readings[0].labels))
            for reading in readings:
                metric.add_metric(list(reading.labels.values()), reading.value)
            yield metric

    def describe(self) -> Sequence[Metric]:
        """Nothing beforehand: reading would ask the database."""
        return ()


def _summed(steps: Sequence[tuple[str, float, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, _, seconds in steps:
        found[name] = found.get(name, 0.0) + seconds
    return found
