"""What the service remembers of searches: those that found nothing too, and nothing that says who asked."""

import time
from typing import Any

from sqlalchemy import select
from starlette.testclient import TestClient

from service.runtime import Runtime
from service.store.tables import SEARCH


def remembered(shop: Runtime, count: int) -> dict[str, Any]:
    """Query -> row, once so many are there."""
    for _ in range(500):
        with shop.database.session() as session:
            rows = session.connection().execute(select(SEARCH)).all()
        if len(rows) >= count:
            break
        time.sleep(0.01)
    assert len(rows) == count
    return {row.query: row for row in rows}


def test_searches_are_remembered_with_what_they_found(writing: TestClient, own_shop: Runtime) -> None:
    def search(**params: object) -> dict:
        answer = writing.get("/v1/search", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    found = search(q="  Red   MUG ", user="anna")
    nonsense = search(q="qwrtzp xkcdvb", session="anna")
    assert search(q="lamp", user="anna", brand="Nobody")["items"] == []
    search(q="zzqqxx yyww", facets="brand")
    search(brand="Alba")  # no words
    assert writing.get("/v1/similar/mug-1").status_code == 200
    rows = remembered(own_shop, 4)
    assert rows["red mug"].request_id == found["request_id"]
    assert rows["red mug"].found == len(found["items"]) > 0
    assert (rows["qwrtzp xkcdvb"].found, rows["qwrtzp xkcdvb"].fallback) == (0, nonsense["fallback"]["reason"])
    assert (rows["lamp"].found, rows["lamp"].is_narrowed) == (0, True)
    assert (rows["zzqqxx yyww"].found, rows["zzqqxx yyww"].is_narrowed) == (0, False)
    assert rows["red mug"].visitor == rows["lamp"].visitor != rows["qwrtzp xkcdvb"].visitor
    assert rows["zzqqxx yyww"].visitor is None
    assert not any("anna" in str(value) for row in rows.values() for value in row)


def test_what_three_people_did_not_find_is_told_and_what_two_looked_for_is_not(
    writing: TestClient, own_shop: Runtime
) -> None:
    for query, people in (("blorf", "abc"), ("anna's address", "ab")):
        for who in people:
            writing.get("/v1/search", params={"q": query, "session": who})
    remembered(own_shop, 9)
    writing.app.state.suggestions.forget()  # type: ignore[attr-defined]
    told = writing.get("/v1/searches", params={"only": "nothing"}).json()
    assert (told["window_days"], told["min_visitors"]) == (90, 3)
    assert told["queries"] == [
        {"query": "blorf", "visitors": 3, "searches": 3, "nothing": 3, "takers": 0, "click_rate": 0.0}
    ]
    assert writing.get("/v1/searches", params={"only": "some"}).status_code == 422
