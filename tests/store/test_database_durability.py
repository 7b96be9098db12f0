"""What was acknowledged stays, whoever is killed and whoever writes at the same time."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from service.core.types import Product
from service.store.catalog import count_products, get_product, list_products, patch_product, upsert_products
from service.store.database import Database

WRITER = """
import sys
from service.core.types import Product
from service.store.catalog import upsert_products
from service.store.database import open_database
database = open_database(sys.argv[1])
for batch in range(10_000):
    with database.session() as session:
        upsert_products(session, [Product(f"{sys.argv[2]}-{batch}-{i}", "x") for i in range(20)])
    sys.stdout.write(f"{batch}\\n")
    sys.stdout.flush()
"""


def write_until_killed(url: str, name: str, batches: int) -> int:
    """Kill a writer with SIGKILL in the midst of its work; returns the last batch it acknowledged."""
    with subprocess.Popen([sys.executable, "-c", WRITER, url, name], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(batches):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines()  # acknowledged before the signal arrived
    return batches - 1 + len(rest)


def test_nothing_acknowledged_is_lost_and_no_batch_is_there_by_half(database: Database, database_url: str) -> None:
    last = {name: write_until_killed(database_url, name, batches) for name, batches in (("a", 1), ("b", 7), ("c", 20))}
    with database.session() as session:
        stored, _ = list_products(session, "default", filter=None, sort="id", after=None, limit=100_000)
    found = {product.product.external_id for product in stored}
    for name, batch in last.items():
        assert {f"{name}-{b}-{i}" for b in range(batch + 1) for i in range(20)} <= found
    assert len(found) % 20 == 0


def test_threads_that_write_the_same_products_wait_for_each_other(database: Database) -> None:
    def write(thread: int) -> None:
        for round in range(5):
            order = range(50) if thread % 2 else reversed(range(50))
            with database.session() as session:
                upsert_products(session, [Product(f"p{i}", f"by {thread}", stock=round) for i in order])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with database.session() as session:
        assert count_products(session, "default", None) == 50


def test_patches_of_different_fields_at_the_same_time_are_all_kept(database: Database) -> None:
    changes: list[dict[str, object]] = [{"stock": 7}, {"brand": "Kiln"}, {"rating": 4.5}, {"tags": ("new",)}]

    def patch(change: dict[str, object]) -> None:
        with database.session() as session:
            patch_product(session, "default", "mug", change)

    for _ in range(5):
        with database.session() as session:
            upsert_products(session, [Product("mug", "Mug")])
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(patch, changes))
        with database.session() as session:
            mug = get_product(session, "default", "mug").product
        assert (mug.stock, mug.brand, mug.rating, mug.tags) == (7, "Kiln", 4.5, ("new",))


def test_readers_see_a_whole_batch_or_none_of_it(database: Database) -> None:
    def write() -> None:
        for batch in range(20):
            with database.session() as session:
                upsert_products(session, [Product(f"p{batch}-{i}", "x") for i in range(10)])

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        seen = []
        while not writing.done():
            with database.session() as session:
                seen.append(count_products(session, "default", None))
        writing.result()
    assert all(count % 10 == 0 for count in seen)
    assert seen == sorted(seen)
