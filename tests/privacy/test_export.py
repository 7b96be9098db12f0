"""All that is kept of somebody, nothing of anybody else, and no hashes."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import structlog

from config.params import load_params
from service.core.errors import NotFound
from service.core.told import Told
from service.privacy.export import Exporter
from service.sessions import Sessions


def exported(shop: Any, user: str = "ann", *, many: int = 10_000, sessions: Sessions | None = None) -> bytes:
    file = io.BytesIO()
    Exporter(shop.database, load_params(), sessions).write("default", user, file, now=shop.now(), many=many)
    return file.getvalue()


def test_everything_of_hers_is_in_one_document(shop: Any) -> None:
    sessions = Sessions(load_params().sessions)
    sessions.remember("default", "tab-ann", Told(viewed=("p3",)))
    with structlog.testing.capture_logs() as logs:
        text = exported(shop, sessions=sessions).decode()
    document = json.loads(text)
    assert document["account"]["email"] == "ann@example.com"
    assert document["profile"]["preferences"] == {"brands": ["Quill"]}
    assert document["profile"]["features"] == {"country": "FR"}
    assert [event["product"] for event in document["events"]] == ["p1", "p1", "p2", "p3"]
    assert [event["event_id"] for event in document["events"]] == ["e0", "e1-ann", None, None]
    assert sorted(shown["request_id"] for shown in document["impressions"]) == ["r0", "r1-ann"]
    assert document["impressions"][0]["shown"] == [{"product": "p1", "score": 0.5, "source": "cf"}]
    assert {search["query"]: search["session"] for search in document["searches"]} == {
        "words of ann": None, "before ann signed in": "tab-ann",
    }  # fmt: skip
    assert [(one["id"], one["told"]["viewed"]) for one in document["sessions"]] == [("tab-ann", ["p3"])]
    assert document["experiments"][0] | {"first_shown_at": 0, "last_shown_at": 0} == {
        "experiment": "ranking", "variant": "new", "first_shown_at": 0, "last_shown_at": 0, "is_current": False,
    }  # fmt: skip
    assert len(document["sign_ins"]) == 1
    for secret in ("argon2", "hash-of-a-token", "bob", "shoes"):
        assert secret not in text
    assert logs == []


def test_much_of_it_comes_as_a_zip_of_lines_with_the_same_content(shop: Any) -> None:
    document = json.loads(exported(shop))
    with zipfile.ZipFile(io.BytesIO(exported(shop, many=1))) as archive:
        about = json.loads(archive.read("person.json"))
        lines = {
            name: archive.read(f"{name}.jsonl").decode().splitlines() for name in ("events", "impressions", "searches")
        }
    assert about["counts"] == {"events": 4, "impressions": 2, "searches": 2}
    for name, found in lines.items():
        assert [json.loads(line) for line in found] == document[name]


def test_what_others_were_shown_at_the_same_screen_is_not_hers(shop: Any) -> None:
    shop.wait(hours=1)
    shop.show(None, "tab-ann", "r8")  # nobody is signed in any more
    shop.record(shop.view("bob", "p3", session="tab-ann"))
    document = json.loads(exported(shop))
    assert "r8" not in [shown["request_id"] for shown in document["impressions"]]
    assert len(document["events"]) == 4


def test_who_was_only_shown_something_has_an_export_too_and_strangers_have_none(shop: Any) -> None:
    shop.show("carl", None, "r7")
    document = json.loads(exported(shop, "carl"))
    assert (document["profile"], document["account"], len(document["impressions"])) == (None, None, 1)
    assert shop.eraser().erase("default", "carl").counts["impression"] == 1
    for stranger in ("carl", "nobody", "\ud800", "a\0b", "x" * 5000):
        with pytest.raises(NotFound, match="nothing is kept"):
            exported(shop, stranger)


def test_thousands_of_sessions_are_no_trouble(database: Any, make_shop: Callable[..., Any]) -> None:
    shop = make_shop(database)
    shop.record(*[shop.view("ann", session=f"s{n}", at=shop.now() - timedelta(seconds=n)) for n in range(1_200)])
    assert len(json.loads(exported(shop))["events"]) == 1_200
    assert shop.eraser().erase("default", "ann").counts["interaction"] == 1_200
