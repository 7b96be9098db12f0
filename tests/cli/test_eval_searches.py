"""What a shop's searches say: golden queries that can be asked at once, and synonyms that can be kept at once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.core.searched import Searched
from service.store.database import open_database
from service.store.search_events import write_searches
from service.words.synonyms import parse_synonyms


@pytest.fixture
def shop(vitrine: Callable[..., Any], feed: Path, tmp_path: Path) -> Path:
    """A shop where three people wanted a teapot: nothing was found, and then the kettle, which they took."""
    vitrine("load", "products", feed)
    now = datetime.now(UTC) - timedelta(hours=1)
    later = now + timedelta(seconds=30)
    database = open_database(f"sqlite:///{tmp_path}/vitrine-data/vitrine.db")
    with database.session() as session:
        write_searches(
            session,
            [
                Searched("default", f"{query}-{who}", at, query, found, False, None, who)
                for who in (1, 2, 3)
                for query, at, found in (("samovar", now, 0), ("kettle", later, 2), (f"secret {who}", later, 0))
            ],
        )
    database.close()
    events = [
        {
            "type": "click",
            "session": f"s{who}",
            "product": "kettle",
            "request_id": f"kettle-{who}",
            "at": later.isoformat(),
        }
        for who in (1, 2, 3)
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    assert vitrine("load", "events", path).code == 0
    return tmp_path


def test_golden_queries_from_clicks_can_be_asked_at_once(vitrine: Callable[..., Any], shop: Path) -> None:
    printed = vitrine("eval", "search", "--from-clicks")
    assert printed.out.splitlines()[-1] == "kettle => ids: kettle"
    said = vitrine("eval", "search", "--from-clicks", "--out", "g.txt")
    assert "vitrine eval search --golden g.txt" in said.out
    vitrine("index")
    asked = vitrine("eval", "search", "--golden", "g.txt", "--min", "hit@1=1")
    assert (asked.code, "1 golden queries of g.txt" in asked.out) == (0, True)
    assert "exists already" in vitrine("eval", "search", "--from-clicks", "--out", "g.txt").complaint
    assert "no product was taken by 4" in vitrine("eval", "search", "--from-clicks", "--people", 4).complaint


def test_what_is_not_found_is_listed_with_a_synonym_and_what_few_typed_is_not(
    vitrine: Callable[..., Any], shop: Path
) -> None:
    result = vitrine("eval", "searches", "--out", "synonyms.txt", "--report", "report", "--json").json
    (row,) = result["nothing"]
    assert (row["query"], row["visitors"], row["nothing"], row["unknown_words"]) == ("samovar", 3, 3, ["samovar"])
    assert result["synonyms"][0] == "samovar => kettle  # tried next by 3 people, who then took something"
    rules, wrong = parse_synonyms(Path("synonyms.txt").read_text().splitlines())
    assert (rules[0].also, wrong) == (("kettle",), [])
    for name in ("report.html", "report.md"):
        text = Path("report", name).read_text()
        assert "samovar" in text
        assert "secret" not in text
    people = vitrine("eval", "searches").out
    assert "samovar => kettle" in people
    assert "secret" not in people


def test_a_shop_without_searches_is_told_what_is_missing(vitrine: Callable[..., Any], feed: Path) -> None:
    assert "there is no shop" in vitrine("eval", "searches").complaint
    vitrine("load", "products", feed)
    assert "No search of the last 90 days is known" in vitrine("eval", "searches").out
    assert "send events with the `request_id`" in vitrine("eval", "search", "--from-clicks").complaint


def test_options_that_do_not_go_together_are_refused(vitrine: Callable[..., Any]) -> None:
    assert "either --path FOLDER" in vitrine("eval", "search", "--from-clicks", "--path", "x").complaint
    assert "go with --from-clicks" in vitrine("eval", "search", "--path", "x", "--out", "y").complaint
