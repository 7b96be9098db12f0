"""Many readers and a writer at once."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from service.core.filters import Filter, Range
from service.store.vectors import Point, Space, VectorQuery, VectorStore

pytestmark = pytest.mark.untrue_in_memory("it is not safe for threads: upserts from 8 corrupted it in 6 of 6 trials")


def text(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=16).astype(np.float32)


def test_readers_beside_a_writer_and_an_optimiser_see_whole_points_and_every_finished_write(
    store: VectorStore, space: Space
) -> None:
    store.upsert(space.name, [Point(i, {"text": text(i)}, {"stock": 0, "price": 0.0}) for i in range(1500)])
    written, errors, done = [0], [], threading.Event()

    def write() -> None:
        for turn in range(1, 40):
            changed = range(turn * 20, turn * 20 + 20)
            store.upsert(space.name, [Point(i, {"text": text(i)}, {"stock": turn, "price": turn / 1}) for i in changed])
            store.set_payload(space.name, {i: {"visible": True} for i in changed})
            written[0] = turn

    def read() -> None:
        query = VectorQuery("text", text(3), 50, Filter(must=(Range("stock", gte=0),)))
        while not done.is_set():
            at_least = written[0]
            assert store.count(space.name) == 1500
            assert store.count(space.name, Filter(must=(Range("stock", gt=0),))) >= 20 * at_least
            hits = store.search(space.name, [query])[0]
            assert len(set(hits.ids.tolist())) == 50
            for record in store.retrieve(space.name, hits.ids.tolist(), payload=True).values():
                assert record.payload["stock"] == record.payload["price"]
            time.sleep(0.002)

    def optimise() -> None:
        for _ in range(3):
            store.optimize(space.name)

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)
            raise

    readers = [threading.Thread(target=run, args=(read,)) for _ in range(3)]
    writers = [threading.Thread(target=run, args=(work,)) for work in (write, optimise)]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert errors == []
    assert store.count(space.name, Filter(must=(Range("stock", gt=0),))) == 39 * 20


def test_two_writers_lose_nothing(store: VectorStore, space: Space) -> None:
    def write(first: int) -> None:
        for i in range(first, first + 200):
            store.upsert(space.name, [Point(i, {"text": text(i)}, {"stock": i})])

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.payload["stock"] for r in store.scroll(space.name, payload=True)] == [*range(200), *range(1000, 1200)]
