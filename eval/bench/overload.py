"""Twice as many requests as can be answered: how many are, how soon the others hear of it, how soon it is over.

::

    python -m eval.bench.overload --products 20000 --interactions 200000 --seconds 20

It says of each of three goals whether it was reached, and takes less than four minutes. Processor time
per answer, at the sustainable rate and under overload, tells more than the clock where others use the same machine.
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

from eval.bench.served import connect, run_command, served
from eval.bench.training import fill_until_now
from eval.load.asks import Ask
from eval.load.client import Address
from eval.load.generator import CONNECTIONS, Plan, send
from eval.load.measured import Measured, measured
from service.store.database import open_database

_AT_ONCE = 8  # connections that keep a service busy without ever being refused
_ALL_AT_ONCE = 1e6  # requests per second: each connection asks again as soon as it was answered
_WINDOW_S = 0.5
_SLOWER = 2.0  # times the p95 of the idle service, or its slowest window: beyond that it has not recovered yet
_REFUSED = (429, 503)
_LEAST_SHARE, _MOST_REFUSAL_MS, _MOST_RECOVERY_S = 0.9, 50.0, 5.0


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
    cpu_ms, overloaded_cpu_ms : processor time of the service for each answer, at the sustainable rate and, with that
        for refusals, under overload. generator_cpu : cores that sending took, beside the service.
    load : runnable processes of the machine, before and after.
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
    cpu_ms: float
    overloaded_cpu_ms: float
    generator_cpu: float
    load: tuple[float, float]

    @property
    def goals(self) -> dict[str, bool]:
        """Goal -> whether it was reached."""
        is_back = self.recovered_s is not None and self.recovered_s <= _MOST_RECOVERY_S
        return {
            f"at least {_LEAST_SHARE:.0%} of the sustainable rate is answered": self.share >= _LEAST_SHARE,
            f"p99 of refusals is at most {_MOST_REFUSAL_MS:g} ms": self.refused_p99_ms <= _MOST_REFUSAL_MS,
            f"it has recovered within {_MOST_RECOVERY_S:g} s": is_back,
            "every request was answered or refused": not self.failed,
        }


class _Shop:
    """Asks for the feeds of a shop's users, each time of another one."""

    def __init__(self, url: str, users: int, n: int) -> None:
        self._address = Address.of(url)
        self._users = users
        self._n = n
        with closing(connect(url)) as connection:
            connection.request("GET", "/health/ready")
            self._pid = int(json.loads(connection.getresponse().read())["pid"])

    def asked(self, rate: float, count: int, connections: int, timeout_s: float) -> Measured:
        """Send so many requests."""
        asks = [Ask("home", f"/v1/home?user=u{number * 7919 % self._users}&n={self._n}") for number in range(count)]
        requests = [ask.message(self._address.name) for ask in asks]
        plan = Plan(self._address.host, self._address.port, requests, rate, timeout_s, connections)
        return measured(plan, send(plan), ["home"] * count)

    def capacity(self, seconds: float) -> tuple[float, float]:
        """Requests a second while a few connections ask without a pause, and processor seconds for each."""
        count, rate, cpu = 200, 0.0, 0.0
        for _ in range(2):  # the first, short one says how many it takes to last so long
            before = self.cpu_s()
            run = self.asked(_ALL_AT_ONCE, count, _AT_ONCE, timeout_s=600.0)
            rate, cpu = float(count / ((run.due_s + run.ms / 1000).max())), (self.cpu_s() - before) / count
            count = max(200, int(rate * seconds))
        return rate, cpu

    def cpu_s(self) -> float:
        """Processor time of the service so far, of all its threads."""
        times = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


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
        rate, cpu_s = shop.capacity(seconds)
        idle = shop.asked(rate / 2, int(rate / 2 * seconds), CONNECTIONS, timeout_s=30.0)
        began_s = shop.cpu_s()
        over = shop.asked(rate * factor, int(rate * factor * seconds), CONNECTIONS, timeout_s=30.0)
        overloaded_s = (shop.cpu_s() - began_s) / max(1, int((over.status == 200).sum()))
        after = shop.asked(rate / 2, int(rate / 2 * seconds), CONNECTIONS, timeout_s=30.0)
    loads = (round(load, 1), round(os.getloadavg()[0], 1))
    return _found(rate, factor, idle, over, after, (1000 * cpu_s, 1000 * overloaded_s), loads)


def _found(
    rate: float, factor: float, idle: Measured, over: Measured, after: Measured, cpu_ms: tuple[float, float],
    load: tuple[float, float],
) -> Overloaded:  # fmt: skip
    good, refused = over.status == 200, np.isin(over.status, _REFUSED)
    ended_s = over.due_s + over.ms / 1000
    offered_s = len(over.ms) / over.rate
    answered = float((good & (ended_s <= offered_s)).sum() / offered_s)
    other = over.status[~good & ~refused]
    idle_p95 = float(np.percentile(idle.ms, 95))
    usual_ms = max(_SLOWER * idle_p95, *(p95 for _, p95 in _windows(idle)))
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
        recovered_s=_recovered_s(after, usual_ms),
        cpu_ms=round(cpu_ms[0], 2),
        overloaded_cpu_ms=round(cpu_ms[1], 2),
        generator_cpu=round(over.generator_cpu, 2),
        load=load,
    )


def _percentile(ms: NDArray[np.float64], percent: float) -> float:
    return round(float(np.percentile(ms, percent)), 1) if len(ms) else 0.0


def _windows(run: Measured) -> list[tuple[bool, float]]:
    """Of each half second of a run whether all were answered, and the p95 in ms."""
    windows = (run.due_s / _WINDOW_S).astype(int)
    chosen = [windows == window for window in range(int(windows.max()) + 1)]
    return [(bool((run.status[one] == 200).all()), float(np.percentile(run.ms[one], 95))) for one in chosen]


def _recovered_s(run: Measured, most_ms: float) -> float | None:
    """The beginning of the first window from which on all are answered as fast as before."""
    recovered: float | None = None
    for window, (is_answered, p95_ms) in enumerate(_windows(run)):
        if not is_answered or p95_ms > most_ms:
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
    goals = {goal: "reached" if is_reached else "not reached" for goal, is_reached in found.goals.items()}
    sys.stdout.write(json.dumps(asdict(found) | {"goals": goals}, indent=2) + "\n")
    if missed := [goal for goal, is_reached in found.goals.items() if not is_reached]:
        sys.exit("not reached: " + "; ".join(missed))


if __name__ == "__main__":
    main()
