"""The service is killed under a load of events, again and again: what it acknowledged is in the database, once."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from threading import Timer
from typing import Any

import httpx

KILLS = 5
CLIENTS = 4
BATCH = 100


def test_no_acknowledged_event_is_lost_when_the_service_is_killed_under_load(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    shop, random = tmp_path / "shop", Random(7)
    acknowledged: set[str] = set()
    cut_off: list[str] = []
    for kill in range(KILLS):
        with serve(shop) as service, ThreadPoolExecutor(CLIENTS) as pool:
            Timer(random.uniform(0.3, 1.0), service.process.kill).start()
            for answered, unanswered in pool.map(partial(post_until_killed, service, kill), range(CLIENTS)):
                acknowledged |= answered
                cut_off += unanswered
            assert service.process.wait(timeout=30) == -9
        assert acknowledged <= set(stored(shop))
    assert len(acknowledged) > KILLS * BATCH
    with serve(shop) as service:
        # whoever got no answer sends the same again
        for event_id in cut_off:
            assert service.http.post("/v1/events", json=event(event_id)).json()["refused"] == 0
    found = stored(shop)
    assert len(found) == len(set(found))
    assert acknowledged | set(cut_off) <= set(found)


def event(event_id: str) -> dict[str, Any]:
    """A view of a product, by one of ten users."""
    return {"type": "view", "user": f"user-{event_id[-1]}", "product": "mug", "event_id": event_id}


def post_until_killed(service: Any, kill: int, client: int) -> tuple[set[str], list[str]]:
    """Ids that were acknowledged before the service died, and the first of those it was asked last."""
    answered: set[str] = set()
    with httpx.Client(base_url=service.http.base_url, timeout=30) as http:
        for body in range(100_000):
            ids = [f"k{kill}c{client}b{body}e{number}" for number in range(BATCH)]
            try:
                results = http.post("/v1/events", json=[event(id) for id in ids]).json()["results"]
            except httpx.TransportError:
                return answered, ids[:3]
            answered |= {id for id, result in zip(ids, results, strict=True) if result["status"] == "recorded"}
    raise AssertionError("the service was never killed")


def stored(shop: Path) -> list[str]:
    """Event ids in the database."""
    with closing(sqlite3.connect(shop / "vitrine.db")) as database:
        return [row[0] for row in database.execute("SELECT event_id FROM interaction")]
