"""The outbox: what is embedded, what is only written, and what stays for the next run."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

import numpy as np
import pytest

from indexer.check import check_index
from indexer.sync import index_stale
from service.core.types import Product
from service.runtime import open_runtime
from service.store.catalog import delete_products, upsert_products
from service.store.outbox import count_stale


def mugs(count, **fields):
    return [Product(f"mug-{number}", f"Mug number {number}", **fields) for number in range(count)]


def stale(shop):
    with shop.database.session() as session:
        return count_stale(session)


def agrees(shop):
    report = check_index(shop.database, shop.store)
    return report.agrees and report.pending == 0 and report.products == report.points


def same(one, other):
    """Whether two stored points have bit-identical vectors."""
    return (
        one.vectors["text"].tobytes() == other.vectors["text"].tobytes()
        and one.vectors["lexical"].indices.tolist() == other.vectors["lexical"].indices.tolist()
        and one.vectors["lexical"].values.tolist() == other.vectors["lexical"].values.tolist()
    )


def test_every_new_product_is_embedded_once_and_findable(shop):
    shop.put(*mugs(10))
    report = shop.index()
    assert (report.embedded, report.updated, report.deleted, report.total) == (10, 0, 0, 10)
    assert sorted(shop.text.seen) == sorted(f"Mug number {n}" for n in range(10))
    assert agrees(shop)


def test_unchanged_products_are_never_embedded_again(shop):
    shop.put(*mugs(10))
    shop.index()
    shop.put(*mugs(10))
    assert shop.index().total == 0
    assert len(shop.text.seen) == 10


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"price_minor": 250, "currency": "EUR"}, "price", 2.5),
        ({"stock": 0}, "in_stock", False),
        ({"visible": False}, "visible", False),
        ({"rating": 4.5}, "rating", 4.5),
    ],
)
def test_a_change_of_price_or_stock_writes_the_payload_and_nothing_else(shop, change, field, value):
    shop.put(*mugs(3, stock=5))
    shop.index()
    before, shop.text.seen[:] = shop.point("mug-1"), []
    shop.put(Product("mug-1", "Mug number 1", **{"stock": 5} | change))
    report = shop.index()
    assert (report.embedded, report.updated) == (0, 1)
    assert shop.text.seen == []
    assert same(shop.point("mug-1"), before)
    assert shop.point("mug-1").payload[field] == value
    assert agrees(shop)


def test_new_words_make_new_vectors(shop):
    shop.put(*mugs(3))
    shop.index()
    before = shop.point("mug-1")
    shop.put(Product("mug-1", "Another name"))
    assert shop.index().embedded == 1
    assert not same(shop.point("mug-1"), before)
    assert np.allclose(shop.point("mug-1").vectors["text"], shop.text.encode_query("Another name"), atol=1e-6)
    assert agrees(shop)


def test_a_deleted_product_leaves_index_and_database_and_may_come_back(shop):
    shop.put(*mugs(3))
    shop.index()
    key = shop.get("mug-1").id
    with shop.database.session() as session:
        delete_products(session, "default", ["mug-1"])
    report = shop.index()
    assert (report.deleted, report.embedded) == (1, 0)
    assert key not in shop.store.retrieve("products", [key])
    assert agrees(shop)
    shop.put(mugs(3)[1])
    assert shop.index().embedded == 1
    assert agrees(shop)


def test_a_product_deleted_before_it_was_ever_indexed_is_simply_dropped(shop):
    shop.put(*mugs(1))
    with shop.database.session() as session:
        delete_products(session, "default", ["mug-0"])
    assert shop.index().deleted == 1
    assert shop.text.seen == []
    assert agrees(shop)


def change_words(shop):
    shop.put(Product("mug-1", "Changed meanwhile"))


def change_price(shop):
    shop.put(Product("mug-1", "Mug number 1", price_minor=100, currency="EUR"))


def remove(shop):
    with shop.database.session() as session:
        delete_products(session, "default", ["mug-1"])


def change_and_change_back(shop):
    change_words(shop)
    shop.put(mugs(3)[1])


@pytest.mark.parametrize("change", [change_words, change_price, remove])
def test_a_product_that_changes_while_its_batch_is_embedded_stays_in_the_outbox(shop, change):
    shop.put(*mugs(3))
    shop.text.while_encoding = lambda: change(shop)
    shop.index()
    assert stale(shop) == 1
    shop.text.while_encoding = lambda: None
    shop.index()
    assert agrees(shop)


def test_a_product_that_changed_back_meanwhile_has_the_vectors_of_its_words(shop):
    shop.put(*mugs(3))
    shop.text.while_encoding = lambda: change_and_change_back(shop)
    shop.index()
    shop.text.while_encoding = lambda: None
    shop.index()
    assert np.allclose(shop.point("mug-1").vectors["text"], shop.text.encode_query("Mug number 1"), atol=1e-6)
    assert agrees(shop)


def test_progress_counts_what_is_written(shop):
    shop.put(*mugs(10))
    done = []

    def on_progress(count):
        done.append(count)
        assert shop.store.count("products") >= sum(done)
        assert stale(shop) <= 10 - sum(done)

    shop.index(on_progress=on_progress)
    assert done == [4, 4, 2]


def test_a_stopped_run_has_finished_its_batch_and_the_next_run_does_the_rest(shop):
    shop.put(*mugs(10))
    stop = Event()
    shop.text.while_encoding = stop.set
    assert shop.index(stop=stop).embedded == 4
    assert stale(shop) == 6
    assert shop.index().embedded == 6
    assert sorted(shop.text.seen) == sorted(f"Mug number {n}" for n in range(10))
    assert agrees(shop)


def test_other_encoders_embed_everything_again(shop):
    shop.put(*mugs(5))
    shop.index()
    names = {shop.with_encoders(**change).outbox.encoders.fingerprint for change in ({}, {"max_text_chars": 500})}
    assert len(names) == 2
    other = shop.with_encoders(max_text_chars=500)
    shop.put(*mugs(5, stock=3))  # waiting for its payload only, but the vectors no longer fit
    assert other.index().embedded == 5
    assert agrees(shop)


def test_a_product_of_any_kind_the_database_can_hold_is_indexed(shop):
    odd = [
        Product("numbers", "x", attributes={"big": 2**64 - 1, "low": -(2**63), "float": 1e300, "flag": True}),
        Product("names", "x", attributes={"": "a", "a.b": "c", 'q"x': "d", "$.x": "e", "colour": 3.5}),
        Product("limits", "x", price_minor=2**62, review_count=2**63 - 1, stock=-(2**63), rating=1e308),
        Product("old", "x", created_at=datetime(1900, 1, 1, tzinfo=UTC)),
        Product("wordless", "", category=("", "a > b"), tags=("", " ")),
        Product("long", "long " * 100_000, description="d" * 10**6, brand="b" * 70_000, tags=("t" * 70_000,)),
        Product("signs", "茶 🫖 ﷽ \u202e", description="\t\n\x7f"),
    ]
    shop.put(*odd)
    assert shop.index().embedded == len(odd)
    assert agrees(shop)


class TestPictures:
    """Image vectors, where there is an image encoder."""

    @pytest.fixture
    def shop(self, open_shop, quick_folder):
        """A shop whose pictures are numbers."""
        return open_shop(quick_folder, image=True)

    def test_a_bad_picture_is_counted_and_its_product_is_still_found_by_words(self, shop):
        pictures = ["1", None, "broken", "0", "2", "http://[half-an-address/x.png"]
        shop.put(*[Product(f"p{n}", f"Product {n}", image=picture) for n, picture in enumerate(pictures)])
        report = shop.index()
        assert (report.embedded, report.pictures) == (6, 2)
        assert report.picture_problems == {"bad_picture": 2}
        has_image = [n for n in range(6) if "image" in shop.point(f"p{n}").vectors]
        assert has_image == [0, 4]  # "0" became a row of zeros: a picture the model could not use
        assert all("text" in shop.point(f"p{n}").vectors for n in range(6))
        assert agrees(shop)

    def test_each_picture_goes_to_its_own_product(self, shop):
        shop.put(*[Product(f"p{n}", "x", image=str(n) if n % 3 else "broken") for n in range(1, 12)])
        images: dict[str, float] = {}
        shop.outbox.encoders.image.encode_images = lambda pictures: np.array(
            [[picture, 1, 0, 0] for picture in pictures], np.float32
        )
        shop.index()
        for n in range(1, 12):
            vector = shop.point(f"p{n}").vectors.get("image")
            images[f"p{n}"] = -1 if vector is None else round(float(vector[0] / vector[1]), 3)
        assert images == {f"p{n}": n if n % 3 else -1 for n in range(1, 12)}

    def test_a_new_picture_is_embedded_and_a_removed_one_disappears(self, shop):
        shop.put(Product("p", "x", image="1"))
        shop.index()
        shop.put(Product("p", "x"))
        assert shop.index().embedded == 1
        assert "image" not in shop.point("p").vectors


def test_the_whole_shop_is_embedded_again_when_the_encoders_are_others(
    quick_folder, settings_for, small_shop, shop, monkeypatch
):
    monkeypatch.setattr(
        "service.runtime.load_encoders",
        lambda _, params: replace(shop.outbox.encoders, max_text_chars=params.encoders.max_text_chars),
    )
    settings = settings_for(quick_folder / "shop")
    with open_runtime(settings) as first:
        with first.database.session() as session:
            upsert_products(session, small_shop())
        assert index_stale(first.outbox).embedded == 12
    with open_runtime(settings) as again:
        assert index_stale(again.outbox).total == 0
    overlay = quick_folder / "other.toml"
    overlay.write_text("[encoders]\nmax_text_chars = 500\n")
    with open_runtime(settings.model_copy(update={"config_file": overlay})) as other:
        assert index_stale(other.outbox).embedded == 12
        report = check_index(other.database, other.store)
        assert report.agrees
        assert report.pending == 0


def test_a_lost_vector_folder_is_filled_again(quick_folder, settings_for, small_shop, shop, monkeypatch):
    monkeypatch.setattr("service.runtime.load_encoders", lambda *_: shop.outbox.encoders)
    settings = settings_for(quick_folder / "shop")
    with open_runtime(settings) as first:
        with first.database.session() as session:
            upsert_products(session, small_shop())
        index_stale(first.outbox)
    shutil.rmtree(settings.vectors_dir)
    with open_runtime(settings) as second:
        assert index_stale(second.outbox).embedded == 12
        assert second.store.count("products") == 12
