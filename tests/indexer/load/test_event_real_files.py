"""The public data sets of behaviour, exactly: how many rows became events, and why the others did not."""

from datetime import UTC, datetime
from types import SimpleNamespace

import polars as pl

from indexer.load import load_events

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def remember():
    """A writer that knows only ids, for files that a database would take long for."""
    seen = set()

    def write(events):
        outcomes = [SimpleNamespace(status="duplicate" if e.event_id in seen else "recorded") for e in events]
        seen.update(event.event_id for event in events)
        return outcomes

    return write


def test_rees46_twice_into_a_shop_that_took_its_products_from_it(shop, shared):
    shop.unknown_products = "refuse"
    products = shop.load(shared("rees46/events.csv"))
    assert (products.format, products.created, products.duplicates) == ("rees46", 6_493, 10_941)
    first, second = shop.load_events(shared("rees46/events.csv")), shop.load_events(shared("rees46/events.csv"))
    assert (first.rows, first.as_given, first.rejections) == (17_435, 17_434, {"line_cut_off": 1})
    assert first.types == {"view": 17_055, "purchase": 214, "cart": 165}
    assert (second.loaded, second.duplicates) == (0, 17_434)


def test_every_rating_and_every_film_of_movielens(shop, shared):
    ratings = load_events(shared("ml-100k/u.data"), remember(), now=NOW)
    assert (ratings.format, ratings.as_given, ratings.types) == ("movielens", 100_000, {"rating": 100_000})
    assert (ratings.earliest.year, ratings.latest.year) == (1997, 1998)
    films = shop.load(shared("ml-100k/u.item"))
    assert (films.as_given, shop.products["543"].name) == (1_682, "Misérables, Les (1995)")


def test_every_item_of_the_beauty_sequences(shop, shared):
    report = load_events(shared("beauty/sequences.txt"), remember(), now=NOW)
    assert (report.format, report.rows, report.as_given) == ("sequences", 198_502, 198_502)
    items = shop.load(shared("beauty/items.csv"))
    assert (items.loaded, items.repairs["name_made"]) == (12_101, 7)


def test_the_first_invoices_of_online_retail(tmp_path, shared):
    pl.scan_parquet(shared("online-retail/online_retail.parquet")).head(50_000).sink_parquet(tmp_path / "r.parquet")
    report = load_events(tmp_path / "r.parquet", remember(), now=NOW)
    assert (report.rows, report.loaded, report.duplicates) == (50_000, 48_592, 0)
    assert report.rejections == {"returned": 1_008, "not_a_sale": 297, "not_a_product": 228}


def test_the_first_transactions_of_hm(tmp_path, shared):
    path = shared("hm/transactions-2020-09-16_22.parquet")
    pl.scan_parquet(path).head(50_000).sink_parquet(tmp_path / "t.parquet")
    report = load_events(tmp_path / "t.parquet", remember(), now=NOW)
    assert (report.format, report.rows, report.as_given) == ("hm", 50_000, 50_000)
