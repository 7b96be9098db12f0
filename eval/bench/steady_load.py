"""Requests at a constant rate, whether the ones before are answered or not, and how long each took."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from threading import local

import numpy as np
from numpy.typing import NDArray

from eval.bench.served import connect

CONNECTIONS = 16
_IDLE_S = 2.0  # the service closes a connection that was not used for 5 s


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from the moment a request was due to the end of its answer.

    Attributes
    ----------
    worst_at_s : when the slowest was due, seconds after the first. reasons : why requests failed, and how many each.
    """

    requests: int
    failed: int
    reasons: dict[str, int]
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    worst_at_s: float


def steady_load(address: str, path: Callable[[int], str], rate: float, is_over: Callable[[float], bool]) -> Latency:
    """Ask for `path(0)`, `path(1)`, … until `is_over` is told so many seconds that it says yes.

    Parameters
    ----------
    rate : requests per second.
    """
    own = local()
    start = time.perf_counter() + 0.1

    def ask(number: int) -> tuple[float, str]:
        due = start + number / rate
        if time.perf_counter() - getattr(own, "used", -_IDLE_S) >= _IDLE_S:
            own.connection = connect(address)
        failure = _failure(own.connection, path(number))
        own.used = time.perf_counter()
        return own.used - due, failure

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        asked: list[Future[tuple[float, str]]] = []
        while not is_over(len(asked) / rate):
            time.sleep(max(0.0, start + len(asked) / rate - time.perf_counter()))
            asked.append(pool.submit(ask, len(asked)))
    answers = [one.result() for one in asked]
    return _latency(np.array([seconds * 1000 for seconds, _ in answers]), [why for _, why in answers if why], rate)


def _failure(connection: HTTPConnection, path: str) -> str:
    """Why there was no answer; empty if there was one."""
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except (OSError, HTTPException) as error:
        connection.close()
        return type(error).__name__
    return "" if answer.status == 200 else str(answer.status)


def _latency(ms: NDArray[np.float64], failures: list[str], rate: float) -> Latency:
    p50, p95, p99, worst = (round(float(value), 1) for value in np.percentile(ms, (50, 95, 99, 100)))
    at = round(int(ms.argmax()) / rate, 1)
    return Latency(len(ms), len(failures), dict(Counter(failures)), p50, p95, p99, worst, at)
