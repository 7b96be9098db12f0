"""Several workers on one PostgreSQL: no product is embedded by two, and what a dead one had in hand is taken over."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.core.types import Product
from service.store.catalog import upsert_products
from service.store.claims import RANGE, open_claims
from service.store.database import Database, open_database
from service.store.edge import EdgeStore
from service.store.outbox import count_stale, stale_ids

ROOT = Path(__file__).parent.parent.parent
BATCH, COUNT = 16, 1200

# A worker with vectors of its own, so that what each wrote can be told apart; it says what it embeds.
WORKER = f"""
import sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from conftest import StandInText
from indexer.embed import ProductEncoders
from indexer.picture_source import PictureSource
from indexer.sync import Outbox, index_stale
from service.core.fields import with_attributes
from service.encode.lexical import LexicalEncoder
from service.store.database import open_database
from service.store.edge import EdgeStore
from service.store.outbox import count_stale
from service.store.spaces import products_space

class SlowText(StandInText):
    def encode(self, texts, batch=64):
        print(*(text.split()[2] for text in texts), flush=True)
        time.sleep(0.01)
        return super().encode(texts, batch)

text, database, store = SlowText(), open_database(sys.argv[1]), EdgeStore(Path(sys.argv[2]))
store.create(products_space(text.size, None, with_attributes(())))
encoders = ProductEncoders(text, LexicalEncoder(k1=1.2, b=0.75, average_length=20), None, 2000)
outbox = Outbox(database, store, encoders, lambda: PictureSource(float, 1, 1), {BATCH})
print("ready", flush=True)
sys.stdin.readline()
while True:
    index_stale(outbox)
    with database.session() as session:
        if not count_stale(session):
            break
    time.sleep(0.05)
store.close()
"""


@pytest.fixture
def shared(fresh_postgres: Callable[[], str]) -> Iterator[tuple[str, Database]]:
    """A PostgreSQL with products that no index has seen."""
    url = fresh_postgres()
    database = open_database(url)
    with database.session() as session:
        upsert_products(session, [Product(f"mug-{number}", f"Mug number {number}") for number in range(COUNT)])
    yield url, database
    database.close()


@contextmanager
def workers(url: str, *folders: Path) -> "Iterator[list[subprocess.Popen[str]]]":
    """Workers that begin together."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url, str(folder)], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )
        for folder in folders
    ]  # fmt: skip
    try:
        for one in started:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for one in started:
            assert one.stdin is not None
            one.stdin.write("go\n")
        yield started
    finally:
        for one in started:
            one.kill()
            one.communicate()


def embedded_by(worker: "subprocess.Popen[str]") -> Counter[int]:
    """How often the worker embedded which product, when it has ended."""
    said, _ = worker.communicate(timeout=60)
    return Counter(map(int, said.split()))


def written_to(folder: Path) -> set[int]:
    store = EdgeStore(folder)
    try:
        return {point.id for point in store.scroll("products")}
    finally:
        store.close()


def every_id(database: Database) -> set[int]:
    with database.engine.connect() as connection:
        return {row[0] for row in connection.exec_driver_sql("SELECT id FROM product")}


def test_two_workers_share_the_outbox_and_embed_nothing_twice(shared: tuple[str, Database], tmp_path: Path) -> None:
    url, database = shared
    with workers(url, tmp_path / "a", tmp_path / "b") as both:
        first, second = (embedded_by(one) for one in both)
        assert [one.returncode for one in both] == [0, 0]
    assert first + second == Counter(range(COUNT))
    assert min(len(first), len(second)) > COUNT / 10
    assert written_to(tmp_path / "a") | written_to(tmp_path / "b") == every_id(database)
    assert not written_to(tmp_path / "a") & written_to(tmp_path / "b")


def test_what_a_killed_worker_had_in_hand_is_taken_over(shared: tuple[str, Database], tmp_path: Path) -> None:
    url, database = shared
    with workers(url, tmp_path / "a", tmp_path / "b") as (dies, goes_on):
        assert dies.stdout is not None
        begun = [dies.stdout.readline() for _ in range(5)]
        dies.kill()
        first = embedded_by(dies) + Counter(int(number) for line in begun for number in line.split())
        second = embedded_by(goes_on)
    both = first + second
    assert set(both) == set(range(COUNT))
    # what it had embedded without having it marked: at most the batch being written and the one being embedded
    assert sum(both.values()) - COUNT <= 2 * BATCH
    assert written_to(tmp_path / "a") | written_to(tmp_path / "b") == every_id(database)
    with database.session() as session:
        assert count_stale(session) == 0


def test_who_has_products_in_hand_keeps_nobody_from_changing_them(shared: tuple[str, Database]) -> None:
    _, database = shared
    with database.session() as session:
        ids = stale_ids(session, limit=3 * RANGE)
    with open_claims(database) as mine, open_claims(database) as theirs:
        taken = mine.take(ids[:RANGE])
        assert taken == ids[:RANGE]
        begin = time.monotonic()
        with database.session() as session:
            upsert_products(session, [Product("mug-1", "Mug with another name", stock=1)])
        assert time.monotonic() - begin < 1
        rest = theirs.take(ids)
        assert rest
        assert not {one // RANGE for one in rest} & {one // RANGE for one in taken}
        mine.give_back(taken)
        assert theirs.take(taken) == taken


def test_claims_end_with_the_run_and_a_run_may_claim_twice(shared: tuple[str, Database]) -> None:
    _, database = shared
    with open_claims(database) as mine:
        assert mine.take([1, 2]) == mine.take([1, 2]) == [1, 2]
        mine.give_back([1, 2])
        with open_claims(database) as theirs:
            assert theirs.take([1]) == []
    deadline = time.monotonic() + 5  # the server ends a session a moment after its client is gone
    with open_claims(database) as theirs:
        while not (taken := theirs.take([1])) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert taken == [1]
