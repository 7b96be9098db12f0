"""`vitrine load events`: one account per file, twice is once, and an exit code that tells of rejected rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.cli.loading import columns_of

Vitrine = Callable[..., Any]

HEADER = "event_id,type,user,product,at\n"
GOOD = HEADER + "e1,view,anna,mug,2025-03-01T10:00:00Z\ne2,purchase,ben,lamp,2025-03-02T10:00:00Z\n"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Two good events."""
    path = tmp_path / "events.csv"
    path.write_text(GOOD)
    return path


def test_a_clean_file_is_done(vitrine: Vitrine, events: Path) -> None:
    outcome = vitrine("load", "events", events, "--json")
    report = outcome.json["files"][0]
    assert outcome.code == 0
    assert (report["format"], report["rows"], report["loaded"], report["rejected"]) == ("native", 2, 2, 0)
    assert report["types"] == {"view": 1, "purchase": 1}


def test_loading_twice_is_loading_once_and_no_failure(vitrine: Vitrine, events: Path) -> None:
    vitrine("load", "events", events)
    outcome = vitrine("load", "events", events, "--json")
    report = outcome.json["files"][0]
    assert outcome.code == 0
    assert (report["loaded"], report["duplicates"]) == (0, 2)


def test_people_read_what_became_of_every_row(vitrine: Vitrine, events: Path) -> None:
    events.write_text(GOOD + "e3,view,,mug,2025-03-01\ne1,view,anna,mug,2025-03-01T10:00:00Z\n")
    outcome = vitrine("load", "events", events, "--data-dir", "shop")
    assert outcome.code == 3
    for line in (
        "events.csv (native): 4 rows in",
        "  2 events recorded from 2025-03-01 to 2025-03-02; 0 of them repaired",
        "            1 purchase",
        "  1 rows were recorded before",
        "  1 rows rejected",
        "            1 rejected: who missing",
        "  every case by line: ",
    ):
        assert line in outcome.out


def test_unknown_products_are_rejected_if_the_policy_says_so(vitrine: Vitrine, events: Path, feed: Path) -> None:
    policy = events.with_name("policy.toml")
    policy.write_text('[events]\nunknown_products = "refuse"\n')
    events.write_text(GOOD + "e3,view,anna,no-such,2025-03-01\n")
    vitrine("load", "products", feed)
    outcome = vitrine("load", "events", events, "--config", policy, "--json")
    report = outcome.json["files"][0]
    assert outcome.code == 3
    assert (report["loaded"], report["rejections"]) == (2, {"refused": 1})
    assert "no product with id 'no-such'" in report["warnings"][0]


def test_formats_are_told_by_the_file_or_by_name(vitrine: Vitrine, tmp_path: Path) -> None:
    path = tmp_path / "u.data"
    path.write_text("196\t242\t3\t881250949\n186\t302\t5\t891717742\n")
    for options in ((), ("--format", "movielens")):
        report = vitrine("load", "events", path, *options, "--json").json["files"][0]
        assert (report["format"], report["rows"]) == ("movielens", 2)


def test_other_columns_are_mapped_by_name(vitrine: Vitrine, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("who,what,sku,when,junk\nanna,view,mug,2025-03-01,x\n")
    outcome = vitrine(
        "load", "events", path, "--map", "user=who,type=what", "--map", "product=sku", "--map", "at=when,ignore=junk",
        "--json",
    )  # fmt: skip
    assert (outcome.code, outcome.json["files"][0]["loaded"]) == (0, 1)


@pytest.mark.parametrize(
    ("name", "content", "options", "says"),
    [
        ("log.csv", "sku,who\nmug,anna\n", [], "--map"),
        ("log.csv", "", [], "is empty"),
        ("log.doc", GOOD, [], "known are .csv"),
        ("log.csv", GOOD, ["--format", "ebay"], "known formats"),
        ("log.csv", GOOD, ["--map", "user"], "FIELD=COLUMN"),
        ("log.csv", GOOD, ["--map", "colour=user"], "cannot map to 'colour'"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_one_line(
    vitrine: Vitrine, tmp_path: Path, name: str, content: str, options: list[str], says: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    outcome = vitrine("load", "events", path, *options)
    assert outcome.code == 1
    assert says in outcome.complaint


def test_files_before_a_bad_one_are_stored_and_accounted_for(vitrine: Vitrine, events: Path) -> None:
    outcome = vitrine("load", "events", events, "missing.csv", "--json")
    assert outcome.code == 1
    assert [report["loaded"] for report in outcome.json["files"]] == [2]
    assert outcome.json["error"]["code"] == "file_missing"


def test_the_report_lists_every_case_by_line(vitrine: Vitrine, events: Path) -> None:
    events.write_text(GOOD + json.dumps("x") + ",look,anna,mug,2025-03-01\n")
    outcome = vitrine("load", "events", events, "--json")
    listed = Path(outcome.json["files"][0]["file"]).read_text()
    assert "4,,rejected,type_unknown,type,look" in listed


@pytest.mark.parametrize(
    ("mapping", "columns"),
    [
        ([], None),
        (["name=title"], {"name": "title"}),
        (["name=title,category=dept,aisle"], {"name": "title", "category": "dept,aisle"}),
        (["category=dept,aisle,name=title"], {"category": "dept,aisle", "name": "title"}),
        (["ignore=a", "ignore=b,c"], {"ignore": "a,b,c"}),
        ([" name = the title "], {"name": "the title"}),
    ],
)
def test_a_field_may_stand_in_several_columns(mapping: list[str], columns: dict[str, str] | None) -> None:
    assert columns_of(mapping) == columns
