"""How many events per second ``vitrine serve`` acknowledges over HTTP, and whether all of them are in the database.

::

    python -m eval.bench.events --events 100000 --connections 8 --batch 100
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import func, select

from eval.bench.served import connect, served
from service.core.types import Product
from service.store.catalog import upsert_products
from service.store.database import open_database
from service.store.tables import INTERACTION

PRODUCTS = 200
USERS = 5_000


@dataclass(frozen=True, slots=True)
class EventSpeed:
    """What was acknowledged, how fast, and what the database holds.

    Attributes
    ----------
    stored : rows in the database after the last answer. p50_ms, p95_ms : of one request.
    load : runnable processes of the machine in the minute before, 1.0 per core is full.
    """

    acknowledged: int
    stored: int
    events_per_s: float
    p50_ms: float
    p95_ms: float
    connections: int
    batch: int
    load: float


def event_speed(events: int, *, connections: int, batch: int, seed: int = 7) -> EventSpeed:
    """Post events over several connections at once, each sending its next body when the last one is answered."""
    load = os.getloadavg()[0]
    bodies = _bodies(events, batch, Random(seed))
    with TemporaryDirectory(prefix="vitrine-event-speed-") as folder:
        _fill(Path(folder))
        with served(Path(folder)) as address, ThreadPoolExecutor(connections) as pool:
            start = time.perf_counter()
            answers = list(pool.map(lambda share: _post(address, share), _shares(bodies, connections)))
            seconds = time.perf_counter() - start
        stored = _count(Path(folder))
    acknowledged = sum(count for count, _ in answers)
    times = np.concatenate([times for _, times in answers]) * 1000
    p50, p95 = (round(float(value), 1) for value in np.percentile(times, (50, 95)))
    return EventSpeed(acknowledged, stored, round(acknowledged / seconds), p50, p95, connections, batch, load)


def _bodies(events: int, batch: int, random: Random) -> list[bytes]:
    """Bodies of events as a shop sends them: mostly views, half of them anonymous, each with an id of its own."""
    lines = []
    for number in range(events):
        user = random.randrange(USERS)
        who = {"user": f"user-{user}"} if random.random() < 0.5 else {}
        lines.append(
            {
                "type": random.choice(("view", "view", "view", "click", "cart", "purchase")),
                "product": f"product-{random.randrange(PRODUCTS)}",
                "session": f"session-{user}-{number % 7}",
                "event_id": f"event-{number}",
                "request_id": f"request-{number // 5}",
                "position": 1 + number % 20,
                "at": time.time() - random.random() * 3600,
                **who,
            }
        )
    return [orjson.dumps({"events": lines[first : first + batch]}) for first in range(0, events, batch)]


def _shares(bodies: Sequence[bytes], connections: int) -> list[Sequence[bytes]]:
    return [bodies[first::connections] for first in range(connections)]


def _post(address: str, bodies: Sequence[bytes]) -> tuple[int, NDArray[np.float64]]:
    """Events acknowledged as recorded, and seconds per request."""
    acknowledged, times = 0, []
    with closing(connect(address)) as connection:
        for body in bodies:
            start = time.perf_counter()
            connection.request("POST", "/v1/events", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            times.append(time.perf_counter() - start)
            if answer.status != 200:
                raise RuntimeError(f"answered {answer.status}: {text[:300]!r}")
            acknowledged += orjson.loads(text)["recorded"]
    return acknowledged, np.array(times)


def _fill(folder: Path) -> None:
    with closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database, database.session() as session:
        upsert_products(session, [Product(f"product-{number}", f"Product {number}") for number in range(PRODUCTS)])


def _count(folder: Path) -> int:
    with closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database, database.session() as session:
        return int(session.connection().execute(select(func.count()).select_from(INTERACTION)).scalar_one())


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--batch", type=int, default=100)
    given = parser.parse_args()
    speed = event_speed(given.events, connections=given.connections, batch=given.batch)
    sys.stdout.write(json.dumps(asdict(speed)) + "\n")
    if speed.stored != speed.acknowledged:
        sys.exit(f"{speed.acknowledged} events acknowledged, {speed.stored} stored")


if __name__ == "__main__":
    main()
