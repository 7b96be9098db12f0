"""The upkeep of an index: what differs is put right, what is missing in a release is placed, and it is said."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.params import load_params
from config.profile import profile_file
from config.settings import Settings
from indexer.schedule import Schedule
from indexer.sync import index_stale
from indexer.upkeep import reconcile, tidy_content
from service.background import make_background
from service.core.types import Product
from service.runtime import Runtime, open_runtime
from service.store.catalog import count_stale, product_ids, upsert_products
from service.store.jobs import recent
from service.store.spaces import PRODUCTS


def _now() -> datetime:
    return datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings],
    small_shop: Callable[[], list[Product]],
) -> Iterator[Runtime]:  # fmt: skip
    settings = settings_for(tmp_path_factory.mktemp("upkeep")).model_copy(update={"profile": "fullstack"})
    with open_runtime(settings) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, small_shop())
        index_stale(runtime.outbox)
        yield runtime


def test_what_differs_is_put_right(shop: Runtime) -> None:
    assert reconcile(shop.outbox) == "12 products agree"
    with shop.database.session() as session:
        lost = product_ids(session, "default", ["mug-1", "bag-2"])
    shop.store.delete(PRODUCTS, list(lost.values()))
    assert reconcile(shop.outbox) == "2 of 12 products put right"
    with shop.database.session() as session:
        assert count_stale(session) == 2
    index_stale(shop.outbox)
    assert reconcile(shop.outbox) == "12 products agree"


def test_the_content_is_measured(shop: Runtime) -> None:
    # "Red Mug. Alba. Home, Kitchen. colour red. A red mug for every day. mug-1": 15 words and 14 pairs, bags 14 and 13
    told = "12 products, 28 words each, stop words included; encoders.bm25.average_length is 20"
    assert tidy_content(shop.outbox, 20.0) == told


def test_they_run_as_jobs_as_often_as_the_profile_says(shop: Runtime) -> None:
    tasks = {task.name: task for task in make_background(shop, now=_now).schedule._tasks}
    assert {name: task.every_s for name, task in tasks.items()} == {
        "popular": 3600, "training": 86_400, "embeddings": 21_600, "content": 604_800, "privacy": 3600,
    }  # fmt: skip
    schedule = Schedule(shop.database, list(tasks.values()), _now)
    for name in ("embeddings", "content"):
        schedule.look(tasks[name])
    with shop.database.session() as session:
        done = {job.name: (job.status, job.message) for job in recent(session, 10)}
    assert done["embeddings"] == ("done", "12 products agree")
    assert done["content"][0] == "done"


def test_by_default_they_never_run() -> None:
    plain, full = load_params().schedule, load_params(profile_file("fullstack")).schedule
    assert (plain.embeddings_s, plain.content_s) == (0, 0)
    assert (full.popular_s, full.training_s) == (3600, 86_400)
