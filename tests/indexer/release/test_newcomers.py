"""Products that come after a training are found by taste at once, on the real engine."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from indexer.release.artifacts import load_artifacts, remove_artifacts, save_artifacts
from indexer.release.newcomers import Newcomers
from indexer.worker import IndexingLoop
from service.core.types import Product
from service.ranking.fold_in import fold_in
from service.served_release import served_release
from service.store.catalog import delete_products, patch_product, upsert_products
from service.store.releases import promote
from service.store.vectors import VectorQuery


def like(taste: int, name: str = "new", **other: Any) -> Product:
    """A product like those of one taste: same categories, brand and tag."""
    return Product(
        name, "A newcomer", category=("Shop", f"Taste {taste}"), brand=f"Brand {taste}", tags=(f"tag-{taste}",),
        **{"price_minor": 500, "currency": "EUR", "stock": 1, **other},
    )  # fmt: skip


def cf_of(shop: Any, release_id: str, product: str) -> Any:
    key = shop.key(product)
    record = shop.store.retrieve(f"behaviour__{release_id}", [key], vectors=("cf", "covisit")).get(key)
    return None if record is None else np.asarray(record.vectors["cf"])


def place_for(shop: Any, release: Any, history: Sequence[str], product: str) -> int:
    """Where the product stands for a user with this history; 1 is first."""
    served = served_release(release.id, release.manifest)
    vectors = np.array([cf_of(shop, release.id, seen) for seen in history], np.float32)
    user = fold_in(vectors, np.ones(len(history)), served.fold, biased=served.biased)
    hits = shop.store.search(served.behaviour, [VectorQuery("cf", user, 100)])[0]
    return hits.ids.tolist().index(shop.key(product)) + 1


def test_a_new_product_is_found_by_who_likes_its_kind_right_after_indexing(indexed_shop: Any) -> None:
    shop, outbox = indexed_shop
    release = shop.release()
    outbox.put(like(1))
    assert cf_of(shop, release.id, "new") is None
    outbox.index()
    # of 61 products 21 are of each taste
    assert place_for(shop, release, ["p1", "p4", "p7"], "new") <= 21
    assert place_for(shop, release, ["p0", "p3", "p6"], "new") > 21
    assert place_for(shop, release, ["p2", "p5", "p8"], "new") > 21


def test_a_newcomer_gets_the_vector_that_training_gives_a_product_nobody_met(indexed_shop: Any) -> None:
    shop, outbox = indexed_shop
    outbox.put(like(2, "cold"), Product("words-only", "Nothing else is known"))
    release = shop.release()
    trained = cf_of(shop, release.id, "cold")
    outbox.put(like(2))
    outbox.index()
    np.testing.assert_allclose(cf_of(shop, release.id, "new"), trained, rtol=1e-6)
    assert cf_of(shop, release.id, "words-only") is None


@pytest.mark.parametrize("factoriser", ["als", "svd", "nmf"])
def test_other_factorisers_place_newcomers_too(indexed_shop: Any, factoriser: str) -> None:
    shop, outbox = indexed_shop
    shop = shop.with_training(factoriser=factoriser)
    release = shop.release()
    outbox.put(like(1))
    outbox.index()
    assert place_for(shop, release, ["p1", "p4", "p7"], "new") <= 21


def test_words_of_the_name_count_where_training_used_them(indexed_shop: Any) -> None:
    shop, outbox = indexed_shop
    release = shop.with_training(name_words=True).release()
    outbox.put(Product("named", "Product"), Product("unnamed", "Px"))
    outbox.index()
    assert cf_of(shop, release.id, "named") is not None
    assert cf_of(shop, release.id, "unnamed") is None


def test_what_was_trained_is_never_written_over_and_a_newcomer_follows_its_words(indexed_shop: Any) -> None:
    shop, outbox = indexed_shop
    release = shop.release()
    outbox.put(like(1))
    outbox.index()
    trained, first = cf_of(shop, release.id, "p0"), cf_of(shop, release.id, "new")
    outbox.put(like(2), replace(like(2, "p0"), name="Renamed"))
    outbox.index()
    assert (cf_of(shop, release.id, "p0") == trained).all()
    assert not np.allclose(cf_of(shop, release.id, "new"), first)
    assert shop.store.retrieve(f"behaviour__{release.id}", [shop.key("p0")], vectors=("covisit",))[
        shop.key("p0")
    ].vectors  # the weights between products stay too
    outbox.put(like(1))
    for _ in range(2):
        outbox.index()
    assert (cf_of(shop, release.id, "new") == first).all()
    assert shop.store.count(f"behaviour__{release.id}") == 61


def test_a_newcomer_has_the_payload_that_filters_read_and_goes_when_it_is_deleted(indexed_shop: Any) -> None:
    shop, outbox = indexed_shop
    release = shop.release()
    outbox.put(like(1))
    outbox.index()
    with shop.database.session() as session:
        patch_product(session, "default", "new", {"stock": 0})
    outbox.index()
    key = shop.key("new")
    payload = shop.store.retrieve(f"behaviour__{release.id}", [key], payload=True)[key].payload
    assert (payload["id"], payload["stock"], payload["rules"]) == ("new", 0, [])
    assert payload["category"] == ["Shop", "Shop > Taste 1"]
    with shop.database.session() as session:
        delete_products(session, "default", ["new"])
    outbox.index()
    assert shop.store.count(f"behaviour__{release.id}") == 60


def test_publishing_adds_what_came_while_it_was_trained(shop: Any) -> None:
    release_id = shop.train()
    with shop.database.session() as session:
        upsert_products(session, [like(1), like(1, "gone")])
        delete_products(session, "default", ["gone"])
    release = shop.publish(release_id)
    assert release.status == "live"
    assert place_for(shop, release, ["p1", "p4", "p7"], "new") <= 21
    assert shop.store.count(f"behaviour__{release_id}") == 61


def test_a_release_from_before_this_was_kept_and_one_without_files_are_left_alone(indexed_shop: Any) -> None:
    shop, outbox = indexed_shop
    release_id = shop.train()
    artifacts = load_artifacts(shop.folder, release_id)
    remove_artifacts(shop.folder, release_id)
    save_artifacts(shop.folder, replace(artifacts, features=None))
    outbox.put(like(1))
    assert shop.publish(release_id).status == "live"
    outbox.index()
    remove_artifacts(shop.folder, release_id)
    newcomers = Newcomers(shop.database, shop.store, shop.folder)
    assert newcomers.fill(release_id) == newcomers.add(release_id, [shop.key("new")]) == 0
    assert shop.store.count(f"behaviour__{release_id}") == 60


def test_a_release_that_was_pruned_meanwhile_is_no_failure(shop: Any) -> None:
    release_id = shop.train()
    newcomers = Newcomers(shop.database, shop.store, shop.folder)
    assert newcomers.fill(release_id) == newcomers.add(release_id, [shop.key("p0")]) == 0


def test_a_release_that_comes_back_learns_what_came_since(indexed_shop: Any) -> None:
    shop, outbox = indexed_shop
    first = shop.release()
    shop.release(seed=8)
    outbox.put(like(1))
    outbox.index()
    with shop.database.session() as session:
        promote(session, first.id)
    assert cf_of(shop, first.id, "new") is None
    loop = IndexingLoop(outbox.outbox, 0.01, 1000)
    loop.start()
    end = time.monotonic() + 20
    while cf_of(shop, first.id, "new") is None:
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)
    loop.stop()
