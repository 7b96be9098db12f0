"""What is old goes by itself, a little at a time, while others go on writing."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert

from service.privacy.upkeep import PrivacyUpkeep
from service.store.database import Database
from service.store.retention import forget_events
from service.store.tables import IMPRESSION, INTERACTION

OLD, NEW = 12_000, 100
LONGEST_S = 0.2


class Run:
    """A run of the schedule that waits for real."""

    def report(self, progress: float, message: str) -> None:
        pass

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


def filled(shop: Any) -> Any:
    """Events of a hundred days ago, and of now."""
    then = shop.now() - timedelta(days=100)
    row = {
        "tenant": "default", "type": "view", "user_id": None, "session_key": 1, "product_id": 1, "value": None,
        "received_at": then, "position": None, "event_id": None, "session": "s", "product_ref": "p1", "query": None,
        "request_id": None,
    }  # fmt: skip
    rows = [row | {"at": then + timedelta(seconds=n), "event_id": f"old-{n}"} for n in range(OLD)]
    rows += [row | {"at": shop.now(), "tenant": "shoes"} for _ in range(NEW)]
    with shop.database.session() as session:
        session.connection().execute(insert(INTERACTION), rows)
    return shop


def test_old_events_go_in_steps_that_keep_no_writer_waiting(
    database: Database, make_shop: Callable[[Database], Any]
) -> None:
    shop = filled(make_shop(database))
    steps: list[tuple[int, float]] = []
    waits: list[float] = []

    def write() -> None:
        while not done.done():
            start = time.monotonic()
            shop.record(shop.view("ann"))
            waits.append(time.monotonic() - start)
            time.sleep(0.01)

    with ThreadPoolExecutor(2) as pool:
        done = pool.submit(
            forget_events, shop.database, shop.now() - timedelta(days=90), on_step=lambda *step: steps.append(step)
        )
        pool.submit(write).result()
        gone = done.result()
    assert gone == OLD == sum(rows for rows, _ in steps)
    assert len(steps) > 5
    assert len(waits) >= 3
    held = np.array([seconds for _, seconds in steps])
    # on a machine that does something else meanwhile one step of twenty may be put to sleep in the middle
    assert np.quantile(held, 0.95) < LONGEST_S, held
    assert np.quantile(waits, 0.9) < 2 * LONGEST_S, waits
    assert shop.count(INTERACTION) == NEW + len(waits)


def test_the_task_keeps_what_the_configuration_says(shop: Any) -> None:
    before = shop.count(INTERACTION), shop.count(IMPRESSION)
    shop.wait(days=40)
    shop.show("bob", None, "r-new")
    shop.record(shop.view("bob"))
    assert PrivacyUpkeep(shop.eraser())(Run()) == "nothing to do"
    assert (shop.count(INTERACTION), shop.count(IMPRESSION)) == (before[0] + 1, before[1] + 1)
    shop.params = {"events_days": 30.0, "impressions_days": 50.0}
    told = PrivacyUpkeep(shop.eraser())(Run())
    assert told == f"{before[0]} events older than 30 days deleted; 0 impressions older than 50 days deleted"
    assert (shop.count(INTERACTION), shop.count(IMPRESSION)) == (1, before[1] + 1)
    shop.wait(days=20)
    PrivacyUpkeep(shop.eraser())(Run())
    assert shop.count(IMPRESSION) == 1
