"""Twice as many requests as can be answered: how many are, how soon the others hear of it, how soon it is over.

::

    python -m eval.bench.overload --products 20000 --interactions 200000 --seconds 20
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from eval.bench.served import run_command, served
from eval.bench.training import fill_until_now
from eval.load.asks import Ask
from eval.load.client import Address
from eval.load.generator import Plan, send
from eval.load.measured import Measured, measured
from service.store.database import open_database

_AT_ONCE = 8  # connections that keep a service busy without ever being refused
_ALL_AT_ONCE = 1e6  # requests per second: each connection asks again as soon as it was answered
_WINDOW_S = 0.5
_SLOWER = 2.0  # times the p95 of the idle service, from which on it has not recovered yet
_REFUSED = (429, 503)


@dataclass(frozen=True, slots=True)
class Overloaded:
    """What a service does at `factor` times the rate that it can sustain.

    Attributes
    ----------
    sustainable, answered : requests per second. share : of the sustainable rate that is answered under overload.
    refused : share of all requests. failed : requests that were neither answered nor refused, by reason.
    idle_p95_ms : at half the sustainable rate. answered_p95_ms, refused_p99_ms : under overload, from
        when each was due.
    recovered_s : after the overload, at half the sustainable rate; None: not within the time it was watched.
    generator_cpu : cores that sending took, beside the service. load : runnable processes of the machine before.
    """

    sustainable: float
    factor: float
    answered: float
    share: float
    refused: float
    failed: dict[str, int]
    idle_p95_ms: float
    answered_p95_ms: float
    refused_p50_ms: float
    refused_p99_ms: float
    recovered_s: float | None
    generator_cpu: float
    load: float


class _Shop:
    """Asks for the feeds of a shop's users, each time of another one."""

    def __init__(self, url: str, users: int, n: int) -> None:
        self._address = Address.of(url)
        self._users = users
        self._n = n

    def asked(self, rate: float, count: int, connections: int, timeout_s: float) -> Measured:
        asks = [Ask("home", f"/v1/home?user=u{number * 7919 % self._users}&n={self._n}") for number in range(count)]
        requests = [ask.message(self._address.name) for ask in asks]
        plan = Plan(self._address.host, self._address.port, requests, rate, timeout_s, connections)
        return measured(plan, send(plan), ["home"] * count)

    def capacity(self, seconds: float) -> float:
        """Requests a second while a few connections ask without a pause."""
        count, rate = 200, 0.0
        for _ in range(2):  # the first, short one says how many it takes to last so long
            run = self.asked(_ALL_AT_ONCE, count, _AT_ONCE, timeout_s=600.0)
            rate = count / ((run.due_s + run.ms / 1000).max())
            count = max(200, int(rate * seconds))
        return float(rate)


def overload(
    folder: Path, interactions: int, products: int, seconds: float, factor: float, n: int, options: Sequence[str] = ()
) -> Overloaded:
    """Serve a shop, find what it can sustain, and ask for `factor` times as much.

    Parameters
    ----------
    seconds : of each of the four runs. options : of `vitrine serve`, as a configuration of one's own.
    """
    load = os.getloadavg()[0]
    with closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database:
        users = fill_until_now(database, interactions, products, seed=7)
    run_command(folder, "index")
    with served(folder, *options, environment={"VITRINE_BACKGROUND": "off"}) as url:
        shop = _Shop(url, users, n)
        shop.capacity(min(seconds, 5.0))  # caches fill
        rate = shop.capacity(seconds)
        idle = shop.asked(rate / 2, int(rate / 2 * seconds), 400, timeout_s=30.0)
        over = shop.asked(rate * factor, int(rate * factor * seconds), 400, timeout_s=30.0)
        after = shop.asked(rate / 2, int(rate / 2 * seconds), 400, timeout_s=30.0)
    return _found(rate, factor, idle, over, after, load)


def _found(rate: float, factor: float, idle: Measured, over: Measured, after: Measured, load: float) -> Overloaded:
    good, refused = over.status == 200, np.isin(over.status, _REFUSED)
    ended_s = over.due_s + over.ms / 1000
    offered_s = len(over.ms) / over.rate
    answered = float((good & (ended_s <= offered_s)).sum() / offered_s)
    other = over.status[~good & ~refused]
    idle_p95 = float(np.percentile(idle.ms, 95))
    return Overloaded(
        sustainable=round(rate, 1),
        factor=factor,
        answered=round(answered, 1),
        share=round(answered / rate, 3),
        refused=round(float(refused.mean()), 3),
        failed={str(status): int((other == status).sum()) for status in np.unique(other)},
        idle_p95_ms=round(idle_p95, 1),
        answered_p95_ms=_percentile(over.ms[good], 95),
        refused_p50_ms=_percentile(over.ms[refused], 50),
        refused_p99_ms=_percentile(over.ms[refused], 99),
        recovered_s=_recovered_s(after, _SLOWER * idle_p95),
        generator_cpu=round(over.generator_cpu, 2),
        load=round(load, 1),
    )


def _percentile(ms: NDArray[np.float64], percent: float) -> float:
    return round(float(np.percentile(ms, percent)), 1) if len(ms) else 0.0


def _recovered_s(run: Measured, most_ms: float) -> float | None:
    """The beginning of the first window from which on all are answered as fast as before."""
    windows = (run.due_s / _WINDOW_S).astype(int)
    recovered: float | None = None
    for window in range(int(windows.max()) + 1):
        chosen = windows == window
        is_fine = (run.status[chosen] == 200).all() and np.percentile(run.ms[chosen], 95) <= most_ms
        if not is_fine:
            recovered = None
        elif recovered is None:
            recovered = window * _WINDOW_S
    return recovered


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interactions", type=int, default=200_000)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--factor", type=float, default=2.0)
    parser.add_argument("-n", type=int, default=20)
    parser.add_argument("--config", action="append", default=[], help="TOML laid over the configuration")
    given = parser.parse_args()
    options = [part for path in given.config for part in ("--config", path)]
    with TemporaryDirectory(prefix="vitrine-overload-") as folder:
        found = overload(
            Path(folder), given.interactions, given.products, given.seconds, given.factor, given.n, options
        )
    sys.stdout.write(json.dumps(asdict(found), indent=2) + "\n")
    is_back = found.recovered_s is not None and found.recovered_s <= 5
    if found.share < 0.9 or found.refused_p99_ms > 50 or found.failed or not is_back:
        sys.exit("less than 90 % was answered, refusals took more than 50 ms, or it did not recover within 5 s")


if __name__ == "__main__":
    main()
