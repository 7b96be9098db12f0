"""A file that cannot be loaded at all: one clear line, and nothing stored is lost."""

import gzip

import pytest

from indexer.load import load_products
from service.core.errors import InvalidQuery


def test_an_unknown_column_is_named_with_what_to_do(shop):
    with pytest.raises(InvalidQuery, match=r"'titel'|titel") as caught:
        shop.load("id,name,titel\n1,Mug,x\n")
    assert "feed.csv has columns that format native does not know: titel" in caught.value.message
    assert "--map attributes.titel='titel'" in caught.value.message
    assert "description" in caught.value.message
    assert "\n" not in caught.value.message
    assert shop.products == {}


def test_a_header_without_id_and_name_says_what_the_file_has(shop):
    with pytest.raises(InvalidQuery) as caught:
        shop.load("product_id,title\nP0,Mug\n")
    assert caught.value.message == (
        "feed.csv has no column for id and name (read as format native); it has: product_id, title; "
        "say which: --map id=COLUMN --map name=COLUMN"
    )


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"id": "sku"}, "feed.csv has no column 'sku'; it has: id, name"),
        ({"titel": "name"}, "cannot map to 'titel'; fields are: id, name, description"),
        ({"attributes.": "name"}, "cannot map to 'attributes.'"),
    ],
)
def test_a_wrong_mapping_lists_what_there_is(shop, mapping, message):
    with pytest.raises(InvalidQuery) as caught:
        shop.load("id,name\n1,Mug\n", mapping=mapping)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "feed.csv", "file_empty"),
        (b"\n\n \n", "feed.csv", "header_missing"),
        (b"\xef\xbb\xbf", "feed.csv", "header_missing"),
        (b"PK\x03\x04 a spreadsheet", "feed.csv", "file_unreadable"),
        (b"not gzip", "feed.csv.gz", "file_unreadable"),
        (gzip.compress(b"", mtime=0), "feed.csv.gz", "header_missing"),
        (b'id,"name\n1,Mug\n', "feed.csv", "header_broken"),
        (b"id,name,name\n1,Mug,Cup\n", "feed.csv", "column_twice"),
        (b"id,name\n1,Mug\n", "feed.xlsx", "unknown_suffix"),
        (b"id,name\n1,Mug\n", "feed", "unknown_suffix"),
        (b"not parquet at all", "feed.parquet", "file_unreadable"),
        (b"PAR1 broken footer PAR1", "feed.parquet", "file_unreadable"),
        (b'[{"id": "1", "name": "Mug"}]', "feed.json", "not_json_lines"),
        (b"nothing\nlike\njson\n", "feed.jsonl", "header_missing"),
        (bytes(range(256)) * 20, "feed.csv", None),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_line(shop, content, name, code):
    with pytest.raises(InvalidQuery) as caught:
        shop.load(content, name)
    assert code in (None, caught.value.code)
    assert "\n" not in caught.value.message
    assert not list((shop.folder / "reports").glob("*"))


def test_missing_files_and_folders_are_told_apart(shop):
    with pytest.raises(InvalidQuery, match="there is no file"):
        shop.load(shop.folder / "nowhere.csv")
    with pytest.raises(InvalidQuery, match="is a folder"):
        shop.load(shop.folder)
    (shop.folder / "folder.csv").mkdir()
    with pytest.raises(InvalidQuery, match="is not a file"):
        shop.load(shop.folder / "folder.csv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "amazn"}, "unknown format 'amazn'; known formats: amazon, fashion, hm, movielens, native"),
        ({"format": "hm"}, "no column for id and name"),
        ({"currency": "euro"}, "unknown currency 'euro'"),
        ({"batch": 0}, "batch is 0"),
    ],
)
def test_wrong_options_say_what_is_allowed(shop, options, message):
    with pytest.raises(InvalidQuery, match=message):
        shop.load("id,name\n1,Mug\n", **options)


def test_a_picture_folder_that_is_not_there_is_refused(shop):
    with pytest.raises(InvalidQuery, match="there is no folder"):
        shop.load("id,name\n1,Mug\n", images=shop.folder / "nowhere")


def test_what_was_stored_survives_a_file_that_is_refused(shop):
    shop.load("id,name\n1,Mug\n")
    with pytest.raises(InvalidQuery):
        shop.load("id,titel\n1,Cup\n")
    assert shop.load("id,name\n1,Mug\n").unchanged == 1


def test_a_store_that_fails_leaves_no_half_report(shop):
    def fail(products):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        load_products(shop.file("id,name\n1,Mug\n"), fail, report_folder=shop.folder / "reports")
    assert list((shop.folder / "reports").iterdir()) == []


def test_a_broken_parquet_page_is_one_clear_line(shop):
    import polars as pl

    path = shop.folder / "feed.parquet"
    pl.DataFrame({"id": [str(n) for n in range(5000)], "name": ["Mug"] * 5000}).write_parquet(path)
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)
    with pytest.raises(InvalidQuery, match=r"feed\.parquet cannot be read as Parquet"):
        shop.load(path)
