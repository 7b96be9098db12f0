"""How soon after a click is acknowledged the home feed has taken it into account.

::

    python -m eval.bench.click --users 200
"""

import argparse
import json
import os
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson

from eval.bench.served import connect, run_command, served
from eval.bench.training import fill_until_now
from service.store.database import open_database

_LONGEST_S = 5.0
_HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class ClickDelay:
    """Milliseconds from the acknowledgement of a click to the end of the first answer that reflects it.

    Attributes
    ----------
    at_once : users whose very first answer did. ack_ms : median of the click itself.
    load : runnable processes of the machine before, 1.0 per core is full.
    """

    users: int
    at_once: int
    p50_ms: float
    p95_ms: float
    max_ms: float
    ack_ms: float
    load: float


def click_delay(folder: Path, users: int, interactions: int, products: int) -> ClickDelay:
    """Every user looks at the feed, clicks its first product, and looks again until it is another feed."""
    load = os.getloadavg()[0]
    with closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database:
        known = fill_until_now(database, interactions, products, seed=7)
    run_command(folder, "index")
    run_command(folder, "train")
    with served(folder) as address, closing(connect(address)) as connection:
        for user in range(20):
            _home(connection, f"u{user}")  # what the first requests of a process load is no part of this
        found = [_click(connection, f"u{user % known}") for user in range(20, 20 + users)]
    delays, asked, acks = (np.array(column) for column in zip(*found, strict=True))
    p50, p95, longest = (round(float(value), 1) for value in np.percentile(delays, (50, 95, 100)))
    ack = round(float(np.median(acks)), 1)
    return ClickDelay(users, int((asked == 1).sum()), p50, p95, longest, ack, round(load, 1))


def _click(connection: HTTPConnection, user: str) -> tuple[float, int, float]:
    """Milliseconds after the acknowledgement, answers needed, and milliseconds to the acknowledgement."""
    before = _home(connection, user)
    if _home(connection, user) != before:
        raise RuntimeError(f"the feed of {user} changes without a click: nothing can be told from it")
    start = time.perf_counter()
    event = {"type": "click", "user": user, "product": before[0][0], "at": time.time()}
    answer = _ask(connection, "POST", "/v1/events", orjson.dumps(event))
    acknowledged = time.perf_counter()
    if answer["recorded"] != 1:
        raise RuntimeError(f"the click was not recorded: {answer}")
    for asked in range(1, 10_000):
        if _home(connection, user) != before:
            now = time.perf_counter()
            return (now - acknowledged) * 1000, asked, (acknowledged - start) * 1000
        if time.perf_counter() - acknowledged > _LONGEST_S:
            break
    raise RuntimeError(f"the feed of {user} is the same {_LONGEST_S:.0f} s after a click on {before[0][0]}")


def _home(connection: HTTPConnection, user: str) -> list[tuple[str, float]]:
    """Products and their scores; the same user without a new event gets the same."""
    items = _ask(connection, "GET", f"/v1/home?user={user}&n=20")["items"]
    return [(item["id"], item["score"]) for item in items]


def _ask(connection: HTTPConnection, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
    connection.request(method, path, body, _HEADERS if body else {})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"answered {answer.status}: {text[:300]!r}")
    found: dict[str, Any] = orjson.loads(text)
    return found


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--interactions", type=int, default=100_000)
    parser.add_argument("--products", type=int, default=2_000)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="vitrine-click-") as folder:
        found = click_delay(Path(folder), given.users, given.interactions, given.products)
    sys.stdout.write(json.dumps(asdict(found), indent=2) + "\n")


if __name__ == "__main__":
    main()
