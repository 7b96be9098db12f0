"""The indexing loop of a serving process."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from indexer.check import check_index
from indexer.worker import IndexingLoop
from service.core.errors import DependencyUnavailable
from service.core.types import Product
from service.store.vectors import VectorQuery

PATIENCE_S = 30.0


def wait_for(condition):
    """Until it is true, or much too late."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


class WatchedStore:
    """The real store, with a switch that makes writes fail, and a record of when it was optimised."""

    def __init__(self, store):
        self._store = store
        self.failure = None
        self.optimized_at = []

    def __getattr__(self, name):
        return getattr(self._store, name)

    def upsert(self, name, points):
        if self.failure is not None:
            raise self.failure
        self._store.upsert(name, points)

    def optimize(self, name):
        self.optimized_at.append(self._store.count(name))
        self._store.optimize(name)


@pytest.fixture
def watched(shop):
    """A shop whose store can be made to fail."""
    return shop.with_outbox(store=WatchedStore(shop.store))


@pytest.fixture
def start():
    """Starts loops and stops them again."""
    loops = []

    def make(shop, poll_s=0.02, optimize_after=10_000):
        loop = IndexingLoop(shop.outbox, poll_s, optimize_after)
        loops.append(loop)
        loop.start()
        return loop

    yield make
    for loop in loops:
        loop.stop()


def mugs(count, first=0):
    return [Product(f"mug-{n}", f"Mug {n}") for n in range(first, first + count)]


def test_a_change_is_indexed_within_the_time_between_two_looks(shop, start):
    start(shop, poll_s=0.05)
    time.sleep(0.1)  # it has looked, and found nothing
    begin = time.monotonic()
    shop.put(*mugs(3))
    wait_for(lambda: shop.store.count("products") == 3)
    assert time.monotonic() - begin < 2.0  # 0.05 s and the work; a busy machine has its time


def test_a_loop_that_is_woken_looks_at_once(shop, start):
    loop = start(shop, poll_s=60)
    time.sleep(0.1)
    shop.put(*mugs(3))
    loop.wake()
    wait_for(lambda: shop.store.count("products") == 3)


def test_a_failing_store_is_reported_with_all_that_waits_and_then_caught_up_with(watched, start):
    watched.outbox.store.failure = DependencyUnavailable("Qdrant does not answer at http://qdrant:6333")
    watched.put(*mugs(10))
    loop = start(watched)
    wait_for(lambda: loop.state.failure)
    assert loop.state.failure == "Qdrant does not answer at http://qdrant:6333"
    assert loop.state.waiting == 10
    watched.outbox.store.failure = None
    loop.wake()
    wait_for(lambda: watched.store.count("products") == 10)
    wait_for(lambda: loop.state.failure is None)
    assert loop.state.waiting == 0
    assert check_index(watched.database, watched.store).agrees


def test_a_mistake_of_ours_is_survived_too_and_its_words_stay_in_the_log(watched, start):
    watched.outbox.store.failure = KeyError("an internal detail")
    watched.put(*mugs(1))
    loop = start(watched)
    wait_for(lambda: loop.state.failure)
    assert loop.state.failure == "KeyError"
    watched.outbox.store.failure = None
    wait_for(lambda: watched.store.count("products") == 1)


def test_between_failures_it_waits_longer_and_longer(watched, start):
    attempts = []
    watched.text.while_encoding = lambda: attempts.append(time.monotonic())
    watched.outbox.store.failure = DependencyUnavailable("down")
    watched.put(*mugs(1))
    start(watched, poll_s=0.05)
    wait_for(lambda: len(attempts) == 4)
    # pauses of 0.1, 0.2 and 0.4 s at least
    assert attempts[-1] - attempts[0] >= 0.1 + 0.2 + 0.4 - 0.01


@pytest.mark.parametrize("poll_s", [0.02, 60])
def test_stopping_an_idle_loop_takes_no_time(shop, start, poll_s):
    loop = start(shop, poll_s=poll_s)
    time.sleep(0.05)
    begin = time.monotonic()
    loop.stop()
    loop.stop()
    assert time.monotonic() - begin < 2.0


def test_stopping_a_busy_loop_ends_after_the_batch_in_work(shop, start):
    begun, go_on = Event(), Event()

    def encode_slowly():
        begun.set()
        go_on.wait(PATIENCE_S)

    shop.text.while_encoding = encode_slowly
    shop.put(*mugs(40))
    loop = start(shop)
    assert begun.wait(PATIENCE_S)
    with ThreadPoolExecutor(1) as other:
        stopping = other.submit(loop.stop)
        wait_for(loop._stop.is_set)
        go_on.set()
        stopping.result(PATIENCE_S)
    assert shop.store.count("products") == 4
    assert check_index(shop.database, shop.store).pending == 36


def test_a_loop_that_was_never_started_can_be_stopped(shop):
    IndexingLoop(shop.outbox, 1.0, 1).stop()


def test_waiting_says_how_many_are_left(shop, start):
    seen = []
    shop.put(*mugs(10))
    loop = IndexingLoop(shop.outbox, 0.02, 10_000)
    shop.text.while_encoding = lambda: seen.append(loop.state.waiting)
    loop.start()
    wait_for(lambda: shop.store.count("products") == 10 and not loop.state.waiting)
    loop.stop()
    # a batch is encoded while the one before it is written, so what is left is known one batch late
    assert seen == [10, 10, 6]


def test_the_search_graph_is_built_after_enough_writes_and_not_before(watched, start):
    store = watched.outbox.store
    start(watched, optimize_after=8)
    watched.put(*mugs(5))
    wait_for(lambda: watched.store.count("products") == 5)
    watched.put(*mugs(2, first=5))
    wait_for(lambda: watched.store.count("products") == 7)
    time.sleep(0.1)
    assert store.optimized_at == []
    watched.put(*mugs(2, first=7))
    wait_for(lambda: store.optimized_at == [9])
    watched.put(*mugs(5, first=9))
    wait_for(lambda: watched.store.count("products") == 14)
    time.sleep(0.1)
    assert store.optimized_at == [9]


def test_a_graph_that_cannot_be_built_does_not_stop_indexing(watched, start):
    def fail(_):
        raise DependencyUnavailable("the disk is full")

    watched.outbox.store.optimize = fail
    loop = start(watched, optimize_after=1)
    watched.put(*mugs(3))
    wait_for(lambda: loop.state.failure == "the disk is full")
    watched.put(*mugs(3, first=3))
    wait_for(lambda: watched.store.count("products") == 6)


def test_reads_are_answered_while_products_are_indexed(shop, start):
    shop.put(*mugs(50))
    shop.index()
    start(shop, optimize_after=20)
    done = Event()
    query = VectorQuery("text", np.ones(8, np.float32), 10)

    def read():
        answers = 0
        while not done.is_set():
            (hits,) = shop.store.search("products", [query])
            assert len(hits.ids) == 10
            assert len(shop.store.retrieve("products", hits.ids.tolist(), payload=True)) == 10
            answers += 1
            time.sleep(0.002)  # readers that never pause would keep Python's lock, and the processor, to themselves
        return answers

    with ThreadPoolExecutor(3) as readers:
        reading = [readers.submit(read) for _ in range(3)]
        try:
            for round in range(5):
                shop.put(*(Product(f"mug-{n}", f"Mug {n} of round {round}") for n in range(0, 50, 2)))
                time.sleep(0.05)
            wait_for(lambda: check_index(shop.database, shop.store).pending == 0)
        finally:
            done.set()
        assert all(answers.result() > 10 for answers in reading)
    assert check_index(shop.database, shop.store).agrees


def test_what_comes_while_others_are_indexed_is_waiting_too(shop, start):
    later, seen = [f"late-{number}" for number in range(10)], []

    def encoding():
        if later:
            shop.put(*(Product(id, f"Late {id}") for id in later))
            later.clear()
        seen.append(loop.state.waiting)

    shop.put(Product("first", "First of all"))
    shop.text.while_encoding = encoding
    loop = start(shop)
    wait_for(lambda: shop.store.count("products") == 11 and not loop.state.waiting)
    assert seen[0] == 1
    assert max(seen) >= 6  # those that came are counted once the first is through
