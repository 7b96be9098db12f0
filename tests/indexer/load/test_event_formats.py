"""One small file of each format of events, and exactly the interactions it holds."""

import gzip
import json
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from indexer.demo.events import DemoEvents, event_rows, write_events
from service.core.types import EventType, Interaction


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


NATIVE = {
    "event_id": "e1", "user": "anna", "session": "s1", "type": "click", "product": "P1", "query": "red lamp",
    "value": None, "at": "2025-01-31T12:00:00+01:00", "request_id": "r1", "position": 3,
}  # fmt: skip
CLICK = Interaction(
    EventType.CLICK, at(2025, 1, 31, 11), "anna", "s1", "P1", "red lamp", None, "e1", "r1", 3,
)  # fmt: skip


@pytest.mark.parametrize("name", ["events.jsonl", "events.ndjson.gz", "events.csv", "events.parquet"])
def test_native_events_in_every_kind_of_file(shop, name):
    if name.endswith(".parquet"):
        pl.DataFrame([NATIVE]).write_parquet(shop.folder / name)
        content = shop.folder / name
    elif name.endswith(".csv"):
        content = ",".join(NATIVE) + "\n" + ",".join("" if v is None else str(v) for v in NATIVE.values()) + "\n"
    else:
        content = json.dumps(NATIVE).encode()
        content = gzip.compress(content) if name.endswith(".gz") else content
    report = shop.load_events(content, name)
    assert shop.events == [CLICK]
    assert (report.format, report.as_given, report.types) == ("native", 1, {"click": 1})


def test_a_field_that_only_late_json_lines_have_is_read(shop):
    early = [{"user": "u", "type": "view", "product": "P1", "at": 1735689600 + n} for n in range(150)]
    late = {"user": "u", "type": "search", "query": "red lamp", "at": 1735699600}
    report = shop.load_events("\n".join(map(json.dumps, [*early, late])), "events.jsonl")
    assert (report.as_given, shop.events[-1].query) == (151, "red lamp")


def test_the_demo_shop_writes_what_the_loader_reads(shop):
    demo = DemoEvents(
        at_ms=np.array([1735689600123, 1735689601000], np.int64), session=np.array([0, 0], np.int32),
        kind=np.array([4, 3], np.int8), shopper=np.array([-1, 0], np.int32), hidden_shopper=np.array([0, 0], np.int32),
        product=np.array([0, 0], np.int32), queries=("red lamp", None), shopper_ids=("U-1",), product_ids=("P-1",),
    )  # fmt: skip
    write_events(demo, shop.folder / "events.jsonl")
    report = shop.load_events(shop.folder / "events.jsonl")
    assert (report.rows, report.as_given, len(list(event_rows(demo)))) == (2, 2, 2)
    assert shop.events == [
        Interaction(EventType.SEARCH, at(2025, 1, 1, 0, 0, 0, 123_000), None, "S-000001", query="red lamp",
                    event_id="E-0000001"),
        Interaction(EventType.PURCHASE, at(2025, 1, 1, 0, 0, 1), "U-1", "S-000001", "P-1", event_id="E-0000002"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [("u.data", "196\t242\t3\t881250949\n"), ("ratings.dat", "196::242::3::881250949\n"),
     ("ratings.csv", "userId,movieId,rating,timestamp\n196,242,3.0,881250949\n")],
)  # fmt: skip
def test_movielens_ratings_of_every_edition_are_the_same_event(shop, name, content):
    report = shop.load_events(content, name)
    (rating,) = shop.events
    assert (rating.type, rating.user, rating.product, rating.value) == (EventType.RATING, "196", "242", 3.0)
    assert rating.at == at(1997, 12, 4, 15, 55, 49)
    assert rating.event_id.startswith("x-")
    assert report.format == "movielens"
    assert shop.load_events("196\t242\t3\t881250949\n", "again.data").duplicates == 1


def test_a_chosen_layout_outlives_a_broken_first_line(shop):
    report = shop.load_events("196\t242\n186\t302\t3\t891717742\n", "u.data", format="movielens")
    assert (report.rejections, report.loaded) == ({"columns_mismatch": 1}, 1)


def test_rees46_events_keep_their_session_and_what_leaves_the_cart_is_rejected(shop):
    head = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
    report = shop.load_events(
        head
        + "2019-10-01 00:00:00 UTC,cart,44600062,21038,,shiseido,35.79,541312140,72d76fde\n"
        + "2019-10-01 00:00:09 UTC,remove_from_cart,44600062,21038,,shiseido,35.79,541312140,72d76fde\n"
    )
    (cart,) = shop.events
    assert (cart.type, cart.user, cart.session, cart.product) == ("cart", "541312140", "72d76fde", "44600062")
    assert (cart.at, cart.value) == (at(2019, 10, 1), None)
    assert (report.format, report.rejections) == ("rees46", {"type_not_kept": 1})


def test_online_retail_invoices_are_sessions_and_returns_are_rejected(shop):
    line = {"InvoiceNo": "536365", "StockCode": "85123A", "Description": "HEART", "Quantity": 6.0,
            "InvoiceDate": datetime(2010, 12, 1, 8, 26), "UnitPrice": 2.55, "CustomerID": 17850.0,
            "Country": "United Kingdom"}  # fmt: skip
    lines = [line, line | {"CustomerID": None}, line | {"InvoiceNo": "C536379", "Quantity": -1.0},
             line | {"UnitPrice": 0.0}, line | {"StockCode": "POST"}]  # fmt: skip
    pl.DataFrame(lines).write_parquet(shop.folder / "retail.parquet")
    report = shop.load_events(shop.folder / "retail.parquet")
    named, anonymous = shop.events
    assert (named.user, named.session, named.product, named.value) == ("17850", "536365", "85123A", 6.0)
    assert (named.type, named.at) == (EventType.PURCHASE, at(2010, 12, 1, 8, 26))
    assert (anonymous.user, anonymous.session) == (None, "536365")
    assert report.rejections == {"returned": 1, "not_a_sale": 1, "not_a_product": 1}


def test_online_retail_dates_of_the_csv_edition_have_the_month_first(shop):
    shop.load_events(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom\n"
    )
    assert shop.events[0].at == at(2010, 12, 1, 8, 26)


def test_hm_transactions_get_their_zero_back_and_two_pieces_are_two_events(shop):
    row = {"t_dat": date(2020, 9, 16), "customer_id": "000fb6", "article_id": "786022008", "price": 0.048,
           "sales_channel_id": 2}  # fmt: skip
    pl.DataFrame([row, row]).write_parquet(shop.folder / "transactions.parquet")
    report = shop.load_events(shop.folder / "transactions.parquet")
    first, second = shop.events
    assert (first.type, first.user, first.product) == (EventType.PURCHASE, "000fb6", "0786022008")
    assert first.at == second.at == at(2020, 9, 16)
    assert second.event_id == f"{first.event_id}-2"
    assert "days, not times" in report.warnings[0]


def test_sequences_become_purchases_an_hour_apart(shop):
    report = shop.load_events("A1 B1 B2\nA2 B2 B1 B3\nA3\n", "sequences.txt", format="sequences")
    assert [(e.user, e.product, e.at.hour) for e in shop.events] == [
        ("A1", "B1", 0), ("A1", "B2", 1), ("A2", "B2", 0), ("A2", "B1", 1), ("A2", "B3", 2)
    ]  # fmt: skip
    assert (report.rows, report.rejections) == (6, {"product_missing": 1})
    assert "no times" in report.warnings[0]
    assert shop.load_events("A1 B1 B2\nA2 B2 B1 B3\n", "sequences.txt").format == "sequences"


def test_retailrocket_times_are_milliseconds_and_a_transaction_is_a_purchase(shop):
    report = shop.load_events(
        "timestamp,visitorid,event,itemid,transactionid\n"
        "1433221332117,257597,view,355908,\n1433222276276,599528,transaction,356475,4000\n"
    )
    assert report.format == "retailrocket"
    assert [(e.type, e.user, e.product) for e in shop.events] == [
        ("view", "257597", "355908"), ("purchase", "599528", "356475"),
    ]  # fmt: skip
    assert shop.events[0].at == at(2015, 6, 2, 5, 2, 12, 117_000)


def test_any_table_loads_by_mapping(shop):
    mapping = {"user": "customer", "product": "sku", "at": "when", "type": "what", "ignore": "note"}
    report = shop.load_events("customer,sku,what,when,note\n7,P1,Add to cart,2025-01-01,x\n", mapping=mapping)
    assert report.as_given == 1
    assert shop.events[0].type is EventType.CART
