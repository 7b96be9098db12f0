"""`vitrine load products`: one account per file, and the exit code that says whether every row became a product."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Vitrine = Callable[..., Any]

GOOD = "id,name,price,currency\n"


def test_a_clean_file_is_done(vitrine: Vitrine, feed: Path) -> None:
    outcome = vitrine("load", "products", feed, "--json")
    assert outcome.code == 0
    report = outcome.json["files"][0]
    assert (report["rows"], report["created"], report["rejected"]) == (3, 3, 0)


def test_loading_twice_changes_nothing(vitrine: Vitrine, feed: Path) -> None:
    vitrine("load", "products", feed)
    report = vitrine("load", "products", feed, "--json").json["files"][0]
    assert (report["created"], report["updated"], report["unchanged"]) == (0, 0, 3)


def test_people_are_told_what_comes_next(vitrine: Vitrine, feed: Path) -> None:
    outcome = vitrine("load", "products", feed, "--data-dir", "my shop")
    assert "`vitrine --data-dir 'my shop' index`" in outcome.out


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (GOOD.encode() + b"a,Mug,-2,EUR\nb,Cup,2,EUR\n", "price_negative"),
        (GOOD.encode() + b"a,Mug,99999999999999999,EUR\nb,Cup,2,EUR\n", "price_too_large"),
        (GOOD.encode() + b"b,Cup,2,EUR\na,Mu", "line_cut_off"),
        (GOOD.encode() + b"\0,Mug,2,EUR\nb,Cup,2,EUR\n", "id_not_printable"),
        (b"id,name,description\na,Mug," + b"x" * 50_000_000 + b"\nb,Cup,good\n", "row_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rejected_row_is_counted_and_the_others_are_loaded(
    vitrine: Vitrine, tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(content)
    outcome = vitrine("load", "products", path, "--json")
    report = outcome.json["files"][0]
    assert outcome.code == 3
    assert (report["loaded"], report["rejections"]) == (1, {reason: 1})


def test_a_row_left_out_as_a_duplicate_is_told_by_the_exit_code_too(vitrine: Vitrine, tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(GOOD + "a,Mug,1,EUR\na,Cup,2,EUR\n")
    outcome = vitrine("load", "products", path)
    assert outcome.code == 3
    assert "1 rows left out" in outcome.out


@pytest.mark.parametrize(
    ("content", "repair"),
    [(b"id,name\na,Caf\xe9 cup\n", "encoding_repaired"), (b"id,name\na,M\0ug\n", "control_characters_removed")],
)
def test_a_repaired_row_is_loaded_and_counted(vitrine: Vitrine, tmp_path: Path, content: bytes, repair: str) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(content)
    outcome = vitrine("load", "products", path, "--json")
    assert outcome.code == 0
    assert outcome.json["files"][0]["repairs"] == {repair: 1}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("feed.csv", b"sku,title\n1,Mug\n", "--map id=COLUMN"),
        ("feed.csv", b"", "is empty"),
        ("feed.doc", b"id,name\n", "known are .csv"),
        ("feed.jsonl", b'{"id": "1", "na', "no JSON object"),
        ("feed.parquet", b"id,name\n1,Mug\n", "cannot be read as Parquet"),
        ("feed.csv", b"PK\x03\x04 spreadsheet", "export it as CSV"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_one_line(
    vitrine: Vitrine, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    outcome = vitrine("load", "products", path)
    assert outcome.code == 1
    assert says in outcome.complaint


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--format", "ebay"], "known formats"),
        (["--map", "name"], "FIELD=COLUMN"),
        (["--map", "name=title"], "has no column 'title'"),
        (["--map", "colour=name"], "cannot map to 'colour'"),
        (["--currency", "euro"], "ISO 4217"),
        (["--images", "nowhere"], "no folder nowhere"),
    ],
)
def test_an_option_that_does_not_fit_is_one_line(vitrine: Vitrine, feed: Path, options: list[str], says: str) -> None:
    outcome = vitrine("load", "products", feed, *options)
    assert outcome.code == 1
    assert says in outcome.complaint


def test_files_before_a_bad_one_are_stored_and_accounted_for(vitrine: Vitrine, feed: Path) -> None:
    outcome = vitrine("load", "products", feed, "missing.csv", feed, "--json")
    assert outcome.code == 1
    assert [report["created"] for report in outcome.json["files"]] == [3]
    assert outcome.json["error"]["code"] == "file_missing"
    outcome = vitrine("load", "products", feed, "missing.csv")
    assert "3 unchanged" in outcome.out
    assert outcome.err == "vitrine: there is no file missing.csv; check the path\n"
