"""A mixed load for an hour: does memory stay flat, and does the service stay as fast as it was?

Feeds of known users and of ever new sessions, similar products, searches, events and changes of products, at a steady
rate, against a service that indexes and counts meanwhile.

::

    python -m eval.bench.soak --minutes 60 --rate 30
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlencode

import numpy as np
import orjson

from config.settings import Settings
from eval.bench.served import run_command
from eval.bench.training import fill_until_now
from eval.load.client import Address
from eval.load.generator import Plan, send
from eval.load.measured import Measured, is_good, measured, reasons
from eval.load.service import Served, serving
from eval.load.shoppers import Draw, shoppers_of
from service.store.database import open_database

WARM_SHARE = 0.25  # of the time, for caches to fill
_MOST_WARM_S = 600.0
_SPAN_S = 10.0  # between two looks at memory
_MOST_SHOWN = 60
_FLAT = 0.05


@dataclass(frozen=True, slots=True)
class Sample:
    """One span: MB that the process has in memory (`own_mb` of it is not pages of files), and its answers."""

    at_s: float
    rss_mb: float
    own_mb: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Soaked:
    """What came of it.

    Attributes
    ----------
    growth, own_growth : of memory in all, and without pages of files: the last quarter of the time after the warm-up
        against its first, medians; 0.05 is 5 % more. mb_per_hour : slope of a line through `own_mb`.
    p50_ms, p99_ms : in the same two quarters. failures : by reason.
    """

    minutes: float
    rate: float
    requests: int
    failures: dict[str, int]
    growth: float
    own_growth: float
    mb_per_hour: float
    p50_ms: tuple[float, float]
    p99_ms: tuple[float, float]
    load: tuple[float, float]
    samples: list[Sample]

    @property
    def is_flat(self) -> bool:
        """Whether the service's own memory grew by 5 % at most."""
        return self.own_growth <= _FLAT


def soak(folder: Path, minutes: float, rate: float, *, products: int, interactions: int, seed: int = 7) -> Soaked:
    """Serve a new shop in `folder` and keep it busy.

    Parameters
    ----------
    rate : requests per second.
    """
    load = os.getloadavg()[0]
    with closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database:
        fill_until_now(database, interactions, products, seed)
        draw = Draw(shoppers_of(database), seed)
    run_command(folder, "index")
    run_command(folder, "train")
    settings = Settings.model_construct(data_dir=folder, image_model="none", log_level="warning")
    with serving(settings, background=True) as served:
        asked = Asked(draw, served.address.name, Random(seed))
        spans = [_span(served, asked, rate) for _ in range(max(4, round(minutes * 60 / _SPAN_S)))]
    return _summed(minutes, rate, spans, (round(load, 1), round(os.getloadavg()[0], 1)))


class Asked:
    """The requests of the mixed load, drawn one after the other, as whole HTTP messages.

    Parameters
    ----------
    draw : who asks, and for which products. host : of the Host header.
    """

    def __init__(self, draw: Draw, host: str, random: Random) -> None:
        self._draw = draw
        self._host = host
        self._random = random
        self._numbers = count()
        makes: tuple[tuple[Callable[[], bytes], int], ...] = (
            (self._home, 25), (self._visit, 10), (self._similar, 20), (self._search, 20), (self._events, 20),
            (self._change, 5),
        )  # fmt: skip
        self._makes, self._weights = zip(*makes, strict=True)

    def some(self, count: int) -> list[bytes]:
        """The next ones."""
        return [make() for make in self._random.choices(self._makes, self._weights, k=count)]

    def _home(self) -> bytes:
        return self._message("GET", f"/v1/home?{urlencode({'user': self._draw.user() or 'u0', 'n': 20})}")

    def _visit(self) -> bytes:
        """Somebody who was never here before."""
        return self._message("GET", f"/v1/home?session=s{next(self._numbers)}&n=20")

    def _similar(self) -> bytes:
        return self._message("GET", f"/v1/similar/{quote(self._draw.product(), safe='')}?n=20")

    def _search(self) -> bytes:
        return self._message("GET", f"/v1/search?{urlencode({'q': self._draw.words(), 'n': 20})}")

    def _events(self) -> bytes:
        who = {"user": self._draw.user()} if self._random.random() < 0.5 else {"session": f"s{next(self._numbers)}"}
        events = [{"type": self._draw.type(), "product": self._draw.product(), **who} for _ in range(5)]
        return self._message("POST", "/v1/events", {"events": events})

    def _change(self) -> bytes:
        """Mostly of the price; a new description is embedded."""
        path = f"/v1/products/{quote(self._draw.product(), safe='')}"
        if self._random.random() < 0.8:
            return self._message("PATCH", path, {"stock": self._random.randrange(1, 100)})
        return self._message("PATCH", path, {"description": f"Edition {next(self._numbers)}"})

    def _message(self, method: str, path: str, body: object = None) -> bytes:
        text = b"" if body is None else orjson.dumps(body)
        about = f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n" if text else ""
        return f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{about}\r\n".encode("ascii") + text


def _span(served: Served, asked: Asked, rate: float) -> tuple[Measured, tuple[float, float]]:
    address: Address = served.address
    messages = asked.some(max(1, round(rate * _SPAN_S)))
    plan = Plan(address.host, address.port, messages, rate)
    run = measured(plan, send(plan), [""] * len(messages))
    return run, _memory_mb(served.pid)


def _memory_mb(pid: int) -> tuple[float, float]:
    """In all, and without pages of files."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith(("VmRSS", "RssAnon"))}
    return sizes["VmRSS"], sizes["RssAnon"]


def _summed(
    minutes: float, rate: float, spans: Sequence[tuple[Measured, tuple[float, float]]], load: tuple[float, float]
) -> Soaked:
    samples, failures = [], Counter[str]()
    for number, (run, (rss, own)) in enumerate(spans, 1):
        failures.update(reasons(run))
        ms = run.ms[is_good(run.status)] if is_good(run.status).any() else np.zeros(1)
        p50, p99 = (round(float(value), 1) for value in np.percentile(ms, (50, 99)))
        samples.append(Sample(number * _SPAN_S, round(rss, 1), round(own, 1), p50, p99))
    warm = samples[int(min(len(samples) * WARM_SHARE, _MOST_WARM_S / _SPAN_S)) :]
    quarter = max(1, len(warm) // 4)
    first, last = warm[:quarter], warm[-quarter:]
    hours = [sample.at_s / 3600 for sample in warm]
    return Soaked(
        minutes, rate, sum(len(run.ms) for run, _ in spans), dict(failures),
        _growth(first, last, "rss_mb"), _growth(first, last, "own_mb"),
        round(float(np.polyfit(hours, [sample.own_mb for sample in warm], 1)[0]), 1),
        (_median(first, "p50_ms"), _median(last, "p50_ms")), (_median(first, "p99_ms"), _median(last, "p99_ms")),
        load, samples[:: max(1, len(samples) // _MOST_SHOWN)],
    )  # fmt: skip


def _growth(first: Sequence[Sample], last: Sequence[Sample], name: str) -> float:
    return round(_median(last, name) / _median(first, name) - 1, 4)


def _median(samples: Sequence[Sample], name: str) -> float:
    return round(float(np.median([getattr(sample, name) for sample in samples])), 1)


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=30.0, help="requests per second")
    parser.add_argument("--products", type=int, default=2_000)
    parser.add_argument("--interactions", type=int, default=20_000)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="vitrine-soak-") as folder:
        found = soak(Path(folder), given.minutes, given.rate, products=given.products, interactions=given.interactions)
    sys.stdout.write(json.dumps(asdict(found) | {"is_flat": found.is_flat}, indent=2) + "\n")
    if not found.is_flat or found.failures:
        sys.exit("memory grew by more than 5 % after the warm-up, or requests failed")


if __name__ == "__main__":
    main()
