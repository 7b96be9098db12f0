"""A release brings its popular lists along, so that a shop that only trains has a trend too."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.params import load_params
from indexer.popular import make_popular
from indexer.release.artifacts import load_artifacts, remove_artifacts, save_artifacts
from service.core.types import DEFAULT_TENANT
from service.served_popular import LivePopular
from service.store.snapshots import get_snapshot, popular_name, put_snapshot

NAME = popular_name(DEFAULT_TENANT)


def stored(shop: Any) -> Any:
    with shop.database.session() as session:
        return get_snapshot(session, NAME)


def count(shop: Any) -> datetime:
    params = load_params()
    return make_popular(shop.database, DEFAULT_TENANT, params.popular, params.events.taste())


def test_publishing_a_release_is_enough_to_have_a_trend(shop: Any) -> None:
    release_id = shop.train()
    assert stored(shop) is None
    release = shop.publish(release_id)
    popular = LivePopular(shop.database, 0).current(DEFAULT_TENANT)
    assert popular is not None
    assert len(popular.trending.ids) == release.manifest["counts"]["trending"] == 60
    assert set(popular.by_category) == {"Shop", "Shop > Taste 0", "Shop > Taste 1", "Shop > Taste 2"}
    told = ("by_category", "newest", "best_value", "categories")
    assert [release.manifest["counts"][name] for name in told] == [4, 60, 0, 1]


def test_the_lists_stand_in_the_folder_of_the_release_and_are_those_of_the_hourly_count(shop: Any) -> None:
    release_id = shop.train()
    kept = json.loads((shop.folder / release_id / "popular.json").read_text())["lists"]
    count(shop)
    assert kept == stored(shop).data


def test_lists_counted_after_the_training_stay(shop: Any) -> None:
    release_id = shop.train()
    counted = count(shop)
    assert shop.publish(release_id).status == "live"
    assert stored(shop).made_at == counted


def test_lists_counted_before_the_training_are_replaced(shop: Any) -> None:
    counted = count(shop)
    release = shop.release()
    assert stored(shop).made_at > counted
    assert stored(shop).made_at == load_artifacts(shop.folder, release.id).popular.made_at  # type: ignore[union-attr]


@pytest.mark.parametrize(("age_s", "stays"), [(-1, True), (0, True), (1, False)])
def test_a_snapshot_replaces_only_an_older_one_where_that_is_asked_for(shop: Any, age_s: int, stays: bool) -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    with shop.database.session() as session:
        put_snapshot(session, NAME, {"first": 1}, now=now - timedelta(seconds=age_s))
        put_snapshot(session, NAME, {"second": 2}, now=now, unless_newer=True)
    assert stored(shop).data == ({"first": 1} if stays else {"second": 2})


def test_a_release_from_before_lists_were_kept_is_published_without(shop: Any) -> None:
    release_id = shop.train()
    artifacts = load_artifacts(shop.folder, release_id)
    remove_artifacts(shop.folder, release_id)
    save_artifacts(shop.folder, replace(artifacts, popular=None))
    assert shop.publish(release_id).status == "live"
    assert stored(shop) is None


def test_a_release_that_fails_its_checks_leaves_no_lists(shop: Any) -> None:
    release_id = shop.train()
    artifacts = load_artifacts(shop.folder, release_id)
    remove_artifacts(shop.folder, release_id)
    items = artifacts.model.items.copy()
    items[0, 0] = float("nan")
    save_artifacts(shop.folder, replace(artifacts, model=replace(artifacts.model, items=items)))
    assert shop.publish(release_id).status == "failed"
    assert stored(shop) is None
