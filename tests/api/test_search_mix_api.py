"""What a search can be asked with: weighted words, pictures, products, and who asks."""

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from starlette.testclient import TestClient

from config.settings import Settings
from indexer.sync import index_stale
from service.app import create_app
from service.core.types import Product
from service.runtime import Runtime, open_runtime
from service.store.catalog import upsert_products

SHAPES = {"mug": "ellipse", "lamp": "rectangle", "bag": "rounded_rectangle"}


def ids(answer: dict) -> list[str]:
    return [item["id"] for item in answer["items"]]


def drawn(kind: str, colour: str) -> bytes:
    """A picture of a product, as PNG."""
    picture = Image.new("RGB", (96, 96), "white")
    box = {"mug": (20, 20, 76, 76), "lamp": (40, 5, 56, 91), "bag": (5, 40, 91, 90)}[kind]
    getattr(ImageDraw.Draw(picture), SHAPES[kind])(box, fill=colour, outline="black")
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def data_url(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()


@pytest.fixture(scope="module")
def pictured(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings], small_shop: Callable[[], list]
) -> Iterator[Runtime]:
    """The small shop with a picture of each product, a dress with buttons, one without, and a button alone."""
    settings = settings_for(tmp_path_factory.mktemp("pictured")).model_copy(
        update={"image_model": "bundled", "background": "off"}
    )
    products = [
        replace(one, image=data_url(drawn(one.external_id.split("-")[0], str(one.attributes["colour"]))))
        for one in small_shop()
    ]
    dresses = [
        Product("dress-plain", "Red dress", "A red dress with a zip.", stock=3, category=("Dresses",)),
        Product("dress-buttons", "Red dress with buttons", "A red dress, buttons all the way.", stock=3),
        Product("buttons", "Buttons", "Buttons of horn, ten buttons to a bag.", stock=3, review_count=50),
    ]
    with open_runtime(settings) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, [*products, *dresses])
        index_stale(runtime.outbox)
        yield runtime


@pytest.fixture(scope="module")
def shop(pictured: Runtime) -> Iterator[TestClient]:
    """A client of that shop."""
    with TestClient(create_app(pictured), raise_server_exceptions=False) as client:
        yield client


def post(shop: TestClient, **body: object) -> dict:
    answer = shop.post("/v1/search", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_is_not_wanted_goes_down_and_alone_is_not_proposed(shop: TestClient) -> None:
    both = ["dress-plain", "dress-buttons"]
    assert sorted(ids(post(shop, query="red dress"))[:2]) == sorted(both)
    found = ids(post(shop, terms={"red dress": 1.0, "buttons": -0.5}))
    assert found[0] == "dress-plain"
    assert found.index("dress-buttons") > 1
    assert "buttons" not in found


def test_terms_beside_a_query_and_in_a_link_are_the_same(shop: TestClient) -> None:
    posted = post(shop, query="red dress", terms={"buttons": -0.5})
    got = shop.get("/v1/search", params={"q": "red dress", "terms": '{"buttons": -0.5}'}).json()
    assert ids(posted) == ids(got) == ids(post(shop, terms={"red dress": 1.0, "buttons": -0.5}))


def test_a_heavier_term_has_its_way(shop: TestClient) -> None:
    assert ids(post(shop, terms={"lamp": 1.0, "mug": 0.1}))[0].startswith("lamp")
    assert ids(post(shop, terms={"lamp": 0.1, "mug": 1.0}))[0].startswith("mug")


@pytest.mark.parametrize(
    "terms", [{"buttons": -1}, {"": 1}, {"x": 11}, {"a" * 201: 1}, dict.fromkeys(map(str, range(21)), 1), {"x": "y"}]
)
def test_terms_that_want_nothing_or_too_much_are_refused(shop: TestClient, terms: dict) -> None:
    answer = shop.post("/v1/search", json={"terms": terms})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_a_picture_finds_its_product_however_it_comes(shop: TestClient) -> None:
    picture = drawn("mug", "blue")
    upload = shop.post("/v1/search", files={"image": ("mug.png", picture, "image/png")}, data={"n": "3"})
    assert upload.status_code == 200, upload.text
    sent = post(shop, image=data_url(picture), n=3)
    linked = shop.get("/v1/search", params={"image": data_url(picture), "n": 3}).json()
    assert ids(upload.json()) == ids(sent) == ids(linked)
    first = sent["items"][0]
    assert (first["id"], first["source"], first["reason"]) == ("mug-2", "picture", "Looks like your picture")


def test_words_say_how_it_is_to_differ_from_a_picture(shop: TestClient) -> None:
    asked = post(shop, query="but in green", image=data_url(drawn("mug", "blue")), n=3, explain=True)
    assert ids(asked)[0] == "mug-3"
    assert {"picture", "text"} <= set(asked["items"][0]["contributions"])


def test_words_say_how_it_is_to_differ_from_a_product_which_is_not_shown(shop: TestClient) -> None:
    like_it = ids(post(shop, product="mug-2", query="but in green"))
    assert like_it[0] == "mug-3"
    assert "mug-2" not in like_it
    assert "mug-2" not in ids(post(shop, product="mug-2", facets=["brand"], n=50))
    assert shop.post("/v1/search", json={"product": "none"}).status_code == 404


def test_a_form_takes_every_field_of_a_body(shop: TestClient) -> None:
    files = {"image": ("mug.png", drawn("mug", "blue"), "image/png")}
    form = {"query": "green", "filter": '{"must": [{"field": "brand", "match": "Alba"}]}', "explain": "true"}
    answer = shop.post("/v1/search", files=files, data={**form, "exclude_ids": ["bag-2", "bag-4"]})
    assert answer.status_code == 200, answer.text
    assert ids(answer.json())[0] == "mug-2"
    assert set(ids(answer.json())) <= {"mug-2", "lamp-2"}
    assert "step_ms" in answer.json()
    wrong = shop.post("/v1/search", files=files, data={"colour": "red"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")


def test_a_list_by_picture_is_paged_with_the_same_picture_only(shop: TestClient) -> None:
    picture = data_url(drawn("bag", "red"))
    first = post(shop, query="in red", image=picture, facets=["brand"], n=1)
    assert first["total"] > 1
    second = post(shop, query="in red", image=picture, facets=["brand"], n=1, cursor=first["next_cursor"])
    assert len({*ids(first), *ids(second)}) == 2
    foreign = {"query": "in red", "image": data_url(drawn("mug", "red")), "n": 1, "cursor": first["next_cursor"]}
    answer = shop.post("/v1/search", json=foreign)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


def test_in_a_list_what_has_nothing_but_the_words_does_not_match(shop: TestClient) -> None:
    by_price = post(shop, query="red dress", image=data_url(drawn("lamp", "blue")), sort="price")
    assert ids(by_price)
    assert not {"dress-plain", "dress-buttons"} & set(ids(by_price))


def test_nonsense_beside_a_picture_changes_little_and_never_fails(shop: TestClient) -> None:
    answer = post(shop, query="asdfgh qwerty", image=data_url(drawn("mug", "blue")))
    assert ids(answer)[0] == "mug-2"


def test_without_an_image_model_it_says_what_to_set(reading: TestClient) -> None:
    answer = reading.post("/v1/search", json={"image": data_url(drawn("mug", "red"))})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_image_model")
    assert "VITRINE_IMAGE_MODEL" in answer.json()["detail"]


def test_who_asks_re_orders_what_matches_and_nothing_else(shop: TestClient) -> None:
    events = [{"type": "view", "session": "s-lamps", "product": f"lamp-{n}"} for n in (1, 2, 3)]
    assert shop.post("/v1/events", json={"events": events}).status_code < 300
    asked = {"query": "red", "session": "s-lamps", "explain": True}
    plain = post(shop, query="red", affinity=0, explain=True)
    near = post(shop, **asked, affinity=3)
    assert sorted(ids(near)) == sorted(ids(plain))
    assert ids(near)[0].startswith("lamp")
    assert (near["fallback"], near["items"][0]["level"]) == (None, "content")
    for answer, weight in ((near, 3.0), (post(shop, **asked), 0.1)):
        assert max(item["contributions"].get("affinity", 0.0) for item in answer["items"]) == pytest.approx(weight)


def test_somebody_unknown_is_answered_like_everybody(shop: TestClient) -> None:
    unknown = post(shop, query="red mug", user="nobody", affinity=5)
    assert ids(unknown) == ids(post(shop, query="red mug"))
    assert unknown["fallback"] is None


def test_of_two_that_match_alike_the_popular_one_gains(shop: TestClient) -> None:
    by_id = {item["id"]: item for item in post(shop, query="buttons", explain=True)["items"]}
    assert by_id["buttons"]["contributions"]["popularity"] == pytest.approx(0.05)
    assert "popularity" not in by_id["dress-buttons"]["contributions"]


def test_a_cross_encoder_orders_the_top_and_fails_soft(pictured: Runtime) -> None:
    asked: list[str] = []

    def shortest_first(query: str, texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return -np.array([len(text) for text in texts], np.float32)

    def broken(query: str, texts: list[str]) -> np.ndarray:
        raise RuntimeError("no memory")

    search = pictured.params.search.model_copy(update={"cross_encoder_top": 4, "cross_encoder_weight": 100.0})
    params = pictured.params.model_copy(update={"search": search})
    services = replace(pictured.services, params=params)
    plain = recommend_ids(pictured, services)
    read = recommend_ids(pictured, replace(services, cross=shortest_first))
    assert len(asked) == 4
    assert set(read[:4]) == set(plain[:4])
    assert plain[4:] == read[4:]
    order = dict(zip(plain[:4], asked, strict=True))
    assert [len(order[name]) for name in read[:4]] == sorted(map(len, asked))
    degraded: dict = {}
    assert recommend_ids(pictured, replace(services, cross=broken), degraded) == plain
    assert degraded == {"cross_encoder": "error"}


def recommend_ids(runtime: Runtime, services: object, degraded: dict | None = None) -> list[int]:
    from service.context import Request
    from service.pipeline import recommend

    slate = recommend(services, Request("search", "r", "default", text="red mug", n=8))
    if degraded is not None:
        degraded.update(slate.degraded)
    return [item.product_id for item in slate.items]
