"""How long ``vitrine train`` takes, how much of the processor and of memory, publishing included.

::

    python -m eval.bench.training --interactions 500000 --products 3600
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.core.types import EventType, Interaction, Product
from service.store.catalog import upsert_products
from service.store.database import Database, open_database
from service.store.events import record_events

PER_USER = 80
PER_VISIT = 10
_TASTES = 40
_OWN_LIFT = 4.0  # products of a user's own tastes are drawn e**4 times as often
_BATCH = 5_000
_START = datetime(2025, 1, 1, tzinfo=UTC)
_TRAIN = ("-c", "from service.cli.main import run; run()", "train", "--json")


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """What one release cost.

    Attributes
    ----------
    cpu_s : of all threads. peak_mb : largest resident memory. load : runnable processes of the machine before it, 1.0
        per core is full. seconds : per step of training.
    """

    interactions: int
    products: int
    users: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    load: float
    seconds: dict[str, float]
    metrics: dict[str, Any]


def training_cost(interactions: int, products: int, *, data_dir: Path, seed: int = 7) -> TrainingCost:
    """Fill an empty shop with drawn behaviour and train on it in a process of its own."""
    database = open_database(f"sqlite:///{data_dir}/vitrine.db")
    fill(database, interactions, products, seed)
    database.close()
    load = os.getloadavg()[0]
    start = time.monotonic()
    done = subprocess.run([sys.executable, *_TRAIN, "--data-dir", str(data_dir)], capture_output=True, check=False)
    wall_s = time.monotonic() - start
    if done.returncode:
        raise RuntimeError(done.stdout.decode() + done.stderr.decode())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    release = json.loads(done.stdout)
    return TrainingCost(
        interactions,
        products,
        release["manifest"]["counts"]["users"],
        round(wall_s, 1),
        round(used.ru_utime + used.ru_stime, 1),
        round(used.ru_maxrss / 1024, 0),
        round(load, 1),
        release["manifest"]["seconds"],
        release["metrics"],
    )


def fill(database: Database, interactions: int, products: int, seed: int, *, start: datetime = _START) -> None:
    """Products of several tastes, and users who mostly keep to two of them, popular products more often.

    Parameters
    ----------
    start : when the first user comes; each next one comes a minute later and stays for `PER_USER` minutes.
    """
    random = np.random.default_rng(seed)
    with database.session() as session:
        upsert_products(session, [_product(number) for number in range(products)])
    users = max(1, interactions // PER_USER)
    chosen = _choices(random, users, products)
    now = datetime.now(UTC)
    rows: list[Interaction] = []
    for user in range(users):
        at = start + timedelta(minutes=user)
        rows += [
            Interaction(
                _kind(place),
                at + timedelta(minutes=place),
                user=f"u{user}",
                product=f"p{number}",
                session=f"u{user}-{place // PER_VISIT}",
            )
            for place, number in enumerate(chosen[user].tolist())
        ]
        if len(rows) >= _BATCH or user == users - 1:
            with database.session() as session:
                record_events(session, rows, unknown_products="refuse", now=now)
            rows = []


def fill_until_now(database: Database, interactions: int, products: int, seed: int) -> int:
    """`fill`, with the last user just gone, so that all of them get feeds of their own; the number of users."""
    users = max(1, interactions // PER_USER)
    fill(database, interactions, products, seed, start=datetime.now(UTC) - timedelta(minutes=users + PER_USER))
    return users


def _product(number: int) -> Product:
    taste = number % _TASTES
    return Product(f"p{number}", f"Product {number}", category=("Shop", f"Taste {taste}"), brand=f"Brand {number % 97}")


def _kind(place: int) -> EventType:
    return EventType.PURCHASE if place % 10 == 9 else EventType.CART if place % 3 == 2 else EventType.VIEW


def _choices(random: np.random.Generator, users: int, products: int) -> NDArray[np.int64]:
    """Product of each step of each user, int64[U, PER_USER]; nobody meets a product twice."""
    numbers = np.arange(products)
    popularity = -np.log(1 + numbers // _TASTES)  # within a taste the k-th product weighs 1 / k
    rows = []
    for _ in range(users):
        is_own = np.isin(numbers % _TASTES, random.integers(_TASTES, size=2))
        # the largest of log weight + Gumbel noise are a weighted draw without replacement
        keys = popularity + _OWN_LIFT * is_own + random.gumbel(size=products)
        rows.append(random.permutation(np.argpartition(-keys, PER_USER)[:PER_USER]))
    return np.array(rows, np.int64)


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interactions", type=int, default=500_000)
    parser.add_argument("--products", type=int, default=3_600)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        cost = training_cost(arguments.interactions, arguments.products, data_dir=Path(folder))
    sys.stdout.write(json.dumps(asdict(cost), indent=2) + "\n")


if __name__ == "__main__":
    main()
