"""``/v1/similar`` over HTTP: its modes, what products are to have in common, and what an answer says of itself."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from config.params import load_params
from config.settings import Settings
from indexer.sync import index_stale
from service.api.similar_schemas import SimilarOut
from service.app import create_app
from service.asked import asked_of, request_again
from service.context import Request
from service.core.errors import ConfigurationError
from service.core.impression import Impression
from service.core.types import EventType, Interaction, Product
from service.experiments import assign
from service.pipeline import recommend
from service.runtime import Runtime, open_runtime
from service.store.catalog import upsert_products
from service.store.events import record_events

NOW = datetime.now(UTC)
MODES = ["similar", "visual", "for_user", "also_viewed", "also_bought", "complementary"]
# 12 baskets of each; everybody else buys soap, so that going together is more than chance
BASKETS = (("tent", "stove"), ("tent", "stove", "lamp"), ("soap",), ("soap", "brush"), ("brush",))
COPIES = 12


def goods() -> list[Product]:
    kinds = {"tent": "Tents", "stove": "Stoves", "lamp": "Lamps", "soap": "Bath", "brush": "Bath", "mat": "Mats"}
    named = [
        Product(
            name, f"Camp {name}", brand=("Alba", "Quill")[place % 2], category=("Outdoor", kind),
            price_minor=1000 + 100 * place, currency="EUR",
        )
        for place, (name, kind) in enumerate(kinds.items())
    ]  # fmt: skip
    tents = [
        Product(
            f"tent-{colour}", f"Camp tent {colour}", brand="Alba", category=("Outdoor", "Tents"), price_minor=1000,
            currency="EUR", attributes={"colour": colour},
        )
        for colour in ("red", "blue")
    ]  # fmt: skip
    dome = Product(
        "dome", "Camp dome tent", brand="Quill", category=("Outdoor", "Tents"), price_minor=1250, currency="EUR"
    )
    lanterns = [
        Product(
            f"lantern-{place}", f"Camp lantern {colour}", brand="Wick", category=("Outdoor", "Lanterns"),
            price_minor=9000, currency="EUR", attributes={"colour": colour},
        )
        for place, colour in enumerate(("black", "black", "red"))
    ]  # fmt: skip
    return [*named, *tents, *lanterns, dome, Product("bare", "Camp tent without anything else")]


def orders() -> Iterator[Interaction]:
    for number in range(len(BASKETS) * COPIES):
        for place, name in enumerate(BASKETS[number % len(BASKETS)]):
            at = NOW - timedelta(hours=number + 2) + timedelta(minutes=place)
            yield Interaction(EventType.PURCHASE, at, user=f"u{number}", session=f"s{number}", product=name)


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory,
    settings_for: Callable[[Path], Settings],
    publish: Callable[[Runtime], None],
) -> Iterator[Runtime]:
    with open_runtime(settings_for(tmp_path_factory.mktemp("similar"))) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, goods())
            record_events(session, list(orders()), unknown_products="refuse", now=NOW)
        index_stale(runtime.outbox)
        publish(runtime)
        yield runtime


@pytest.fixture(scope="module")
def client(shop: Runtime) -> Iterator[TestClient]:
    with TestClient(create_app(shop), raise_server_exceptions=False) as client:
        yield client


def similar(client: TestClient, product: str = "tent", **wanted: Any) -> dict[str, Any]:
    answer = client.get(f"/v1/similar/{product}", params=wanted)
    assert answer.status_code == 200, answer.text
    SimilarOut.model_validate(answer.json())
    body: dict[str, Any] = answer.json()
    return body


def ids(body: dict[str, Any]) -> list[str]:
    return [item["id"] for item in body["items"]]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_gives_a_full_answer_without_the_product_and_its_variants(client: TestClient, mode: str) -> None:
    body = similar(client, mode=mode, n=4, user="u1")
    assert (body["mode"], len(body["items"]), body["shortfall"]) == (mode, 4, None)
    assert not {"tent", "tent-red", "tent-blue"} & set(ids(body))


@pytest.mark.parametrize("mode", ["also_viewed", "also_bought"])
def test_before_the_first_release_it_is_what_resembles_the_product_and_says_so(reading: TestClient, mode: str) -> None:
    body = similar(reading, "mug-1", mode=mode, n=4)
    assert ids(body) == ids(similar(reading, "mug-1", n=4))
    assert body["fallback"] == {
        "level": "content",
        "reason": f"mode {mode}: nothing has been learned from what people do yet, no release is live; "
        "these resemble the product",
    }
    assert {item["level"] for item in body["items"]} == {"content"}


def test_what_was_bought_together_comes_first_and_the_rest_says_what_it_is(client: TestClient) -> None:
    body = similar(client, mode="also_bought", n=5, explain=True)
    assert set(ids(body)[:2]) == {"stove", "lamp"}
    assert [item["source"] for item in body["items"][:3]] == ["association", "association", "text"]
    assert body["items"][0]["reason"] == "Often bought with Camp tent"
    told = body["fallback"]["reason"]
    assert told == "mode also_bought: 2 found that may be shown; the others resemble the product"
    for item in body["items"]:
        assert sum(item["contributions"].values()) == pytest.approx(item["score"])
    scores = [item["score"] for item in body["items"]]
    assert min(scores[:2]) > max(scores[2:])


def test_a_mode_that_finds_enough_has_nothing_to_excuse(client: TestClient) -> None:
    body = similar(client, mode="also_bought", n=2)
    assert (set(ids(body)), body["fallback"]) == ({"stove", "lamp"}, None)


def test_a_product_without_a_rule_gets_another_answer_and_its_reason(client: TestClient) -> None:
    body = similar(client, "mat", mode="also_bought", n=3)
    assert body["fallback"]["reason"] == (
        "mode also_bought: nothing that may be shown is known to go with this product; these resemble the product"
    )


def test_a_shop_without_an_image_model_says_that_it_cannot_compare_pictures(client: TestClient) -> None:
    body = similar(client, mode="visual", n=3)
    assert body["fallback"]["reason"] == "mode visual: this shop has no image model; these resemble the product"


def test_a_product_without_a_picture_says_so(shop: Runtime) -> None:
    class Pictures:
        def coverage(self, text: str) -> float:
            return 0.0

    encoders = replace(shop.services.encoders, image=Pictures())  # type: ignore[arg-type]
    store = shop.services.store

    class NoPictures:
        def retrieve(self, collection: str, ids: list[int], **asked: Any) -> Any:
            return store.retrieve(collection, ids, vectors=("text",))

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

    services = replace(shop.services, encoders=encoders, store=NoPictures())  # type: ignore[arg-type]
    slate = recommend(services, Request("similar", "r", "default", product="tent", mode="visual", n=3))
    assert slate.fallback == (
        "mode visual: there is no picture of the product, or none that could be read; these resemble the product"
    )
    assert len(slate.items) == 3


def test_what_goes_together_is_another_kind_of_thing(client: TestClient) -> None:
    body = similar(client, mode="complementary", n=5)
    assert set(ids(body)[:2]) == {"stove", "lamp"}
    assert all(item["category"][-1:] != ["Tents"] for item in body["items"])
    bare = similar(client, "bare", mode="complementary", n=3)
    assert len(bare["items"]) == 3
    assert "the product has no category of its own, so others were not chosen by that" in bare["fallback"]["reason"]


def test_the_mode_for_somebody_needs_to_know_who(client: TestClient) -> None:
    nobody, unknown = similar(client, mode="for_user", n=3), similar(client, mode="for_user", n=3, user="nobody")
    assert ids(nobody) == ids(unknown) == ids(similar(client, n=3))
    assert nobody["fallback"] == {
        "level": "content",
        "reason": "mode for_user: nobody is named whose taste could count, send `user` or `session`",
    }
    assert unknown["fallback"]["reason"] == "mode for_user: nothing is known of this user yet"
    known = similar(client, mode="for_user", n=5, user="u2", explain=True)  # bought soap
    assert known["fallback"] is None
    assert any("affinity" in item["contributions"] for item in known["items"])


def test_price_brand_and_category_can_be_like_those_of_the_product_or_not(client: TestClient) -> None:
    everything = similar(client, n=20)["items"]  # the tent costs 10 EUR, is made by Alba and is one of the tents

    def kept(**wanted: Any) -> set[str]:
        return set(ids(similar(client, n=20, **wanted)))

    def those(test: Callable[[dict[str, Any]], bool]) -> set[str]:
        return {item["id"] for item in everything if test(item)}

    assert kept(price_band=0.1) == those(lambda item: item["price"] is not None and 9 <= item["price"] <= 11)
    assert kept(same_price_band=True) == those(lambda item: item["price"] is not None and 7.5 <= item["price"] <= 12.5)
    assert kept(same_brand=True) == those(lambda item: item["brand"] == "Alba")
    assert kept(same_brand=False) == those(lambda item: item["brand"] != "Alba")
    assert kept(same_category=True) == {"dome"}
    assert kept(same_category=False, max_price=12, brand="Alba") == {"lamp"}
    posted = client.post("/v1/similar/tent", json={"price_band": 0.1, "same_brand": False, "n": 20}).json()
    assert set(ids(posted)) == kept(price_band=0.1, same_brand=False)


def test_what_the_product_does_not_have_itself_is_left_out_and_said(client: TestClient) -> None:
    body = similar(client, "bare", n=3, price_band=0.2, same_brand=True)
    assert ids(body) == ids(similar(client, "bare", n=3))
    assert body["fallback"]["reason"] == (
        "the product has no brand of its own, so others were not chosen by that; "
        "the product has no price of its own, so others were not chosen by that"
    )


def test_all_variants_are_shown_where_they_are_asked_for(client: TestClient) -> None:
    assert {"tent-red", "tent-blue"} <= set(ids(similar(client, n=20, all_variants=True)))
    body = similar(client, "stove", n=20)
    assert len({"tent", "tent-red", "tent-blue"} & set(ids(body))) == 1
    asked = {"surface": "similar", "anchor": "tent", "product": "tent-red"}
    why = client.post("/v1/explain", json=asked).json()
    assert (why["cause"], why["shown"]) == ("variant", False)
    assert client.post("/v1/explain", json=asked | {"all_variants": True}).json()["cause"] == "shown"
    why = client.post("/v1/explain", json=asked | {"product": "dome", "mode": "complementary"}).json()
    assert (why["cause"], why["says"][:26]) == ("filtered", "its price, brand or catego")


def test_a_name_that_two_products_have_in_one_colour_makes_no_variants(client: TestClient) -> None:
    assert {"lantern-0", "lantern-1", "lantern-2"} <= set(ids(similar(client, "stove", n=20)))
    assert {"lantern-1", "lantern-2"} <= set(ids(similar(client, "lantern-0", n=20)))


@pytest.mark.parametrize(
    ("wanted", "code", "says"),
    [
        ({"mode": "bogus"}, "unknown_mode", "choose one of: similar, visual, for_user, also_viewed"),
        ({"price_band": 0}, "invalid_request", "price_band"),
        ({"price_band": "nan"}, "invalid_request", "price_band"),
        ({"price_band": 11}, "invalid_request", "price_band"),
        ({"same_brand": "perhaps"}, "invalid_request", "same_brand"),
        ({"mode": "x" * 1000}, "invalid_request", "mode"),
    ],
)
def test_impossible_wishes_are_refused_in_both_ways(
    client: TestClient, wanted: dict[str, Any], code: str, says: str
) -> None:
    for answer in (client.get("/v1/similar/tent", params=wanted), client.post("/v1/similar/tent", json=wanted)):
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert says in answer.text


def test_a_shop_may_add_a_mode_of_its_own_and_a_wrong_one_is_refused_at_once(shop: Runtime, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[similar_modes.dearer]\nprice_band = 0.1\nsame_brand = false\nchanges = { n = 2 }\n")
    services = replace(shop.services, params=load_params(own))
    slate = recommend(services, Request("similar", "r", "default", product="tent", mode="dearer"))
    assert len(slate.items) == 1  # the stove alone is of Quill and within 10 %
    for wrong, says in (
        ("changes = { m = 2 }", "similar_modes.x: m"),
        ("changes = { weights = { telepathy = 1.0 } }", "telepathy"),
        ("weights = { telepathy = 1.0 }", "telepathy"),
        ('then = ["nowhere"]', "there is no mode 'nowhere'"),
        ("price_band = -1", "price_band"),
    ):
        own.write_text(f"[similar_modes.x]\n{wrong}\n")
        with pytest.raises(ConfigurationError, match=says):
            load_params(own)


def test_experiments_change_what_a_mode_has_set_and_the_request_has_the_last_word(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    changes = "changes = { weights = { image = 0.5 }, mmr_lambda = 0.3 }"
    arm = f"variants = {{ a = {{ share = 0.5, {changes} }}, b = {{ share = 0.5, {changes} }} }}"
    own.write_text(f'[experiments.x]\nsurfaces = ["similar"]\n{arm}\n')
    params = load_params(own)
    visual = assign(params, "similar", visitor="user:1", mode="visual").surface
    assert (visual.weights["text"], visual.weights["image"], visual.mmr_lambda) == (0.0, 0.5, 0.3)
    asked = assign(params, "similar", visitor="user:1", mode="visual", weights={"image": 2.0}, all_variants=True)
    assert (asked.surface.weights["image"], asked.surface.one_per_group, asked.behind) == (2.0, False, ())


def test_a_request_can_be_asked_again_as_it_was(client: TestClient, shop: Runtime) -> None:
    request = Request(
        "similar", "r", "default", product="tent", mode="also_bought", all_variants=True,
        near=shop.params.similar_modes["complementary"].near,
    )  # fmt: skip
    shown = Impression(
        "r", "default", "similar", None, {}, None, None, None, NOW, "content", (), asked=asked_of(request)
    )
    assert request_again(shown, shop.fields) == request
