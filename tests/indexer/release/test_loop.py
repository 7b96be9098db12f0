"""The release loop of a serving process: what is trained beside it goes live without a failed request."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import numpy as np

from indexer.release.loop import ReleaseLoop
from indexer.release.publish import Stopped, publish_release
from service.served_release import LiveRelease
from service.store.vectors import VectorQuery


def wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def running(shop: Any, keep: int = 3) -> ReleaseLoop:
    loop = ReleaseLoop(shop.publisher, poll_s=0.02, keep=keep)
    loop.start()
    return loop


def test_a_release_trained_elsewhere_goes_live_without_a_failed_request(shop: Any) -> None:
    first = shop.release().id
    live = LiveRelease(shop.database, shop.store, refresh_s=0.02)
    over, failures, answered = Event(), [], set()

    def request() -> None:
        while not over.is_set():
            try:
                served = live.current()
                assert served is not None
                time.sleep(0.002)  # a request finishes on the release it began with
                hits = shop.store.search(served.behaviour, [VectorQuery("cf", np.ones(9, np.float32), 5)])[0]
                assert len(hits.ids) == 5
                answered.add(served.id)
            except Exception as error:  # noqa: BLE001
                failures.append(error)

    threads = [Thread(target=request) for _ in range(3)]
    for thread in threads:
        thread.start()
    loop = running(shop)
    try:
        others = []
        for seed in (1, 2, 3):
            others.append(shop.train(seed=seed))
            wait_for(lambda: live.current().id == others[-1])
        wait_for(lambda: others[-1] in answered or failures)
    finally:
        over.set()
        loop.stop()
        for thread in threads:
            thread.join()
    assert failures == []
    assert {first, others[-1]} <= answered


def test_of_several_that_wait_the_newest_is_published(shop: Any) -> None:
    old, new = shop.train(), shop.train(seed=2)
    loop = running(shop)
    try:
        wait_for(lambda: shop.live() == new)
        wait_for(lambda: shop.kept() == ({new}, {new}))
    finally:
        loop.stop()
    assert (shop.get(old).status, shop.get(old).message) == (
        "failed", "a newer release was trained before it was published"
    )  # fmt: skip


def test_a_release_that_is_not_to_go_live_is_made_ready(shop: Any) -> None:
    live, ready = shop.release().id, shop.train(go_live=False)
    loop = running(shop)
    try:
        wait_for(lambda: shop.get(ready).status == "ready")
    finally:
        loop.stop()
    assert shop.live() == live


def test_a_process_that_ends_amid_publishing_leaves_it_to_the_next(shop: Any) -> None:
    live, new = shop.release().id, shop.train(seed=2)
    stop = Event()
    with suppress(Stopped):
        publish_release(shop.publisher, new, stop=stop, on_progress=lambda _: stop.set())
    assert (shop.live(), shop.get(new).status) == (live, "training")
    loop = running(shop)
    try:
        wait_for(lambda: shop.live() == new)
    finally:
        loop.stop()


def test_old_releases_are_swept_by_the_service(shop: Any) -> None:
    loop = running(shop, keep=1)
    ids = []
    try:
        for seed in range(3):
            ids.append(shop.train(seed=seed))
            wait_for(lambda: shop.live() == ids[-1])
        wait_for(lambda: shop.kept() == (set(ids[1:]), set(ids[1:])))
    finally:
        loop.stop()


def test_a_failing_database_leaves_the_release_in_force(shop: Any) -> None:
    release = shop.release()
    live = LiveRelease(shop.database, shop.store, refresh_s=0)
    assert live.current().id == release.id
    with shop.database.session() as session:
        session.connection().exec_driver_sql('ALTER TABLE "release" RENAME TO gone')
    assert live.current().id == release.id
    assert LiveRelease(shop.database, shop.store, refresh_s=0).current() is None


def test_the_release_is_read_from_sql_only_now_and_then(shop: Any) -> None:
    first = shop.release()
    live = LiveRelease(shop.database, shop.store, refresh_s=3600)
    assert live.current().id == first.id
    shop.release(seed=2)
    assert live.current().id == first.id
