"""Requests at a constant rate, whether the ones before are answered or not, and how long each took."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from threading import local

import numpy as np
from numpy.typing import NDArray

from eval.bench.served import connect

CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from the moment a request was due to the end of its answer.

    Attributes
    ----------
    worst_at_s : when the slowest was due, seconds after the first.
    """

    requests: int
    failed: int
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

    def ask(number: int) -> tuple[float, bool]:
        due = start + number / rate
        if not hasattr(own, "connection"):
            own.connection = connect(address)
        is_good = _is_answered(own.connection, path(number))
        return time.perf_counter() - due, is_good

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        asked: list[Future[tuple[float, bool]]] = []
        while not is_over(len(asked) / rate):
            time.sleep(max(0.0, start + len(asked) / rate - time.perf_counter()))
            asked.append(pool.submit(ask, len(asked)))
    answers = [one.result() for one in asked]
    return _latency(np.array([seconds * 1000 for seconds, _ in answers]), [good for _, good in answers], rate)


def _is_answered(connection: HTTPConnection, path: str) -> bool:
    with suppress(OSError, HTTPException):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status == 200
    connection.close()
    return False


def _latency(ms: NDArray[np.float64], good: list[bool], rate: float) -> Latency:
    p50, p95, p99, worst = (round(float(value), 1) for value in np.percentile(ms, (50, 95, 99, 100)))
    return Latency(len(ms), good.count(False), p50, p95, p99, worst, round(int(ms.argmax()) / rate, 1))
