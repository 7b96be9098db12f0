"""Spelling, synonyms and product codes over HTTP."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from service.api.slate_schemas import SlateOut


def ids(answer: dict) -> list[str]:
    return [item["id"] for item in answer["items"]]


@pytest.fixture
def synonyms(writing: TestClient) -> Iterator[TestClient]:
    """A client of a shop that has no synonyms afterwards."""
    yield writing
    assert writing.put("/v1/synonyms", json={"lines": []}).status_code == 200


def test_a_misspelt_search_finds_and_tells_what_was_meant(reading: TestClient) -> None:
    answer = reading.get("/v1/search", params={"q": "grean lamp", "n": 1}).json()
    assert answer["understood"] == {
        "text": "green lamp", "corrected": {"grean": "green"}, "synonyms": {}, "units": [], "exact": 0,
        "traits": [
            {"kind": "colour", "words": "grean", "effect": "boost",
             "filter": {"must": [{"field": "attributes.colour", "match": ["green"]}]}},
        ],
    }  # fmt: skip
    clean = reading.get("/v1/search", params={"q": "green lamp", "n": 5}).json()
    assert ids(answer)[0] == ids(clean)[0]


def test_correction_is_switched_off_by_the_request(reading: TestClient) -> None:
    got = reading.get("/v1/search", params={"q": "grean lamp", "correct": False}).json()
    posted = reading.post("/v1/search", json={"query": "grean lamp", "correct": False}).json()
    assert got["understood"]["corrected"] == posted["understood"]["corrected"] == {}
    assert (got["understood"]["text"], ids(got)) == ("grean lamp", ids(posted))


def test_a_home_feed_has_no_words_to_understand(reading: TestClient) -> None:
    assert "understood" not in reading.get("/v1/home").json()


@pytest.mark.parametrize("query", ["bag-3", "BAG-3", "red mug bag-3"])
def test_a_products_id_puts_it_first(reading: TestClient, query: str) -> None:
    answer = reading.get("/v1/search", params={"q": query, "explain": True}).json()
    SlateOut.model_validate(answer, strict=True)
    first = answer["items"][0]
    assert (first["id"], first["source"], first["reason"]) == ("bag-3", "exact", "Exactly what you asked for")
    assert first["contributions"]["exact"] == 2.0
    assert sum(first["contributions"].values()) == pytest.approx(first["score"], abs=1e-9)
    assert answer["understood"]["exact"] == 1


def test_a_sold_out_product_is_not_shown_for_its_id_either(reading: TestClient) -> None:
    assert "mug-4" not in ids(reading.get("/v1/search", params={"q": "mug-4"}).json())


def test_synonyms_count_at_once(synonyms: TestClient) -> None:
    def ask() -> dict:
        return synonyms.post("/v1/search", json={"query": "tumbler", "weights": {"text": 0, "image": 0}}).json()

    assert ids(ask()) == []
    lines = ["# drinks", "", "tumbler => mug"]
    assert synonyms.put("/v1/synonyms", json={"lines": lines}).json() == {"lines": lines, "rules": 1}
    assert synonyms.get("/v1/synonyms").json() == {"lines": lines, "rules": 1}
    found = ask()
    assert {"mug-1", "mug-2", "mug-3"} == set(ids(found))
    assert found["understood"]["synonyms"] == {"tumbler": ["mug"]}
    synonyms.put("/v1/synonyms", json={"lines": []})
    assert ids(ask()) == []


@pytest.mark.parametrize(
    "body",
    [
        {"lines": ["fine => good", "mug => mug"]},
        {"lines": ["mug =>"]},
        {"lines": ["mug => c\x00p"]},
        {"lines": "mug => cup"},
        {"lines": ["x" * 2001]},
        {"lines": ["a => b"] * 10_001},
        {"lines": [1]},
        {},
        {"lines": [], "more": 1},
    ],
)
def test_bad_synonyms_are_refused_and_change_nothing(synonyms: TestClient, body: dict) -> None:
    synonyms.put("/v1/synonyms", json={"lines": ["cup => mug"]})
    answer = synonyms.put("/v1/synonyms", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert synonyms.get("/v1/synonyms").json()["lines"] == ["cup => mug"]


def test_the_line_that_is_wrong_is_named(synonyms: TestClient) -> None:
    answer = synonyms.put("/v1/synonyms", json={"lines": ["cup => mug", "", "mug => mug"]}).json()
    assert (answer["code"], answer["detail"]) == ("invalid_synonyms", "line 3: a phrase is its own synonym")


@pytest.mark.parametrize("query", ["x" * 10_000, "mug\x00", "\x00"])
def test_queries_that_are_refused(reading: TestClient, query: str) -> None:
    assert reading.post("/v1/search", json={"query": query}).status_code == 422
    assert reading.get("/v1/search", params={"q": query}).status_code == 422


@pytest.mark.parametrize(
    "query", ["🙂🙂🙂🙂🙂", "مرحبا بالعالم", "\u202emug", "mgu " * 250, "ﷺ" * 900, "a\u0300" * 400, '1"' * 400, "%_'\\"]
)
def test_strange_queries_are_answered(reading: TestClient, query: str) -> None:
    assert reading.get("/v1/search", params={"q": query}).status_code == 200


def test_nonsense_is_told_from_an_answer(reading: TestClient) -> None:
    answer = reading.get("/v1/search", params={"q": "qwxyz vbnmk", "explain": True})
    body = answer.json()
    SlateOut.model_validate(body, strict=True)
    assert answer.status_code == 200
    assert body["fallback"]["reason"].startswith("nothing here matches these words")
    if body["fallback"]["level"] == "global":  # else nothing is popular yet
        assert {item["source"] for item in body["items"]} <= {"trending"}


def test_of_half_nonsense_only_what_has_the_rest_is_shown(reading: TestClient) -> None:
    body = reading.get("/v1/search", params={"q": "qwxyz vbnmk mug", "n": 12}).json()
    assert body["fallback"] == {
        "level": "content",
        "reason": "no product has all of these words; shown are those that have some of them",
    }
    assert set(ids(body)) == {"mug-1", "mug-2", "mug-3"}


@pytest.mark.parametrize("query", ["red mug", "grean lamp", "bag-3", "qwxyz bag-3"])
def test_what_is_understood_needs_no_fallback(reading: TestClient, query: str) -> None:
    assert reading.get("/v1/search", params={"q": query}).json()["fallback"] is None


def test_weights_of_the_request_are_taken_at_their_word(reading: TestClient) -> None:
    asked = {"query": "qwxyz vbnmk", "weights": {"lexical": 0, "text": 1}}
    assert reading.post("/v1/search", json=asked).json()["fallback"] is None
