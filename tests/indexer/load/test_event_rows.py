"""Rows that are not as they should be, the reason each gets, and what is stored all the same."""

import csv

import pytest

from service.core.errors import InvalidQuery

HEAD = "event_id,user,session,type,product,query,value,at,request_id,position\n"


def load(shop, *lines: str):
    return shop.load_events(HEAD + "".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",,,view,P1,,,2025-01-01,,", "who_missing"),
        (",u,,view,,,,2025-01-01,,", "product_missing"),
        (",u,,search,,,,2025-01-01,,", "query_missing"),
        (",u,,search,,\0,,2025-01-01,,", "query_missing"),
        (",u,,,P1,,,2025-01-01,,", "type_missing"),
        (",u,,viewed,P1,,,2025-01-01,,", "type_unknown"),
        (",u,,remove-from-cart,P1,,,2025-01-01,,", "type_not_kept"),
        (",u,,view,P1,,,,,", "time_missing"),
        (",u,,view,P1,,,yesterday,,", "time_not_a_time"),
        (",u,,view,P1,,,03/04/2025,,", "time_not_a_time"),
        (",u,,view,P1,,,2025-06-03,,", "time_in_future"),
        (",u,,view,P1,,,1969-12-31,,", "time_ancient"),
        (",u,,rating,P1,,,2025-01-01,,", "stars_missing"),
        (",u,,rating,P1,,7,2025-01-01,,", "stars_not_a_rating"),
        (",u,,rating,P1,,good,2025-01-01,,", "stars_not_a_rating"),
        (",u,,purchase,P1,,-2,2025-01-01,,", "returned"),
        (f",{'u' * 129},,view,P1,,,2025-01-01,,", "id_too_long"),
        (",u,s\x07,view,P1,,,2025-01-01,,", "id_not_printable"),
        (f"{'e' * 129},u,,view,P1,,,2025-01-01,,", "id_too_long"),
        (",u,,view", "columns_mismatch"),
    ],
)
def test_a_row_that_is_no_event_is_rejected_with_its_reason(shop, line, reason):
    report = load(shop, line)
    assert (report.rejected, report.rejections, shop.events) == (1, {reason: 1}, [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",u,,view,P1,,-1,2025-01-01,,", "value_not_a_count"),
        (",u,,cart,P1,,many,2025-01-01,,", "value_not_a_count"),
        (",u,,view,P1,,,2025-01-01,,0", "position_not_a_slot"),
        (f",u,,view,P1,,,2025-01-01,{'r' * 129},", "request_id_not_an_id"),
        (",u,,view,P1,,,2025-01-01 10:00:00 IST,,", "time_zone_assumed"),
        (f",u,,search,,{'lamp ' * 200},,2025-01-01,,", "text_truncated"),
    ],
)
def test_a_small_fault_is_repaired_and_the_event_kept(shop, line, reason):
    report = load(shop, line)
    assert (report.loaded, report.repaired, report.repairs) == (1, 1, {reason: 1})
    assert (shop.events[0].value, shop.events[0].position, shop.events[0].request_id) == (None, None, None)


def test_a_product_the_shop_does_not_have_is_kept_or_refused_as_the_store_decides(shop):
    assert load(shop, "e1,u,,view,P9,,,2025-01-01,,").loaded == 1
    shop.unknown_products = "refuse"
    report = load(shop, "e2,u,,view,P9,,,2025-01-01,,")
    assert (report.loaded, report.rejections) == (0, {"refused": 1})
    assert report.warnings[0].startswith("the store refused 1 events, the first in line 2: there is no product")


def test_the_report_lists_every_finding_in_the_order_of_the_file(shop):
    report = load(
        shop, "e1,u,,view,P1,,-1,2025-01-01,,", "e2,,,view,P1,,,2025-01-01,,", "e3,u,,view,P1,,,2025-01-01,,",
        "e1,u,,view,P1,,,2025-01-01,,",
    )  # fmt: skip
    with report.file.open(encoding="utf-8", newline="") as file:
        found = [(row["line"], row["id"], row["what"], row["reason"]) for row in csv.DictReader(file)]
    assert found == [
        ("2", "e1", "repaired", "value_not_a_count"), ("3", "", "rejected", "who_missing"),
        ("5", "e1", "duplicate", "duplicate_event"),
    ]  # fmt: skip
    assert (report.rows, report.loaded, report.rejected, report.duplicates) == (4, 2, 1, 1)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("user,product,at\nu,P1,1\n", {}, "events.csv has no column for type (read as format native)"),
        ("a,b\n1,2\n", {}, "no column for user or session and type and product or query and at"),
        (HEAD.strip() + ",colour\n", {}, "columns that format native does not know: colour"),
        (HEAD, {"format": "movilens"}, "known formats: hm, movielens, native, online-retail, rees46, retailrocket"),
        (HEAD, {"mapping": {"attributes.size": "value"}}, "cannot map to 'attributes.size'; fields are: event_id,"),
        (HEAD, {"batch": 0}, "batch is 0"),
    ],
)
def test_a_file_that_cannot_be_loaded_says_so_in_one_line(shop, content, options, message):
    with pytest.raises(InvalidQuery) as caught:
        shop.load_events(content, **options)
    assert message in caught.value.message
    assert "\n" not in caught.value.message
