"""What is in the shop's own database is in ours afterwards, on both engines: each row once, nothing of what is gone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url

from config.params import load_params
from indexer.source.connect import snapshot
from indexer.source.sync import sync_source
from service.core.carried import SOURCE_ROW
from service.core.errors import ConfigurationError, DependencyUnavailable
from service.core.types import DEFAULT_TENANT, EventType
from service.store.catalog import get_product, product_ids
from service.store.database import open_database
from service.store.events import user_events
from service.store.source_rows import event_ids, source_products
from tests.shop_database import ShopDatabase

MINUTE = timedelta(minutes=1)


@pytest.fixture
def filled(shop):
    """Three products; anna bought a, has b in her cart and wishes for c, ben bought a and b."""
    for product in "abc":
        shop.product(product)
    shop.order("anna", "a")
    shop.order("ben", "a", "b")
    shop.cart("anna", "b")
    shop.wish("anna", "c")
    return shop


def done_by(database, user):
    """What a user did, as pairs."""
    with database.session() as session:
        found = user_events(session, DEFAULT_TENANT, user, days=9999, limit=100, now=datetime.now(UTC))
    return {(str(one.interaction.type), one.interaction.product) for one in found}


def stored(database, product_id):
    with database.session() as session:
        return get_product(session, DEFAULT_TENANT, product_id).product


def live(database):
    with database.session() as session:
        return set(product_ids(session, DEFAULT_TENANT, list("abcdefgh")))


def test_orders_carts_and_wishlists_become_purchases_carts_and_wishes(filled, ours, sync):
    report = sync()
    assert {kind: taken.added for kind, taken in report.taken.items()} == {
        "products": 3, "orders": 3, "carts": 1, "wishlists": 1,
    }  # fmt: skip
    assert done_by(ours, "anna") == {("purchase", "a"), ("cart", "b"), ("wishlist", "c")}
    assert done_by(ours, "ben") == {("purchase", "a"), ("purchase", "b")}


def test_an_order_happened_when_it_was_made(filled, ours, sync):
    sync()
    with ours.session() as session:
        events = user_events(session, DEFAULT_TENANT, "ben", days=9999, limit=9, now=datetime.now(UTC))
    assert {one.interaction.at for one in events} == {datetime(2025, 3, 22, 4, 18, 12, 293000, UTC)}


def test_doing_it_again_changes_nothing(filled, ours, sync):
    sync()
    for changes in ({}, {"compare_s": 0.0}, {"overlap_s": 0.0}):
        again = sync(**changes)
        assert str(again) == "nothing new in the shop's database", changes


def test_only_what_is_new_is_read_where_the_shop_can_tell_it(filled, ours, sync):
    for product, year in (("a", 2023), ("b", 2024), ("c", 2025)):
        filled.run(f"UPDATE \"Product\" SET \"updatedAt\" = '{year}-01-01 00:00:00' WHERE id = '{product}'")
    sync()
    filled.product("d")
    filled.cart("ben", "c")
    report = sync(overlap_s=0.0)
    assert (report.taken["products"].rows, report.taken["products"].added) == (2, 1)  # the newest is read again
    assert not report.taken["products"].compared
    assert not report.taken["carts"].compared
    assert report.taken["carts"].added == 1
    assert done_by(ours, "ben") >= {("cart", "c")}


def test_a_changed_price_a_draft_and_what_is_sold_out_are_taken_over(filled, ours, sync):
    sync()
    now = '"updatedAt" = CURRENT_TIMESTAMP'
    filled.run(f"UPDATE \"Product\" SET price = 12.5, {now} WHERE id = 'a'")
    filled.run(f'UPDATE "Product" SET "isDraft" = true, {now} WHERE id = \'b\'')
    filled.run(f"UPDATE \"Product\" SET \"stockStatus\" = 'OUT_OF_STOCK', {now} WHERE id = 'c'")
    assert sync().taken["products"].changed == 3
    assert stored(ours, "a").price_minor == 1250
    assert not stored(ours, "b").visible
    assert stored(ours, "c").stock == 0


def test_what_left_a_cart_or_a_wishlist_is_taken_back_and_a_deleted_product_goes(filled, ours, sync):
    sync()
    filled.run('DELETE FROM "CartItem"')
    filled.run('DELETE FROM "WishlistItem"')
    filled.run("DELETE FROM \"Product\" WHERE id = 'b'")
    report = sync()
    assert {kind: taken.withdrawn for kind, taken in report.taken.items()} == {
        "products": 1, "orders": 0, "carts": 1, "wishlists": 1,
    }  # fmt: skip
    assert done_by(ours, "anna") == {("purchase", "a")}
    assert done_by(ours, "ben") == {("purchase", "a"), ("purchase", "b")}  # what was bought stays bought
    assert live(ours) == {"a", "c"}


def test_a_row_that_means_another_product_now_is_another_interaction(filled, ours, sync):
    sync()
    filled.run('UPDATE "CartItem" SET "productId" = \'c\', "updatedAt" = CURRENT_TIMESTAMP')
    sync()
    assert done_by(ours, "anna") == {("purchase", "a"), ("cart", "c"), ("wishlist", "c")}


def test_what_no_column_tells_is_found_when_everything_is_compared(filled, ours, sync):
    sync()
    filled.run("UPDATE \"Product\" SET name = 'Quiet change', \"updatedAt\" = '2025-01-01 00:00:00' WHERE id = 'a'")
    now = datetime.now(UTC)
    sync(now + MINUTE, overlap_s=0.0)
    assert stored(ours, "a").name == "Product a"
    assert sync(now + timedelta(hours=2), overlap_s=0.0).taken["products"].changed == 1
    assert stored(ours, "a").name == "Quiet change"


def test_a_table_of_products_that_is_being_filled_deletes_nothing(filled, ours, sync):
    sync()
    filled.run('DELETE FROM "Product"')
    report = sync()
    assert "empty" in report.taken["products"].problem
    assert live(ours) == {"a", "b", "c"}


def test_our_own_products_and_events_are_left_alone(filled, ours, sync):
    from service.core.types import Interaction, Product
    from service.store.catalog import upsert_products
    from service.store.events import record_events

    mine = Interaction(EventType.VIEW, datetime.now(UTC), user="anna", product="h", event_id="e1")
    with ours.session() as session:
        upsert_products(session, [Product("h", "House wine")])
        record_events(session, [mine], unknown_products="keep", now=datetime.now(UTC))
    sync()
    sync(compare_s=0.0)
    assert live(ours) == {"a", "b", "c", "h"}
    assert ("view", "h") in done_by(ours, "anna")


def test_a_sync_that_fails_at_the_last_table_leaves_everything_as_it_was(filled, ours, sync):
    filled.run('ALTER TABLE "WishlistItem" RENAME TO "WishItem"')
    with pytest.raises(ConfigurationError, match="no table 'WishlistItem'; it has: Cart, CartItem, Order") as refused:
        sync()
    assert "\n" not in refused.value.message
    assert not live(ours)
    with ours.session() as session:
        assert not event_ids(session, DEFAULT_TENANT, "source-orders-")


def test_names_are_configurable_and_a_kind_can_be_left_out(filled, ours, sync):
    filled.run('ALTER TABLE "CartItem" RENAME COLUMN "productId" TO sku')
    filled.run('DROP TABLE "WishlistItem"')
    source = load_params().source
    with pytest.raises(ConfigurationError, match="'CartItem' has no column 'productId'; it has: id, cartId, sku"):
        sync(wishlists=source.wishlists.model_copy(update={"table": ""}))
    sync(
        carts=source.carts.model_copy(update={"product": "sku"}),
        wishlists=source.wishlists.model_copy(update={"table": ""}),
    )
    assert done_by(ours, "anna") == {("purchase", "a"), ("cart", "b")}


def test_a_view_may_stand_for_a_table(filled, ours, sync):
    filled.run("UPDATE \"Order\" SET status = 'CANCELLED' WHERE \"buyerId\" = 'anna'")
    filled.run('CREATE VIEW "Placed" AS SELECT * FROM "Order" WHERE status <> \'CANCELLED\'')
    sync(orders=load_params().source.orders.model_copy(update={"parent": "Placed"}))
    assert done_by(ours, "anna") == {("cart", "b"), ("wishlist", "c")}
    assert done_by(ours, "ben") == {("purchase", "a"), ("purchase", "b")}


def test_rows_that_cannot_be_used_are_counted_and_the_others_taken(filled, ours, sync):
    filled.product("d", name="  ")
    filled.product("e" * 200)
    filled.order("x" * 200, "a")
    report = sync()
    assert (report.taken["products"].added, report.taken["products"].refused) == (3, 2)
    assert (report.taken["orders"].added, report.taken["orders"].refused) == (3, 1)
    assert "name_missing" in report.taken["products"].problem
    assert not sync().taken["products"].compared  # they are known: no reason to look at everything each time


def test_the_row_goes_along_with_its_types(shop, ours, sync):
    import orjson

    images = ["https://cdn/1.png", "2.png"] if shop.dialect == "postgresql" else '["https://cdn/1.png", "2.png"]'
    shop.product(
        "a", description="<b>Fine</b>", images=images, rating=4.5, reviewCount=2, material="nylon",
        createdAt="2025-03-22 04:18:12.293", updatedAt="2025-03-22 04:18:12.293",
        attributes='{"Fit Type": "fine", "sizes": ["S", "M"], "deep": {"a": 1}}',
    )  # fmt: skip
    sync()
    product = stored(ours, "a")
    assert (product.description, product.image, product.rating) == ("Fine", "https://cdn/1.png", 4.5)
    assert dict(product.attributes) | {SOURCE_ROW: ""} == {
        "material": "nylon", "Fit Type": "fine", "sizes": ("S", "M"), SOURCE_ROW: "",
    }  # fmt: skip
    row = orjson.loads(product.attributes[SOURCE_ROW])
    assert row["attributes"] == {"Fit Type": "fine", "sizes": ["S", "M"], "deep": {"a": 1}}
    assert (row["images"], row["description"]) == (["https://cdn/1.png", "2.png"], "<b>Fine</b>")


def test_a_picture_on_the_shops_disk_is_not_ours_to_read(shop, ours, sync):
    images = (lambda name: [name]) if shop.dialect == "postgresql" else (lambda name: f'["{name}"]')
    shop.product("a", images=images("/etc/passwd"))
    shop.product("b", images=images("file:///etc/passwd"))
    sync()
    assert (stored(ours, "a").image, stored(ours, "b").image) == (None, None)
    sync(images_url="https://cdn/")
    assert stored(ours, "a").image == "https://cdn/etc/passwd"


def test_the_shops_database_cannot_be_written_to(filled):
    for statement in ('DELETE FROM "Cart"', 'CREATE TABLE "Ours" (id TEXT)'):
        with pytest.raises((ConfigurationError, DependencyUnavailable)), snapshot(filled.url, 9) as connection:
            connection.exec_driver_sql(statement)
    assert filled.count("Cart") == 1


def test_one_moment_of_the_shop_is_seen(filled):
    with snapshot(filled.url, 9) as connection:
        read = lambda: connection.exec_driver_sql('SELECT count(*) FROM "Product"').scalar()  # noqa: E731
        assert read() == 3
        filled.product("d")
        assert read() == 3


def test_an_error_says_whose_database_it_was(fresh_postgres, ours):
    shop = ShopDatabase(fresh_postgres())
    with pytest.raises(DependencyUnavailable, match="of the shop"), ours.session(), snapshot(shop.url, 0.01) as reading:
        reading.exec_driver_sql("SELECT pg_sleep(5)")
    for statement in ("CREATE ROLE guest LOGIN", "GRANT USAGE ON SCHEMA public TO guest"):
        shop.run(statement)
    url = make_url(shop.url).set(username="guest").render_as_string(hide_password=False)
    with pytest.raises(ConfigurationError, match=r"of the shop.*permission denied"):
        sync_source(ours, url, load_params().source, now=datetime.now(UTC))
    shop.run("DROP OWNED BY guest")
    shop.run("DROP ROLE guest")


def test_a_prisma_url_names_the_schema(fresh_postgres, ours):
    url = fresh_postgres()
    shop = ShopDatabase(url)
    shop.product("a")
    with_schema = f"{url}{'&' if '?' in url else '?'}schema=public&connection_limit=5"
    report = sync_source(ours, with_schema, load_params().source, now=datetime.now(UTC))
    assert report.taken["products"].added == 1


def test_urls_that_cannot_be_are_one_line_without_the_password(tmp_path: Path):
    ours = open_database(f"sqlite:///{tmp_path}/vitrine.db")
    source = load_params().source
    for url, error, says in (
        (None, ConfigurationError, "set VITRINE_SOURCE_URL or DATABASE_URL"),
        (f"sqlite:///{tmp_path}/vitrine.db", ConfigurationError, "the same"),
        ("mysql://anna:g3heim@db/shop", ConfigurationError, "write postgresql://"),
        ("postgres_url", ConfigurationError, "is not a URL"),
        ("postgresql://anna:g3heim@127.0.0.1:1/shop", DependencyUnavailable, "does not answer"),
        (f"sqlite:///{tmp_path}/none.db", DependencyUnavailable, "cannot be opened"),
    ):
        with pytest.raises(error, match=says) as refused:
            sync_source(ours, url, source, now=datetime.now(UTC))
        assert "g3heim" not in refused.value.message
        assert "\n" not in refused.value.message
    ours.close()


def test_another_shop_takes_the_place_of_the_first(filled, ours, sync, tmp_path: Path):
    sync()
    other = ShopDatabase(f"sqlite:///{tmp_path}/other.db")
    other.product("d")
    sync_source(ours, other.url, load_params().source, now=datetime.now(UTC))
    with ours.session() as session:
        assert source_products(session, DEFAULT_TENANT) == {"d"}
        assert not event_ids(session, DEFAULT_TENANT, "source-")


CHANGE = st.tuples(
    st.sampled_from(("order", "cart", "wish", "forget", "drop")), st.sampled_from("xyz"), st.sampled_from("abc")
)


@given(st.lists(CHANGE, max_size=8), st.integers(0, 8), st.sampled_from((0.0, 300.0)))
@settings(max_examples=25, deadline=None)
def test_whatever_happens_in_the_shop_and_whenever_we_look_ours_is_what_theirs_is(changes, look, overlap_s):
    with TemporaryDirectory() as folder:
        shop = ShopDatabase(f"sqlite:///{folder}/shop.db")
        ours = open_database(f"sqlite:///{folder}/ours.db")
        source = load_params().source.model_copy(update={"overlap_s": overlap_s})
        for product in "abc":
            shop.product(product)
        for place, (what, buyer, product) in enumerate(changes):
            if what == "order":
                shop.order(buyer, product)
            elif what == "drop":
                shop.run("DELETE FROM \"Product\" WHERE id = :id AND id <> 'a'", {"id": product})
            elif what == "forget":
                shop.run('DELETE FROM "CartItem" WHERE id = :id', {"id": f"{buyer}-{product}"})
                shop.run('DELETE FROM "WishlistItem" WHERE "productId" = :id', {"id": product})
            elif not shop.run('SELECT 1 FROM "CartItem" WHERE id = :id', {"id": f"{buyer}-{product}"}):
                (shop.cart if what == "cart" else shop.wish)(buyer, product)
            if place == look:
                sync_source(ours, shop.url, source, now=datetime.now(UTC))
        sync_source(ours, shop.url, source, now=datetime.now(UTC))
        with ours.session() as session:
            counts = [len(event_ids(session, DEFAULT_TENANT, f"source-{kind}-")) for kind in ("orders", "carts")]
            wishes = len(event_ids(session, DEFAULT_TENANT, "source-wishlists-"))
            products = source_products(session, DEFAULT_TENANT)
        ours.close()
        assert [*counts, wishes] == [shop.count("OrderItem"), shop.count("CartItem"), shop.count("WishlistItem")]
        assert products == {product for (product,) in shop.run('SELECT id FROM "Product"')}
