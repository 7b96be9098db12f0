"""From events to a live release on the real engine."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.release.artifacts import load_artifacts, remove_artifacts, save_artifacts
from indexer.release.checks import store_problems
from indexer.release.learn import STEPS
from service.core.errors import Conflict, IndexNotReady, InvalidQuery, NotFound
from service.core.filters import Filter, Match
from service.core.types import EventType, Interaction, SparseVector
from service.ranking.fold_in import fold_in
from service.served_release import LiveRelease, check_served, served_release
from service.store.catalog import delete_products, patch_product
from service.store.releases import create_release, promote, rollback
from service.store.users import put_user
from service.store.vectors import Point, VectorQuery


def change(shop: Any, release_id: str, **model: Any) -> None:
    """Put other arrays into the files of a trained release."""
    artifacts = load_artifacts(shop.folder, release_id)
    remove_artifacts(shop.folder, release_id)
    save_artifacts(shop.folder, replace(artifacts, model=replace(artifacts.model, **model)))


def taste(shop: Any, number: int) -> set[int]:
    """Keys of the products of one taste."""
    return {shop.key(f"p{place}") for place in range(number, 60, 3)}


def test_training_makes_a_live_release(shop: Any) -> None:
    steps: list[str] = []
    release = shop.release(on_step=steps.append)
    assert (release.status, release.message) == ("live", None)
    assert tuple(steps) == STEPS
    counts = release.manifest["counts"]
    assert (counts["products"], counts["users"], counts["cold_products"]) == (60, 80, 0)
    assert release.manifest["cf_size"] == 9  # 8 dimensions and the bias
    assert len(release.manifest["behaviour_hash"]) == len(release.manifest["catalogue_hash"]) == 32
    assert release.manifest["parameters"]["dimensions"] == 8
    assert tuple(release.manifest["seconds"]) == STEPS[:-1]
    assert shop.store.count(f"behaviour__{release.id}") == 60
    assert shop.store.count(f"users__{release.id}") == 80


def test_taste_is_found_in_products_that_were_held_out(shop: Any) -> None:
    signals = shop.release().metrics["signals"]
    assert signals["fused"]["ndcg_10"] > 2 * signals["popularity"]["ndcg_10"]
    assert signals["sequence"]["hit_rate_10"] > 0.9  # everybody walks on in the same order


def test_the_order_of_the_engine_is_the_order_of_the_factoriser(shop: Any) -> None:
    release_id = shop.release().id
    artifacts = load_artifacts(shop.folder, release_id)
    for user, vector in zip(artifacts.users[:20], artifacts.user_vectors[:20], strict=True):
        stored = shop.store.retrieve(f"users__{release_id}", [int(user)], vectors=("cf",))[int(user)].vectors["cf"]
        hits = shop.store.search(f"behaviour__{release_id}", [VectorQuery("cf", stored, 60)])[0]
        order = artifacts.model.products[np.argsort(-(artifacts.model.items @ vector), kind="stable")]
        assert hits.ids.tolist() == order.tolist()


@pytest.mark.parametrize("slot", ["covisit", "sequence", "association"])
def test_sparse_points_score_what_the_history_leads_to(shop: Any, slot: str) -> None:
    release_id = shop.release().id
    model = load_artifacts(shop.folder, release_id).model
    history = SparseVector(model.products[[3, 7]].astype(np.uint32), np.array([1.0, 0.5], np.float32))
    hits = shop.store.search(f"behaviour__{release_id}", [VectorQuery(slot, history, 60)])[0]
    weights = model.weights[slot].toarray()
    expected = 1.0 * weights[:, 3] + 0.5 * weights[:, 7]
    assert hits.scores == pytest.approx(expected[np.searchsorted(model.products, hits.ids)], abs=1e-6)
    assert hits.scores[0] == pytest.approx(expected.max(), abs=1e-6)


def test_the_next_product_on_everybodys_way_comes_first(shop: Any) -> None:
    release_id = shop.release().id
    query = VectorQuery("sequence", SparseVector(np.array([shop.key("p3")], np.uint32), np.ones(1, np.float32)), 1)
    hits = shop.store.search(f"behaviour__{release_id}", [query])[0]
    assert hits.ids.tolist() == [shop.key("p6")]


def test_points_carry_the_payload_that_filters_read(shop: Any) -> None:
    release_id = shop.release().id
    only = Filter(must=(Match("category", ("Shop > Taste 1",)),))
    vector = np.ones(9, np.float32)
    hits = shop.store.search(f"behaviour__{release_id}", [VectorQuery("cf", vector, 60, only)])[0]
    assert set(hits.ids.tolist()) == taste(shop, 1)


def test_rules_stand_in_the_payload_of_the_product_they_start_from(shop: Any) -> None:
    release_id = shop.release().id
    key = shop.key("p0")
    record = shop.store.retrieve(f"behaviour__{release_id}", [key], payload=("rules",))[key]
    rules = record.payload["rules"]
    assert rules
    assert set(rules[0]) == {"with", "support", "confidence", "lift"}
    lifts = [rule["lift"] for rule in rules]
    assert lifts == sorted(lifts, reverse=True)
    assert {partner for rule in rules[:3] for partner in rule["with"]} <= taste(shop, 0)


def test_a_history_is_folded_in_near_products_of_its_taste(shop: Any) -> None:
    release = shop.release()
    served = served_release(release.id, release.manifest)
    keys = [shop.key(f"p{number}") for number in (0, 3, 6)]
    stored = shop.store.retrieve(served.behaviour, keys, vectors=("cf",))
    items = np.array([stored[key].vectors["cf"] for key in keys], np.float32)
    user = fold_in(items, np.ones(3), served.fold, biased=served.biased)
    hits = shop.store.search(served.behaviour, [VectorQuery("cf", user, 10)])[0]
    assert np.isin(hits.ids, list(taste(shop, 0))).mean() >= 0.8


def test_a_product_nobody_met_has_a_vector_through_its_features(open_release_shop: Callable[..., Any]) -> None:
    shop = open_release_shop(products=63)
    release = shop.release()
    assert release.manifest["counts"]["cold_products"] == 3
    cold = shop.store.retrieve(f"behaviour__{release.id}", [shop.key("p60")], vectors=("cf", "covisit", "sequence"))[
        shop.key("p60")
    ]
    assert set(cold.vectors) == {"cf"}
    assert np.abs(np.asarray(cold.vectors["cf"])).sum() > 0


def test_users_known_by_features_alone_have_a_vector_and_anonymous_sessions_none(shop: Any) -> None:
    with shop.database.session() as session:
        for number in range(6):
            taste = {"taste": str(number % 3)}
            put_user(session, "default", f"u{number}", features=taste, now=_now())
        cold = put_user(session, "default", "newcomer", features={"taste": "1"}, now=_now())
    shop.record([Interaction(EventType.VIEW, _now(), session="anonymous", product=f"p{n}") for n in (0, 3, 6)])
    release = shop.release()
    assert shop.store.count(f"users__{release.id}") == 81
    record = shop.store.retrieve(f"users__{release.id}", [cold.id], payload=True, vectors=("cf",))[cold.id]
    assert record.payload == {"tenant": "default"}
    assert np.abs(np.asarray(record.vectors["cf"])[:-1]).sum() > 0


def test_the_same_seed_and_data_give_the_same_release(shop: Any) -> None:
    one, two = (load_artifacts(shop.folder, shop.train()) for _ in range(2))
    assert np.array_equal(one.model.items, two.model.items)
    assert np.array_equal(one.user_vectors, two.user_vectors)
    assert one.metrics == two.metrics
    assert one.manifest["behaviour_hash"] == two.manifest["behaviour_hash"]
    other = load_artifacts(shop.folder, shop.train(seed=8))
    assert not np.array_equal(one.model.items, other.model.items)


@pytest.mark.parametrize("factoriser", ["als", "svd", "nmf"])
def test_every_factoriser_makes_a_release(shop: Any, factoriser: str) -> None:
    release = shop.with_training(factoriser=factoriser).release()
    assert (release.status, release.message) == ("live", None)
    assert release.manifest["cf_size"] == 8
    assert not release.manifest["biased"]


@pytest.mark.parametrize(
    ("kinds", "per_user"), [((), 0), ((EventType.VIEW,), 1), ((EventType.HIDE,), 5)], ids=["none", "one", "dislikes"]
)
def test_too_little_behaviour_is_refused_in_one_line(
    open_release_shop: Callable[..., Any], kinds: tuple[EventType, ...], per_user: int
) -> None:
    shop = open_release_shop(users=0)
    shop.record([Interaction(kind, _now(), user="u", product=f"p{step}") for kind in kinds for step in range(per_user)])
    with pytest.raises(InvalidQuery, match=r"nothing to train on.*at least 5 users") as refused:
        shop.train()
    assert "\n" not in refused.value.message
    assert shop.live() is None
    assert not list(shop.folder.glob("*"))


def test_a_release_that_is_much_worse_leaves_the_live_one(shop: Any) -> None:
    good = shop.release()
    worse = shop.train()
    model = load_artifacts(shop.folder, worse).model
    shuffled = np.random.default_rng(1).permutation(len(model.products))
    weights = {slot: matrix[shuffled] for slot, matrix in model.weights.items()}
    change(shop, worse, items=model.items[shuffled], weights=weights)
    failed = shop.publish(worse)
    assert failed.status == "failed"
    assert "NDCG@10" in failed.message
    assert failed.metrics["compared"]["release"] == good.id
    assert shop.live() == good.id
    assert shop.store.names() == [f"behaviour__{good.id}", f"users__{good.id}"]


def test_a_release_as_good_as_the_live_one_follows_it(shop: Any) -> None:
    first = shop.release()
    second = shop.release(seed=3)
    assert (second.status, second.replaced) == ("live", first.id)
    assert second.metrics["compared"]["users"] == second.metrics["held_out_users"]


def test_a_vector_that_is_not_a_number_fails_the_release(shop: Any) -> None:
    release_id = shop.train()
    model = load_artifacts(shop.folder, release_id).model
    model.items[4, 2] = np.nan
    change(shop, release_id, items=model.items)
    failed = shop.publish(release_id)
    assert (failed.status, failed.message) == ("failed", "items holds 1 values that are NaN or infinite")
    assert shop.store.names() == []


def test_a_fold_of_other_dimensions_fails_the_release(shop: Any) -> None:
    release_id = shop.train()
    change(shop, release_id, fold=np.eye(5, dtype=np.float32))
    assert "vectors have 9 dimensions" in shop.publish(release_id).message


def test_points_written_wrongly_are_found(shop: Any) -> None:
    release_id = shop.release().id
    artifacts = load_artifacts(shop.folder, release_id)
    name, key = f"behaviour__{release_id}", shop.key("p0")
    assert list(store_problems(shop.store, artifacts, 60, shop.training.checks, seed=1)) == []
    assert list(store_problems(shop.store, artifacts, 59, shop.training.checks, seed=1)) == [
        f"{name} holds 60 points instead of 59"
    ]
    one = SparseVector(np.array([key], np.uint32), np.ones(1, np.float32))
    wrong = {"cf": np.full(9, 9.0, np.float32), "covisit": one, "sequence": one}
    shop.store.upsert(name, [Point(key, wrong, {})])
    problems = " ".join(store_problems(shop.store, artifacts, 60, shop.training.checks, seed=1))
    assert "order of cf" in problems
    assert "covisit scores differ" in problems


def test_damaged_files_fail_the_release(shop: Any) -> None:
    release_id = shop.train()
    (shop.folder / release_id / "arrays.npz").write_bytes(b"half of a zip file")
    failed = shop.publish(release_id)
    assert failed.status == "failed"
    assert "damaged" in failed.message


def test_what_changes_while_a_release_is_published_is_caught_up_with(shop: Any) -> None:
    release_id = shop.train()

    def meanwhile(_: int) -> None:
        with shop.database.session() as session:
            patch_product(session, "default", "p1", {"stock": 0})
            delete_products(session, "default", ["p2"])

    key, gone = shop.key("p1"), shop.key("p2")
    assert shop.publish(release_id, on_progress=meanwhile).status == "live"
    found = shop.store.retrieve(f"behaviour__{release_id}", [key, gone], payload=("in_stock",))
    assert {id: record.payload["in_stock"] for id, record in found.items()} == {key: False}


def test_products_deleted_since_training_are_not_published(shop: Any) -> None:
    release_id = shop.train()
    with shop.database.session() as session:
        delete_products(session, "default", ["p0", "p1"])
    assert shop.publish(release_id).status == "live"
    assert shop.store.count(f"behaviour__{release_id}") == 58


def test_releases_of_other_dimensions_follow_each_other(shop: Any) -> None:
    live = LiveRelease(shop.database, shop.store, refresh_s=0)
    assert live.current() is None
    wide = shop.release()
    assert live.current().fold.shape == (9, 9)
    narrow = shop.with_training(dimensions=4).with_checks(compare_users=1000).release()
    assert (live.current().id, live.current().fold.shape) == (narrow.id, (5, 5))
    with shop.database.session() as session:
        rollback(session)
    assert (live.current().id, live.current().fold.shape) == (wide.id, (9, 9))
    check_served(shop.store, live.current())


def test_a_release_whose_collections_are_gone_does_not_take_over(shop: Any) -> None:
    good = shop.release()
    live = LiveRelease(shop.database, shop.store, refresh_s=0)
    assert live.current().id == good.id
    other = shop.release(seed=3, go_live=False)
    shop.store.drop(f"behaviour__{other.id}")
    with shop.database.session() as session:
        promote(session, other.id)
    assert live.current().id == good.id


def test_an_experiment_may_name_a_release_that_is_not_live(shop: Any) -> None:
    older, newer = shop.release(), shop.release(seed=3)
    live = LiveRelease(shop.database, shop.store, refresh_s=0)
    assert live.current().id == newer.id
    assert live.collections() == (f"behaviour__{newer.id}",)
    assert (live.named(newer.id), live.named("no-such")) == (live.current(), None)
    assert live.named(older.id).id == older.id
    assert live.collections() == tuple(sorted(f"behaviour__{one.id}" for one in (older, newer)))  # stock reaches both


def test_a_damaged_manifest_is_told(shop: Any) -> None:
    release = shop.release()
    with pytest.raises(IndexNotReady, match="damaged"):
        served_release(release.id, {})
    with pytest.raises(IndexNotReady, match="9 dimensions but folds"):
        served_release(release.id, {**release.manifest, "fold": [[1.0]]})


def test_a_failed_or_missing_release_is_not_promoted(shop: Any) -> None:
    live = shop.release()
    with shop.database.session() as session:
        create_release(session, "half-done", manifest={}, now=_now())
    for release_id, error in (("half-done", Conflict), ("no-such", NotFound)):
        with pytest.raises(error), shop.database.session() as session:
            promote(session, release_id)
    assert shop.live() == live.id


def test_old_clocks_and_future_events_do_not_matter(open_release_shop: Callable[..., Any], tmp_path: Path) -> None:
    shop = open_release_shop()
    assert shop.train(now=_now().replace(year=2001)) < shop.train()


def _now() -> datetime:
    return datetime.now(UTC)
