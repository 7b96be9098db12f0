"""`vitrine index --check`: every way in which SQL and the index can differ is found, and repaired."""

from dataclasses import replace

import numpy as np
import pytest

from indexer.check import check_index, repair_index
from service.core.types import Product
from service.store.catalog import delete_products
from service.store.vectors import Point


def check(shop):
    return check_index(shop.database, shop.store)


@pytest.fixture
def indexed(shop):
    """Five mugs, all indexed."""
    shop.put(*(Product(f"mug-{n}", f"Mug {n}") for n in range(5)))
    shop.index()
    shop.text.seen.clear()
    return shop


def lose_a_point(shop):
    shop.store.delete("products", [shop.get("mug-1").id])
    return "missing"


def write_an_old_payload(shop):
    shop.store.set_payload("products", {shop.get("mug-1").id: {"payload_hash": "of another time"}})
    return "outdated"


def embed_other_words(shop):
    shop.store.set_payload("products", {shop.get("mug-1").id: {"vectors_hash": "of other words"}})
    return "outdated"


def lose_the_payload(shop):
    shop.store.upsert("products", [Point(shop.get("mug-1").id, {"text": np.ones(8, np.float32)}, {})])
    return "outdated"


def test_an_index_that_agrees_says_so(indexed):
    report = check(indexed)
    assert report.agrees
    assert (report.products, report.points, report.pending) == (5, 5, 0)
    assert (report.missing, report.outdated, report.orphans) == ((), (), ())


def test_an_empty_shop_agrees(shop):
    assert check(shop).agrees


@pytest.mark.parametrize("harm", [lose_a_point, write_an_old_payload, embed_other_words, lose_the_payload])
def test_a_harmed_point_is_found_and_repaired_by_embedding_that_product_only(indexed, harm):
    before = indexed.point("mug-1").vectors["text"]
    found = harm(indexed)
    report = check(indexed)
    assert not report.agrees
    wrong = {name: getattr(report, name) for name in ("missing", "outdated", "orphans")}
    assert wrong == {"missing": (), "outdated": (), "orphans": ()} | {found: (indexed.get("mug-1").id,)}

    repair_index(indexed.database, indexed.store, report)
    assert check(indexed).pending == 1
    assert indexed.index().embedded == 1
    assert indexed.text.seen == ["Mug 1"]
    assert check(indexed).agrees
    assert indexed.point("mug-1").vectors["text"].tobytes() == before.tobytes()


def test_a_point_without_a_product_is_found_and_removed(indexed):
    indexed.store.upsert("products", [Point(999, {"text": np.ones(8, np.float32)}, {"id": "ghost"})])
    report = check(indexed)
    assert (report.orphans, report.points) == ((999,), 6)
    repair_index(indexed.database, indexed.store, report)
    assert check(indexed).agrees
    assert indexed.index().total == 0


def test_what_waits_in_the_outbox_is_no_fault(indexed):
    indexed.put(Product("mug-1", "Changed"), Product("new", "New"))
    with indexed.database.session() as session:
        delete_products(session, "default", ["mug-2"])
    report = check(indexed)
    assert report.agrees
    assert (report.products, report.points, report.pending) == (5, 5, 3)
    indexed.index()
    report = check(indexed)
    assert report.agrees
    assert (report.products, report.points, report.pending) == (5, 5, 0)


def test_checking_changes_nothing(indexed):
    lose_a_point(indexed)
    assert check(indexed) == check(indexed)
    assert indexed.index().total == 0


def test_many_faults_over_many_pages_are_all_found(shop, monkeypatch):
    monkeypatch.setattr("indexer.check._PAGE", 7)
    shop.put(*(Product(f"mug-{n}", f"Mug {n}") for n in range(40)))
    shop.index()
    keys = sorted(shop.get(f"mug-{n}").id for n in range(40))
    shop.store.delete("products", keys[::3])
    shop.store.set_payload("products", {key: {"payload_hash": "old"} for key in keys})
    shop.store.upsert("products", [Point(key, {}, {}) for key in range(1000, 1020)])
    report = check(shop)
    assert report.missing == tuple(keys[::3])
    assert report.outdated == tuple(key for key in keys if key not in keys[::3])
    assert report.orphans == tuple(range(1000, 1020))
    repair_index(shop.database, shop.store, report)
    assert shop.index().embedded == 40
    assert check(shop).agrees


class BusyStore:
    """A store beside which somebody else changes and indexes, once, just before its points are read."""

    def __init__(self, store, method, meanwhile):
        self._store, self._method, self._meanwhile = store, method, meanwhile

    def __getattr__(self, name):
        if name == self._method and self._meanwhile is not None:
            self._meanwhile, meanwhile = None, self._meanwhile
            meanwhile()
        return getattr(self._store, name)


def test_a_product_that_is_indexed_during_the_check_is_no_fault(indexed):
    def meanwhile():
        indexed.put(Product("mug-1", "Changed"))
        with indexed.database.session() as session:
            delete_products(session, "default", ["mug-2"])
        indexed.index()

    report = check_index(indexed.database, BusyStore(indexed.store, "retrieve", meanwhile))
    assert report.agrees


def test_a_product_that_is_deleted_during_the_check_is_no_orphan(indexed):
    before = list(indexed.store.scroll("products"))
    with indexed.database.session() as session:
        delete_products(session, "default", ["mug-2"])
    indexed.index()
    busy = BusyStore(indexed.store, "", None)
    busy.scroll = lambda _: iter(before)  # read while it was still there
    assert check_index(indexed.database, busy).orphans == ()


def test_a_slow_indexer_that_overwrites_the_point_of_a_quicker_one_is_found_out(indexed):
    quick = indexed.with_encoders(text=replace(indexed.text, while_encoding=lambda: None))

    def meanwhile():
        indexed.put(Product("mug-1", "Newest words"))
        quick.index()

    indexed.text.while_encoding = meanwhile
    indexed.put(Product("mug-1", "Newer words"))
    indexed.index()
    indexed.text.while_encoding = lambda: None
    report = check(indexed)
    assert report.outdated == (indexed.get("mug-1").id,) or report.pending
    repair_index(indexed.database, indexed.store, report)
    indexed.index()
    newest = indexed.text.encode_query("Newest words")
    assert np.allclose(indexed.point("mug-1").vectors["text"], newest, atol=1e-6)
    assert check(indexed).agrees
