"""Rows that are not as they should be: each is repaired, rejected or superseded, with its line number."""

import csv
import gzip
import json

import pytest


def findings(report) -> list[tuple[str, ...]]:
    """(line, id, what, reason, field) of every line of the report file."""
    with report.file.open(encoding="utf-8", newline="") as file:
        return [tuple(row)[:5] for row in list(csv.reader(file))[1:]]


def test_half_a_line_at_the_end_is_rejected_and_the_rest_loads(shop):
    report = shop.load("id,name,price\n1,Mug,5\n2,Cup,6\n3,Bow")
    assert list(shop.products) == ["1", "2"]
    assert findings(report) == [("4", "", "rejected", "line_cut_off", "")]


def test_a_quote_open_at_the_end_of_the_file_is_half_a_line(shop):
    report = shop.load('id,name,price\n1,Mug,5\n2,"Cup, bl')
    assert report.rejections == {"line_cut_off": 1}
    assert list(shop.products) == ["1"]


def test_a_description_cut_off_in_the_middle_is_one_rejected_row(shop):
    report = shop.load('id,name,description\n1,Mug,ok\n2,Cup,"first line\nsecond line\nthird')
    assert (report.rows, report.rejections) == (2, {"line_cut_off": 1})


def test_a_complete_last_line_needs_no_line_break(shop):
    assert shop.load("id,name\n1,Mug\n2,Cup").loaded == 2


@pytest.mark.parametrize("stray", ['2,"Cup,6,x,y', '2,Cup",6,x,y"z', '2,"Cup" blue",6,x'])
def test_a_stray_quote_costs_one_line_not_the_rest_of_the_file(shop, stray):
    rows = [f'{n},"Thing {n}",{n},a,b' for n in range(3, 40)]
    report = shop.load("\n".join(["id,name,price,brand,attributes.size", "1,Mug,5,a,b", stray, *rows]))
    assert report.loaded >= 38
    assert report.rows == 39
    assert set(shop.products) >= {str(n) for n in (1, *range(3, 40))}


def test_a_stray_quote_that_a_later_one_closes_does_not_swallow_the_rows_between(shop):
    lines = ["id,name,price,brand", '1,"Mug,5,a', "2,Cup,6,b", "3,Bowl,7,c", '4,Screen 27",8,d', "5,Pot,9,e"]
    report = shop.load("\n".join(lines))
    assert set(shop.products) == {"2", "3", "4", "5"}
    assert findings(report)[0] == ("2", "", "rejected", "quotes_unbalanced", "")


def test_inch_marks_inside_a_quoted_field_are_read_as_they_stand(shop):
    report = shop.load('id,name,price\n1,"Screen 27" wide",5\n2,24" screen,6\n')
    assert report.loaded == 2
    assert report.repairs == {"quotes_repaired": 1}
    assert shop.products["2"].name == '24" screen'


def test_descriptions_over_several_lines_stay_whole_and_line_numbers_true(shop):
    report = shop.load('id,name,description\n1,Mug,"one\ntwo, with a comma\n\n""three"""\n2,,x\n3,Cup,ok\n')
    assert shop.products["1"].description == 'one\ntwo, with a comma\n"three"'
    assert findings(report) == [("6", "2", "rejected", "name_missing", "name")]


def test_rows_of_another_width_are_rejected_and_empty_ones_are_none(shop):
    report = shop.load("id,name,price\n1,Mug,5\n\n,,\n2,Cup\n3,Bowl,6,7\n4,Pot,8,,\n")
    assert list(shop.products) == ["1", "4"]
    assert report.rejections == {"columns_mismatch": 2}
    assert report.rows == 4


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_a_file_in_a_western_encoding_is_read_and_counted(shop, encoding):
    report = shop.load("id,name\n1,Café Crème £5\n2,Mug\n".encode(encoding))
    assert shop.products["1"].name == "Café Crème £5"
    assert report.repairs == {"encoding_repaired": 1}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_encodings_are_told_apart(shop, encoding):
    report = shop.load("id,name\r\n1,Café ₹\r\n2,Plain mug of stoneware\r\n".encode(encoding))
    assert shop.products["1"].name == "Café ₹"
    assert report.as_given == 2


def test_one_wrong_byte_does_not_spoil_the_other_letters_of_its_line(shop):
    shop.load("id,name\n1,₹ Caf".encode() + b"\xe9\n")
    assert shop.products["1"].name == "₹ Café"


def test_broken_rupee_signs_are_put_right(shop):
    report = shop.load('id,name,price\n1,Mug â€œbestâ€\x9d,"â‚¹10,999"\n')
    assert (shop.products["1"].name, shop.products["1"].price_minor) == ("Mug “best”", 1_099_900)
    assert shop.products["1"].currency == "INR"
    assert report.repairs == {"mojibake_fixed": 2}


def test_nul_bytes_are_taken_out_of_text_and_reject_an_id(shop):
    report = shop.load(b"id,name,brand\n1,M\0ug,\0\n2\0,Cup,b\n")
    assert (shop.products["1"].name, shop.products["1"].brand) == ("Mug", None)
    assert report.repairs == {"control_characters_removed": 2}
    assert report.rejections == {"id_not_printable": 1}


def test_old_mac_line_ends_are_line_ends(shop):
    assert shop.load("id,name\r1,Mug\r2,Cup\r").loaded == 2


def test_of_a_duplicate_id_the_first_good_row_wins(shop):
    report = shop.load("id,name\n1,\n1,Mug\n2,Cup\n1,Other mug\n")
    assert shop.products["1"].name == "Mug"
    assert findings(report) == [
        ("2", "1", "rejected", "name_missing", "name"),
        ("5", "1", "duplicate", "duplicate_id", "id"),
    ]


@pytest.mark.parametrize(
    ("price", "reason"),
    [("-5", "price_negative"), ("€ -5,00", "price_negative"), ("(5.00)", "price_negative"), ("5.00-", "price_negative"),
     ("1e13", "price_not_a_number"), ("10000000000.01", "price_too_large"), ("99999999999999999", "price_too_large")],
)  # fmt: skip
def test_an_impossible_price_never_replaces_what_is_stored(shop, price, reason):
    shop.load("id,name,price\n1,Mug,5\n")
    report = shop.load(f'id,name,price\n1,Mug,"{price}"\n')
    if reason == "price_not_a_number":
        assert report.repairs == {reason: 1}
    else:
        assert report.rejections == {reason: 1}
        assert shop.products["1"].price_minor == 500


def test_an_original_price_below_the_price_is_dropped(shop):
    report = shop.load("id,name,price,original_price,currency\n1,Mug,5,4,EUR\n2,Cup,5,5.004,EUR\n3,Pot,5,$9,EUR\n")
    assert [product.original_price_minor for product in shop.products.values()] == [None, 500, None]
    assert report.repairs == {"original_below_price": 1, "price_rounded": 1, "currency_conflict": 1}


def test_a_huge_description_is_cut_and_a_larger_one_rejected(shop):
    shop.load("id,name,description\n" + f"1,Mug,{'warm ' * 100_000}\n")
    assert len(shop.products["1"].description) <= 20_000
    report = shop.load('id,name,description\n2,Cup,"' + "hot, " * 1_000_000 + '"\n3,Pot,ok\n')
    assert report.rejections == {"row_too_large": 1}
    assert "3" in shop.products


def test_a_huge_description_of_many_lines_is_one_rejected_row(shop):
    lines = "a line of text, with commas, many of them\n" * 120_000
    report = shop.load(f'id,name,description,brand\n1,Mug,ok,a\n2,Cup,"{lines}",b\n3,Pot,ok,c\n')
    assert (report.rows, report.rejections) == (3, {"row_too_large": 1})
    assert list(shop.products) == ["1", "3"]


def test_a_broken_picture_reference_is_kept_as_it_is(shop):
    report = shop.load("id,name,image\n1,Mug,https://no.example/x\n2,Cup,not/there.jpg\n")
    assert shop.products["1"].image == "https://no.example/x"
    assert shop.products["2"].image == str(shop.folder / "not" / "there.jpg")
    assert report.as_given == 2


def test_a_script_is_no_link(shop):
    report = shop.load("id,name,link\n1,Mug,javascript:alert(1)\n2,Cup,/cup\n")
    assert [product.link for product in shop.products.values()] == [None, "/cup"]
    assert report.repairs == {"link_not_http": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [(",Mug,true", "id_missing"), ("nan,Mug,true", "id_missing"), (f"{'x' * 129},Mug,true", "id_too_long"),
     ("1, ,true", "name_missing"), ("1,Mug,perhaps", "visible_not_a_boolean")],
)  # fmt: skip
def test_a_row_without_what_it_needs_is_rejected(shop, row, reason):
    assert shop.load(f"id,name,visible\n{row}\n").rejections == {reason: 1}


def test_json_lines_are_judged_one_by_one(shop):
    good = {"id": "1", "name": "Mug"}
    lines = [
        json.dumps(good),
        "{",
        "[1]",
        '{"id": 2, "name": "Cup", "price": -1}',
        '{"id": 3, "name": "\\ud800"}',
        '{"id": 4,',
    ]
    report = shop.load("\n".join(lines), "feed.jsonl")
    assert list(shop.products) == ["1"]
    reasons = {"not_json": 2, "not_an_object": 1, "price_negative": 1, "line_cut_off": 1}
    assert report.rejections == reasons


def test_a_key_that_appears_late_is_reported_not_lost_in_silence(shop):
    lines = [json.dumps({"id": str(n), "name": "Mug"}) for n in range(150)]
    lines += [json.dumps({"id": "x", "name": "Mug", "colour": "red", "attributes.size": "L"})]
    report = shop.load("\n".join(lines), "feed.jsonl")
    assert findings(report) == [("151", "x", "repaired", "unknown_field", "colour")]
    assert shop.products["x"].attributes == {"size": "L"}


def test_values_of_the_wrong_kind_are_dropped_and_noted(shop):
    row = {
        "id": 7,
        "name": "Mug",
        "brand": ["a"],
        "stock": True,
        "rating": "NaN",
        "attributes": {"a": {"b": 1}, "c": [1, "x"]},
    }
    report = shop.load(json.dumps(row), "feed.jsonl")
    mug = shop.products["7"]
    assert (mug.brand, mug.stock, mug.rating, mug.attributes) == (None, None, None, {"c": ("1", "x")})
    assert report.repairs == {"value_not_simple": 2, "stock_not_a_number": 1}


def test_a_broken_gzip_file_loads_up_to_the_break(shop):
    import random

    noise = random.Random(1)
    content = "id,name\n" + "".join(f"{n},Mug {noise.random()}\n" for n in range(20_000))
    packed = gzip.compress(content.encode())
    report = shop.load(packed[: len(packed) * 9 // 10], "feed.csv.gz")
    assert report.rejections == {"file_cut_off": 1}
    assert report.loaded > 10_000


def test_row_numbers_of_data_frames_are_left_out_with_a_warning(shop):
    report = shop.load(",id,name\n0,1,Mug\n")
    assert report.warnings == ("column '' is taken for row numbers and left out",)


def test_prices_without_any_currency_are_warned_of(shop):
    assert "--currency" in shop.load("id,name,price\n1,Mug,5\n").warnings[0]
    assert shop.load("id,name,price\n1,Mug,5\n", currency="EUR").warnings == ()
