"""Prices, brands, colours and categories in the words of a search, over HTTP."""

import pytest
from starlette.testclient import TestClient

from service.api.slate_schemas import SlateOut


def search(client: TestClient, text: str, **more: object) -> dict:
    answer = client.post("/v1/search", json={"query": text, "n": 12, **more})
    assert answer.status_code == 200
    return answer.json()


def ids(answer: dict) -> list[str]:
    return [item["id"] for item in answer["items"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lamp under 10", {"lamp-1"}),
        ("lamp up to 10 euros", {"lamp-1", "lamp-2"}),
        ("10-20 € bag", {"bag-2", "bag-3", "bag-4"}),
        ("mug over €12", {"mug-3"}),  # mug-4 is sold out
    ],
)
def test_a_price_in_the_words_leaves_others_out(reading: TestClient, text: str, found: set[str]) -> None:
    answer = search(reading, text)
    kind = text.replace("-", " ").split()[-1 if "bag" in text else 0]
    assert {one for one in ids(answer) if one.startswith(kind)} == found
    price = answer["understood"]["traits"][0]
    assert (price["kind"], price["effect"]) == ("price", "filter")


def test_what_was_understood_is_told_and_the_price_is_no_word_to_look_for(reading: TestClient) -> None:
    understood = search(reading, "Lamp under €10")["understood"]
    assert understood["text"] == "lamp"
    assert understood["traits"] == [
        {
            "kind": "price",
            "words": "under €10",
            "filter": {"must": [{"field": "price", "range": {"lt": 10.0}}]},
            "effect": "filter",
        }
    ]


def test_a_price_alone_is_a_search_too(reading: TestClient) -> None:
    assert set(ids(search(reading, "under 10"))) == {"mug-1", "lamp-1", "bag-1"}


def test_another_currency_is_not_understood(reading: TestClient) -> None:
    assert search(reading, "lamp under $10")["understood"]["traits"] == []


def test_a_brand_and_a_colour_come_first(reading: TestClient) -> None:
    answer = search(reading, "green quill", explain=True)
    SlateOut.model_validate(answer, strict=True)
    assert ids(answer)[0] in {"mug-3", "lamp-3", "bag-3"}  # number 3 of each kind is green, of Quill
    first = answer["items"][0]
    assert (first["contributions"]["trait:brand"], first["contributions"]["trait:colour"]) == (0.5, 0.5)
    assert sum(first["contributions"].values()) == pytest.approx(first["score"], abs=1e-9)
    assert [(one["kind"], one["words"], one["effect"]) for one in answer["understood"]["traits"]] == [
        ("colour", "green", "boost"),
        ("brand", "quill", "boost"),
    ]


def test_each_kind_can_be_switched_off(reading: TestClient) -> None:
    asked = "green quill lamp under €30"
    assert {one["kind"] for one in search(reading, asked)["understood"]["traits"]} == {"brand", "colour", "price"}
    assert search(reading, asked, ignore=["brand", "colour", "price"])["understood"]["traits"] == []
    got = reading.get("/v1/search", params={"q": asked, "ignore": ["price"]}).json()
    assert {one["kind"] for one in got["understood"]["traits"]} == {"brand", "colour"}
