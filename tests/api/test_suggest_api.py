"""``/v1/suggest`` over HTTP."""

import pytest
from starlette.testclient import TestClient

from service.api.suggest import SuggestOut
from service.suggest import LiveSuggestions


def suggested(client: TestClient, q: str, **params: object) -> list[tuple[str, str]]:
    answer = client.get("/v1/suggest", params={"q": q, **params})
    assert answer.status_code == 200, answer.text
    SuggestOut.model_validate(answer.json(), strict=True)
    return [(one["text"], one["kind"]) for one in answer.json()["suggestions"]]


def fresh(client: TestClient) -> None:
    live: LiveSuggestions = client.app.state.suggestions  # type: ignore[attr-defined]
    live.forget()


def test_names_brands_and_categories_are_completed(reading: TestClient) -> None:
    assert suggested(reading, "al") == [("Alba", "brand")]
    assert suggested(reading, "ligh") == [("Lighting", "category")]
    assert suggested(reading, "blue m") == [("Blue Mug", "product")]
    assert suggested(reading, "lamp white") == []  # hidden
    assert len(suggested(reading, "b", n=2)) == 2


def test_what_is_misspelt_is_completed_as_it_was_meant(reading: TestClient) -> None:
    answer = reading.get("/v1/suggest", params={"q": "blue lmap"}).json()
    assert (answer["corrected"], [one["text"] for one in answer["suggestions"]]) == ("blue lamp", ["Blue Lamp"])
    assert reading.get("/v1/suggest", params={"q": "blue la"}).json()["corrected"] is None


def test_a_query_is_shown_to_others_once_three_people_made_it(writing: TestClient) -> None:
    def search(query: str, session: str) -> None:
        body = [{"type": "search", "session": session, "query": query}]
        assert writing.post("/v1/events", json=body).status_code == 200

    for person in ("a", "a", "b"):
        search("Picnic basket", person)
    fresh(writing)
    assert suggested(writing, "picnic") == []
    search("picnic  basket".replace("  ", " "), "c")
    fresh(writing)
    assert suggested(writing, "picnic") == [("picnic basket", "query")]


@pytest.mark.parametrize("params", [{}, {"q": "x" * 101}, {"q": "a", "n": 0}, {"q": "a", "n": -1}, {"q": "\x00"}])
def test_what_makes_no_sense_is_refused(reading: TestClient, params: dict) -> None:
    assert reading.get("/v1/suggest", params=params).json()["code"] == "invalid_request"


@pytest.mark.parametrize("q", ["🙂", "'; DROP TABLE product; --", "<script>", "مرحبا", " ", "%", "\u202e"])
def test_strange_letters_complete_to_nothing(reading: TestClient, q: str) -> None:
    assert suggested(reading, q) == []
