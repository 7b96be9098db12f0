"""What shoppers notice of a training each minute: latency of a marketplace's own API while its database is read anew.

::

    python -m eval.bench.retraining --interactions 200000 --products 3000 --rate 20 --minutes 3

The shop's database is an SQLite file of its own, or the empty PostgreSQL that ``--source-url`` names.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import numpy as np
from sqlalchemy import Engine, NullPool, create_engine, make_url, text

from eval.bench.served import run_command, served
from eval.bench.steady_load import Latency, steady_load
from service.store.database import open_database
from service.store.jobs import JobStatus, recent

PER_BUYER = 80
_TASTES = 40
_EVERY_S = 60
_WARM_S = 5.0
_NEW_EVERY_S = 1.0
_SCHEMA = """
CREATE TABLE "Product" (id TEXT PRIMARY KEY, name TEXT, price REAL, "availableQuantity" INTEGER, "categoryId" TEXT,
  "updatedAt" TIMESTAMP);
CREATE TABLE "Order" (id TEXT PRIMARY KEY, "buyerId" TEXT, "createdAt" TIMESTAMP);
CREATE TABLE "Cart" (id TEXT PRIMARY KEY, "buyerId" TEXT);
CREATE TABLE "Wishlist" (id TEXT PRIMARY KEY, "buyerId" TEXT);
CREATE TABLE "OrderItem" (id TEXT PRIMARY KEY, "orderId" TEXT, "productId" TEXT);
CREATE TABLE "CartItem" (id TEXT PRIMARY KEY, "cartId" TEXT, "productId" TEXT, "createdAt" TIMESTAMP);
CREATE TABLE "WishlistItem" (id TEXT PRIMARY KEY, "wishlistId" TEXT, "productId" TEXT, "createdAt" TIMESTAMP)
"""
_KINDS = ("Order", "Cart", "Wishlist")


@dataclass(frozen=True, slots=True)
class Retraining:
    """The same load on an idle service, and while it reads the shop, trains, publishes and switches each minute.

    Attributes
    ----------
    p95_ratio : the latter to the former. trainings : that were finished meanwhile; seconds : what each took.
    load : runnable processes of the machine before, 1.0 per core is full.
    """

    interactions: int
    products: int
    idle: Latency
    retraining: Latency
    p95_ratio: float
    trainings: int
    seconds: list[float]
    load: float


def retraining(folder: Path, url: str, interactions: int, products: int, rate: float, minutes: float) -> Retraining:
    """Fill a shop's database, serve the profile beside it, and let it train each minute while buyers come and buy."""
    load = os.getloadavg()[0]
    engine = _engine(url)
    buyers = fill_shop(engine, interactions, products)
    market, source = ("--profile", "marketplace"), {"VITRINE_SOURCE_URL": url}
    idle_s = 30.0
    for command in ("sync", "index", "train"):
        run_command(folder, command, *market, environment=source)
    config = folder / "bench.toml"
    config.write_text(f"[schedule]\ntraining_s = {_EVERY_S}\ntraining_delay_s = {_WARM_S + idle_s + 3}\n")

    def path(number: int) -> str:
        return f"/recommendations/b{number * 7919 % buyers}?top_k=5"

    with served(folder, *market, "--config", str(config), environment=source) as address:
        steady_load(address, path, rate, lambda at: at >= _WARM_S)
        idle = steady_load(address, path, rate, lambda at: at >= idle_s)
        with _buying(engine, buyers, products):
            busy = steady_load(address, path, rate, lambda at: at >= minutes * 60)
        took = _trainings(folder)
    ratio = round(busy.p95_ms / idle.p95_ms, 2)
    return Retraining(interactions, products, idle, busy, ratio, len(took), took, round(load, 1))


def fill_shop(engine: Engine, interactions: int, products: int, seed: int = 7) -> int:
    """Products of several tastes, and buyers who mostly keep to two of them; the number of buyers."""
    random = np.random.default_rng(seed)
    buyers = max(1, interactions // PER_BUYER)
    numbers = np.arange(products)
    popularity = -np.log(1 + numbers // _TASTES)
    _make_tables(engine)
    _insert(engine, "Product", [
        {"id": f"p{n}", "name": f"Product {n}", "price": 10.0 + n % 90, "availableQuantity": 5,
         "categoryId": f"c{n % _TASTES}", "updatedAt": "2026-01-01 00:00:00"} for n in range(products)
    ])  # fmt: skip
    for kind in _KINDS:
        moment = {"createdAt": "2026-01-01 00:00:00"} if kind == "Order" else {}
        _insert(engine, kind, [{"id": f"b{b}", "buyerId": f"b{b}", **moment} for b in range(buyers)])
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _KINDS}
    for buyer in range(buyers):
        keys = popularity + 4.0 * np.isin(numbers % _TASTES, random.integers(_TASTES, size=2))
        chosen = np.argpartition(-(keys + random.gumbel(size=products)), PER_BUYER)[:PER_BUYER]
        for place, product in enumerate(chosen.tolist()):
            kind = _KINDS[(0, 0, 0, 0, 1, 1, 1, 1, 2, 2)[place % 10]]
            rows[kind].append(_item(kind, buyer, product, "2026-01-01 00:00:00"))
    for kind, items in rows.items():
        _insert(engine, f"{kind}Item", items)
    return buyers


def _item(kind: str, buyer: int, product: int, at: str) -> dict[str, Any]:
    moment = {} if kind == "Order" else {"createdAt": at}
    return {"id": f"{kind}-{buyer}-{product}", f"{kind.lower()}Id": f"b{buyer}", "productId": f"p{product}", **moment}


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.drivername.startswith("postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(parsed, poolclass=NullPool)


def _make_tables(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    with engine.begin() as connection:
        for statement in _SCHEMA.split(";"):
            connection.execute(text(statement))


def _insert(engine: Engine, table: str, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(f'"{name}"' for name in rows[0])
    values = ", ".join(f":{name}" for name in rows[0])
    with engine.begin() as connection:
        # names of tables and columns are this file's own; values are bound
        insert = text(f'INSERT INTO "{table}" ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING')  # nosec B608
        connection.execute(insert, rows)


@contextmanager
def _buying(engine: Engine, buyers: int, products: int) -> Iterator[None]:
    """Somebody puts something into a cart each second, and takes something out of a wishlist each ten."""
    random, stop = np.random.default_rng(1), Event()

    def buy() -> None:
        number = 0
        while not stop.wait(_NEW_EVERY_S):
            buyer, product = int(random.integers(buyers)), int(random.integers(products))
            _insert(engine, "CartItem", [_item("Cart", buyer, product, _now())])
            number += 1
            if number % 10 == 0:
                with engine.begin() as connection:
                    connection.execute(text('DELETE FROM "WishlistItem" WHERE "wishlistId" = :w'), {"w": f"b{buyer}"})

    thread = Thread(target=buy, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _trainings(folder: Path) -> list[float]:
    """Seconds of each training of the schedule that is over."""
    with closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database, database.session() as session:
        jobs = [job for job in recent(session, 50) if job.name == "training" and job.status is JobStatus.DONE]
    return [round((j.finished_at - j.started_at).total_seconds(), 1) for j in jobs if j.finished_at and j.started_at]


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interactions", type=int, default=200_000)
    parser.add_argument("--products", type=int, default=3_000)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--source-url", default=None, help="an empty PostgreSQL; an SQLite file if left out")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="vitrine-retraining-") as name:
        folder = Path(name)
        url = given.source_url or f"sqlite:///{folder}/shop.db"
        found = retraining(folder, url, given.interactions, given.products, given.rate, given.minutes)
    sys.stdout.write(json.dumps(asdict(found), indent=2) + "\n")
    if not found.trainings or found.retraining.failed:
        sys.exit("no training was finished, or requests failed")


if __name__ == "__main__":
    main()
