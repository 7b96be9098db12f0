"""The `precision` profile under load: homes, products and searches over HTTP, at the limits that are its defaults.

::

    python -m eval.bench.precision --products ../shared/data/amazon-india/products.csv --seconds 30

The shop is made once, in the folder `--shop`: the products of the file without pictures, clicks and searches of some
thousand users who each have favourite categories, and a release trained on them. The service is a process of its own;
the load comes from this one, each connection asking again as soon as it is answered. Words are asked as shops know it:
few again and again, many seldom (1/rank of 500); `new_search` is of words that nobody has asked before.
"""

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import gettempdir
from threading import Thread
from urllib.parse import quote

import numpy as np
from sqlalchemy import select

from eval.bench.http_client import Client
from eval.bench.served import run_command, served
from service.core.types import EventType, Interaction
from service.store.database import Database, open_database
from service.store.edge_folder import LOCK_FILE
from service.store.events import record_events
from service.store.tables import PRODUCT

KINDS = ("home", "product", "search")
_EVENTS = 12  # of each user; every fourth is a search
_WORDS = 500
_DAYS = 29  # older than 30 days is who was away
_NOTE = "precision.json"
_BATCH = 5_000
_SETTLE_S = 15.0  # a service that was just started reads its shop's words behind its first requests


@dataclass(frozen=True, slots=True)
class Shop:
    """What can be asked for.

    Attributes
    ----------
    products : ids. users : ids of users with a past. words : searches, the most frequent first. new_words : others.
    """

    products: Sequence[str]
    users: Sequence[str]
    words: Sequence[str]
    new_words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of some requests, as the client sees them; `kb` is the mean size of an answer."""

    requests: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    kb: float


@dataclass(frozen=True, slots=True)
class PrecisionSpeed:
    """What was measured.

    Attributes
    ----------
    per_minute : answers. cpu_ms : of the service per request, in all of its threads, which other work on the machine
        changes little. client_cpu_ms : of the load generator. alone_cpu_ms : the same of each kind of request, asked
        one after the other. failed : answers that are not 200. load_before, load_after : runnable processes of the
        machine, 1.0 per core is full.
    """

    products: int
    users: int
    connections: int
    seconds: float
    per_minute: int
    all: Times
    by_kind: Mapping[str, Times]
    cpu_ms: float
    client_cpu_ms: float
    alone_cpu_ms: Mapping[str, float]
    failed: int
    load_before: float
    load_after: float


def make_shop(folder: Path, products: Path, users: int, seed: int) -> Shop:
    """Fill, index and train the shop in `folder`, unless it is there already."""
    note = folder / _NOTE
    if not note.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        run_command(folder, "load", "products", str(products))
        run_command(folder, "index")
    with closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database:
        rows = _rows(database)
        shop = _shop(rows, users, Random(seed))
        if not note.is_file():
            _fill(database, rows, shop, Random(seed + 1))
    if not note.is_file():
        run_command(folder, "train", environment={"VITRINE_PROFILE": "precision"})
        note.write_text(json.dumps({"users": users, "seed": seed, "products": len(rows)}))
    elif (made := json.loads(note.read_text()))["users"] != users or made["seed"] != seed:
        raise RuntimeError(f"{folder} was made with {made}; choose another --shop")
    return shop


def _rows(database: Database) -> list[tuple[str, str, str]]:
    """Id, name and category of every product that may be asked for."""
    columns = (PRODUCT.c.external_id, PRODUCT.c.name, PRODUCT.c.category_path)
    with database.session() as session:
        found = session.connection().execute(select(*columns).where(PRODUCT.c.deleted_at.is_(None))).all()
    return [(id, name, path or "") for id, name, path in found if len(id) == 10 and id.isalnum() and id == id.upper()]


def _shop(rows: Sequence[tuple[str, str, str]], users: int, draw: Random) -> Shop:
    names = [name for _, name, _ in draw.sample(rows, min(len(rows), 4 * _WORDS))]
    words = list(dict.fromkeys(" ".join(name.split()[1 : 1 + draw.choice((1, 2, 2, 3))]) for name in names))
    words = [one for one in words if one]
    return Shop([id for id, _, _ in rows], [f"U{user}" for user in range(users)], words[:_WORDS], words[_WORDS:])


def _fill(database: Database, rows: Sequence[tuple[str, str, str]], shop: Shop, draw: Random) -> None:
    by_category: dict[str, list[str]] = defaultdict(list)
    for id, _, path in rows:
        by_category[path].append(id)
    categories, now = list(by_category), datetime.now(UTC)
    events: list[Interaction] = []
    for user in shop.users:
        own = draw.sample(categories, min(3, len(categories)))
        at = now - timedelta(days=draw.random() * _DAYS)
        for number in range(_EVENTS):
            at = min(at + timedelta(minutes=draw.random() * 30), now)
            if number % 4 == 3:
                events.append(Interaction(EventType.SEARCH, at, user, query=_often(shop.words, draw)))
            else:
                some = by_category[draw.choice(own)]
                product = some[int(len(some) * draw.random() ** 3)]  # few are clicked by many
                events.append(Interaction(EventType.CLICK, at, user, product=product))
    for first in range(0, len(events), _BATCH):
        with database.session() as session:
            record_events(session, events[first : first + _BATCH], unknown_products="keep", now=now)


def _often(words: Sequence[str], draw: Random) -> str:
    """One of the words, the n-th as often as 1/n says."""
    return words[min(len(words) - 1, int(len(words) ** draw.random()) - 1)]


def path_of(shop: Shop, kind: str, draw: Random) -> str:
    """A request; of ten homes one is of somebody unknown."""
    if kind == "home":
        user = draw.choice(shop.users) if draw.random() < 0.9 else f"N{draw.randrange(10**6)}"
        return f"/recommendations/home?user_id={user}"
    if kind == "product":
        return f"/recommendations/product/{draw.choice(shop.products)}"
    words = draw.choice(shop.new_words) if kind == "new_search" else _often(shop.words, draw)
    return f"/recommendations/search?query={quote(words)}"


@dataclass(frozen=True, slots=True)
class _Answer:
    kind: str
    ms: float
    status: int
    size: int


def _load(address: str, shop: Shop, connections: int, seconds: float, seed: int) -> list[_Answer]:
    """Answers to connections that each ask again at once."""
    found: list[list[_Answer]] = [[] for _ in range(connections)]
    end = time.perf_counter() + seconds

    def ask(number: int) -> None:
        draw = Random(f"{seed}-{number}")
        with closing(Client(address)) as client:
            turn = number
            while time.perf_counter() < end:
                kind = KINDS[turn % len(KINDS)]
                found[number].append(_timed(client, kind, path_of(shop, kind, draw)))
                turn += 1

    threads = [Thread(target=ask, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answer for each in found for answer in each]


def _timed(client: Client, kind: str, path: str) -> _Answer:
    start = time.perf_counter()
    status, size = client.get(path)
    return _Answer(kind, (time.perf_counter() - start) * 1000, status, size)


def measure(folder: Path, shop: Shop, connections: int, seconds: float, warm_s: float, alone: int) -> PrecisionSpeed:
    """Serve the shop and load it."""
    before = os.getloadavg()[0]
    with served(folder, "--profile", "precision", environment={"VITRINE_ENCODER_THREADS": "1"}) as address:
        _load(address, shop, connections, warm_s, 1)
        time.sleep(_SETTLE_S)
        with _cpu(lambda: _service_cpu_s(folder)) as of_service, _cpu(time.process_time) as own:
            answers = _load(address, shop, connections, seconds, 2)
        cpu_alone = {kind: _alone(address, folder, shop, kind, alone) for kind in (*KINDS, "new_search")}
    return PrecisionSpeed(
        len(shop.products), len(shop.users), connections, seconds, round(len(answers) / seconds * 60),
        _times(answers), {kind: _times([one for one in answers if one.kind == kind]) for kind in KINDS},
        round(of_service[0] / len(answers) * 1000, 2), round(own[0] / len(answers) * 1000, 2), cpu_alone,
        sum(answer.status != 200 for answer in answers), round(before, 2), round(os.getloadavg()[0], 2),
    )  # fmt: skip


def _alone(address: str, folder: Path, shop: Shop, kind: str, requests: int) -> float:
    """Milliseconds of CPU of one request of a kind."""
    draw = Random(3)
    paths = [path_of(shop, kind, draw) for _ in range(requests)]
    with closing(Client(address)) as client, _cpu(lambda: _service_cpu_s(folder)) as of_service:
        for path in paths:
            client.get(path)
    return round(of_service[0] / requests * 1000, 2)


@contextmanager
def _cpu(clock: Callable[[], float]) -> Iterator[list[float]]:
    """Gives a list that holds the seconds of CPU of the block, once it has ended."""
    found: list[float] = []
    start = clock()
    yield found
    found.append(clock() - start)


def _service_cpu_s(folder: Path) -> float:
    """Of the service on a folder, which has written its number into the lock of it."""
    service = (folder / "vectors" / LOCK_FILE).read_text().strip()
    user, system = Path(f"/proc/{service}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _times(answers: Sequence[_Answer]) -> Times:
    p50, p95, p99 = (round(float(one), 1) for one in np.percentile([answer.ms for answer in answers], (50, 95, 99)))
    return Times(len(answers), p50, p95, p99, round(float(np.mean([answer.size for answer in answers])) / 1000, 1))


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=Path, required=True, help="a file for `vitrine load products`")
    parser.add_argument("--shop", type=Path, default=Path(gettempdir()) / "vitrine-precision", help="made if missing")
    parser.add_argument("--users", type=int, default=5_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--warm", type=float, default=20.0, help="seconds of the same load before")
    parser.add_argument("--alone", type=int, default=300, help="requests of each kind asked one after the other")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    shop = make_shop(given.shop, given.products, given.users, given.seed)
    found = measure(given.shop, shop, given.connections, given.seconds, given.warm, given.alone)
    sys.stdout.write(json.dumps(asdict(found), indent=2) + "\n")


if __name__ == "__main__":
    main()
