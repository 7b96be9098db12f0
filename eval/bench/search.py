"""A search with facets over HTTP, from the words to the last byte: new queries, then the same ones again.

::

    python -m eval.bench.search --shop /tmp/bench50k --products 50000

The shop is made once, in the folder that is given: the demo catalogue without pictures, with the vectors of the text
model in force. The service is a process of its own; encoders get one thread, and one request is under way at a time.
"""

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import numpy as np
import orjson

from eval.bench.served import connect, run_command, served
from indexer.demo.catalogue import demo_products
from indexer.demo.queries import search_query
from service.store.catalog import upsert_products
from service.store.database import open_database
from service.store.edge_folder import LOCK_FILE

FACETS = "brand,category,price"
_NOTE = "bench.json"
_BATCH = 2000
_WARM = 30
_SETTLE_S = 20.0  # a service that was just started reads its shop's words behind its first requests


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of some requests, as the client sees them.

    Attributes
    ----------
    cpu_ms : what the service computes for one, in all of its threads; other work on the machine adds little to that.
    """

    requests: int
    cpu_ms: float
    p50_ms: float
    p95_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class SearchSpeed:
    """What was measured.

    Attributes
    ----------
    made : how the shop was made. load_before, load_after : runnable processes of the machine, 1.0 per core is full.
    new, again : queries that were never asked before, and the same once more. answered : share with any product.
    fallbacks : share answered with less than was asked for. step_ms : median per step of further new queries; `rest`
        is everything of those that is no step: HTTP, JSON, cards, the log.
    """

    made: Mapping[str, Any]
    load_before: float
    load_after: float
    new: Times
    again: Times
    answered: float
    fallbacks: float
    step_ms: Mapping[str, float]


def make_shop(folder: Path, products: int) -> Mapping[str, Any]:
    """Fill and index the shop in `folder`, unless it is there already; says how it was made."""
    note = folder / _NOTE
    if note.is_file():
        made: Mapping[str, Any] = json.loads(note.read_text())
        if made["products"] != products:
            raise RuntimeError(f"{folder} holds {made['products']} products, not {products}; choose another --shop")
        run_command(folder, "index")  # what waits would be embedded beside the requests
        return made
    folder.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    shop = [replace(item.product, image=None) for item in demo_products(count=products)]
    with closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database:
        for first in range(0, len(shop), _BATCH):
            with database.session() as session:
                upsert_products(session, shop[first : first + _BATCH])
    run_command(folder, "index")
    made = {
        "products": products, "seconds": round(time.monotonic() - start),
        "by": "indexer.demo.catalogue, seed 7, without pictures; `vitrine index`",
    }  # fmt: skip
    note.write_text(json.dumps(made))
    return made


def measure(folder: Path, made: Mapping[str, Any], queries: int, n: int, seed: int) -> SearchSpeed:
    """Ask the service one query after the other."""
    texts = _queries(made["products"], 2 * queries + _WARM, seed)
    warm, new, explained = texts[:_WARM], texts[_WARM : _WARM + queries], texts[_WARM + queries :]
    load = os.getloadavg()[0]
    environment = {"VITRINE_ENCODER_THREADS": "1"}
    with served(folder, environment=environment) as address, closing(connect(address)) as connection:
        list(_asked(connection, warm, n))
        connection.close()  # the service would not keep it open for so long
        time.sleep(_SETTLE_S)
        first, first_cpu_ms = _timed(folder, connection, new, n)
        again, again_cpu_ms = _timed(folder, connection, new, n)
        steps = list(_asked(connection, explained, n, explain="true"))
    answers = [body for _, body in first]
    return SearchSpeed(
        made,
        round(load, 2),
        round(os.getloadavg()[0], 2),
        _times([ms for ms, _ in first], first_cpu_ms),
        _times([ms for ms, _ in again], again_cpu_ms),
        round(sum(bool(body["items"]) for body in answers) / len(answers), 3),
        round(sum(body["fallback"] is not None for body in answers) / len(answers), 3),
        _steps(steps),
    )


def _queries(products: int, count: int, seed: int) -> list[str]:
    """Different words of shoppers who have one of the products in mind."""
    draw = Random(seed)
    looks = [item.look for item in demo_products(count=products)]
    found: dict[str, None] = {}
    while len(found) < count:
        found[search_query(draw, draw.choice(looks))] = None
    return list(found)


def _asked(
    connection: HTTPConnection, texts: Sequence[str], n: int, **more: str
) -> Iterator[tuple[float, dict[str, Any]]]:
    for text in texts:
        start = time.perf_counter()
        connection.request("GET", f"/v1/search?{urlencode({'q': text, 'n': n, 'facets': FACETS} | more)}")
        answer = connection.getresponse()
        body = answer.read()
        took_ms = (time.perf_counter() - start) * 1000
        if answer.status != 200:
            raise RuntimeError(f"answered {answer.status}: {body[:300]!r}")
        yield took_ms, orjson.loads(body)


def _timed(
    folder: Path, connection: HTTPConnection, texts: Sequence[str], n: int
) -> tuple[list[tuple[float, dict[str, Any]]], float]:
    before = _cpu_s(folder)
    found = list(_asked(connection, texts, n))
    return found, (_cpu_s(folder) - before) / len(texts) * 1000


def _cpu_s(folder: Path) -> float:
    """Seconds of CPU that the service on a folder has used, which has written its number into the lock of it."""
    service = (folder / "vectors" / LOCK_FILE).read_text().strip()
    user, system = Path(f"/proc/{service}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _times(found_ms: Sequence[float], cpu_ms: float) -> Times:
    p50, p95, longest = (round(float(value), 2) for value in np.percentile(found_ms, (50, 95, 100)))
    return Times(len(found_ms), round(cpu_ms, 2), p50, p95, longest)


def _steps(found: Sequence[tuple[float, Mapping[str, Any]]]) -> Mapping[str, float]:
    by_step: dict[str, list[float]] = defaultdict(list)
    for took_ms, body in found:
        steps: dict[str, float] = body["step_ms"]
        for name, step_ms in steps.items():
            by_step[name].append(step_ms)
        by_step["rest"].append(took_ms - sum(steps.values()))
    return {name: round(float(np.median(values)), 2) for name, values in by_step.items()}


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", type=Path, required=True, help="folder of the shop; made if it is missing")
    parser.add_argument("--products", type=int, default=50_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--seed", type=int, default=6)
    given = parser.parse_args()
    made = make_shop(given.shop, given.products)
    found = measure(given.shop, made, given.queries, given.n, given.seed)
    sys.stdout.write(json.dumps(asdict(found), indent=2) + "\n")


if __name__ == "__main__":
    main()
