"""Stock that changes all the time: nothing is ever shown that was sold out from before the request until after it."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.testclient import TestClient

from config.settings import Settings
from indexer.sync import index_stale
from service.app import create_app
from service.context import Request
from service.core.types import Product
from service.pipeline import recommend
from service.runtime import Runtime, open_runtime
from service.store.catalog import patch_product, product_ids, upsert_products

NAMES = [f"P{number}" for number in range(60)]
SECONDS = 6.0
AT_MOST_S = 60.0  # on a busy machine it takes longer until enough has changed
ENOUGH = 100


class Flipper:
    """Sells out and restocks products at random, and knows since when each is sold out, as acknowledged."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._random = random.Random(5)
        self.sold_out_since: dict[str, float] = {}
        self.flips = 0
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.is_set():
            name = self._random.choice(NAMES)
            if name in self.sold_out_since:
                del self.sold_out_since[name]  # before the write: from now on it may be shown again
                self._set(name, 5)
            else:
                self._set(name, 0)
                self.sold_out_since[name] = time.monotonic()
            self.flips += 1

    def _set(self, name: str, stock: int) -> None:
        with self._runtime.database.session() as session:
            patch_product(session, "default", name, {"stock": stock})


@contextmanager
def running(*loops: Callable[[], None]) -> Iterator[None]:
    threads = [threading.Thread(target=loop) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


def test_a_sold_out_product_is_never_shown_while_stock_flips_under_load(
    tmp_path: Path, settings_for: Callable[[Path], Settings]
) -> None:
    with open_runtime(settings_for(tmp_path)) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, [Product(name, f"Mug number {name}", stock=5) for name in NAMES])
            names = {key: name for name, key in product_ids(session, "default", NAMES).items()}
        index_stale(runtime.outbox)
        flipper = Flipper(runtime)
        violations, asked, dropped = [], 0, 0

        def ask() -> None:
            nonlocal asked, dropped
            begun = time.monotonic()
            while (passed := time.monotonic() - begun) < SECONDS or (flipper.flips <= ENOUGH and passed < AT_MOST_S):
                before, start = dict(flipper.sold_out_since), time.monotonic()
                slate = recommend(runtime.services, Request("search", f"r{asked}", "default", text="mug", n=20))
                shown = {names[item.product_id] for item in slate.items}
                after = flipper.sold_out_since
                # sold out before we asked, and never restocked since
                violations.extend(
                    name
                    for name in shown
                    if name in before and before[name] < start and after.get(name) == before[name]
                )
                asked += 1
                dropped += sum(why == "sold_out" for why in slate.trace.dropped.values())
            flipper.stop.set()

        with TestClient(create_app(runtime)), running(flipper.run, ask):
            pass
    assert violations == []
    assert asked > 50
    assert flipper.flips > ENOUGH
    assert dropped > 0  # the index lagged behind, and the truth check held
