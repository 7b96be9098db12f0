"""Profile `fullstack`: what its description states, statement by statement, fed and asked through its own API."""

import base64
import io
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr
from starlette.testclient import TestClient

from config.params import Params, load_params
from config.profile import profile_file
from config.settings import Settings
from indexer.release.build import build_release
from indexer.release.publish import Publisher, publish_release
from indexer.sync import index_stale
from service.api.compat.fullstack_ids import ids_of, numbers_of, own_number
from service.api.compat.fullstack_schemas import CatalogueProduct, RecommendationResponse
from service.app import create_app
from service.core.impression import Impression
from service.core.types import Product
from service.runtime import Runtime, open_runtime
from service.signals import SIGNALS
from service.store.catalog import get_product, list_products, upsert_products
from service.store.events import user_events
from service.store.impressions import impressions_of_request
from tests.model_server import KEY, ModelServer, Then, as_json, model_server, says
from tests.proxy import Fault, Proxy, running_proxy
from tests.redis_server import running_redis

PARAMS = load_params(profile_file("fullstack"), signals=frozenset(SIGNALS))
WEIGHTS = {"collaborative": 0.35, "content_based": 0.30, "neural": 0.25, "contextual": 0.10}
KINDS = {("Home", "Kitchen"): "Mug", ("Home", "Lighting"): "Lamp", ("Bags",): "Backpack", ("Shoes",): "Sneaker"}
COLOURS = ("Red", "Blue", "Green", "White", "Black", "Brown", "Pink", "Grey", "Orange", "Purple", "Yellow", "Navy")
NOW = datetime.now(UTC)


def picture(colour: str, kind: int) -> str:
    """A square of a colour with a bar, where a kind has it, as a data: URL."""
    image = Image.new("RGB", (64, 64), "white")
    image.paste(colour.lower(), (8, 8, 56, 56))
    image.paste("black", (8, 8 + 12 * kind, 56, 14 + 12 * kind))
    image.save(stream := io.BytesIO(), "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def products() -> list[Product]:
    """12 of each kind; the first six of each have numbers of the shop's own, the others names."""
    return [
        Product(
            str(100 * (place + 1) + number) if number < 6 else f"{name.lower()}-{number}",
            f"{colour} {name}",
            description=f"A {colour.lower()} {name.lower()} for every day.",
            brand=("Alba", "Quill")[number % 2],
            category=category,
            price_minor=1000 + 100 * number,
            currency="EUR",
            rating=4.0,
            image=picture(colour, place),
            tags=("gift",),
            attributes={"colour": colour.lower()},
            created_at=datetime(2026, 1, number + 1, tzinfo=UTC),
        )
        for place, (category, name) in enumerate(KINDS.items())
        for number, colour in enumerate(COLOURS)
    ]


@dataclass
class Shop:
    """The profile's own API, with a clock that can be turned, and a redis where there is one."""

    http: Any
    runtime: Runtime
    at: datetime = NOW

    def ask(self, user: str = "somebody", *, limit: int | None = None, session: str = "", **behaviour: Any) -> Any:
        told = {"viewed": [], "purchased": [], "recent_views": []} | behaviour
        body = {"user_behavior": {"user_id": user, "session_id": session, **told}}
        answer = self.http.post("/api/recommendations", json=body if limit is None else body | {"limit": limit})
        assert answer.status_code == 200, answer.text
        RecommendationResponse.model_validate(answer.json())
        return answer

    def recommended(self, user: str = "somebody", **asked: Any) -> list[Any]:
        return list(self.ask(user, **asked).json()["recommendations"])

    def track(self, user: str, number: int, kind: str, **more: str) -> None:
        asked = {"user_id": user, "product_id": number, "interaction_type": kind, **more}
        answer = self.http.post("/api/track-interaction", params=asked)
        assert (answer.status_code, answer.json()) == (200, {"status": "tracked"}), answer.text

    def number(self, id: str) -> int:
        with self.runtime.database.session() as session:
            stored = get_product(session, "default", id)
            return numbers_of(session, "default", [stored])[stored.id]

    def numbers(self, kind: str) -> list[int]:
        return [self.number(one.external_id) for one in products() if one.name.endswith(kind)]

    def logged(self, request_id: str) -> Impression:
        """What was shown; written behind the answer."""
        for _ in range(200):
            with self.runtime.database.session() as session:
                if found := impressions_of_request(session, "default", request_id):
                    return found[0]
            time.sleep(0.05)
        raise AssertionError("it was never logged")

    def most(self, items: list[Any]) -> str:
        """The kind of at least four of five; whom the bandit tries is different in each run."""
        ((kind, count),) = Counter(item["product_name"].split()[-1] for item in items).most_common(1)
        assert count >= 0.8 * len(items), items
        return str(kind)


@contextmanager
def redis_url() -> Iterator[SecretStr | None]:
    if shutil.which("redis-server") is None:
        yield None
        return
    with running_redis() as server:
        yield SecretStr(server.url)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings]) -> Iterator[Shop]:
    with redis_url() as redis:
        changes = {"profile": "fullstack", "background": "off", "image_model": "bundled", "redis_url": redis}
        settings = settings_for(tmp_path_factory.mktemp("fullstack")).model_copy(update=changes)
        with open_runtime(settings) as runtime:
            with runtime.database.session() as session:
                upsert_products(session, products())
            index_stale(runtime.outbox)
            shop = Shop(None, runtime)
            app = create_app(runtime, clock=lambda: shop.at)
            with TestClient(app, raise_server_exceptions=False) as shop.http:
                feed(shop)
                train(runtime)
                runtime.count_popular()
                yield shop


def feed(shop: Shop) -> None:
    """40 shoppers who each keep to one kind; anna likes mugs."""
    numbers = {kind: shop.numbers(kind) for kind in KINDS.values()}
    shop.at = NOW - timedelta(days=2)
    for user in range(40):
        own = numbers[list(KINDS.values())[user % 4]]
        for step, kind in enumerate(("view", "click", "like", "purchase", "view", "view")):
            shop.track(f"u{user}", own[(user // 4 + 2 * step) % 12], kind)
    shop.at = datetime.now(UTC)
    for step, kind in enumerate(("view", "purchase")):
        shop.track("anna", numbers["Mug"][step], kind)


def train(runtime: Runtime) -> None:
    checks = runtime.params.training.checks.model_copy(update={"sample": 5, "held_out_share": 0.0})
    training = runtime.params.training.model_copy(update={"checks": checks})
    folder = runtime.settings.releases_dir
    made = build_release(runtime.database, runtime.params.model_copy(update={"training": training}), folder)
    publisher = Publisher(runtime.database, runtime.store, folder, runtime.fields, checks)
    assert publish_release(publisher, made).status == "live"


def label(score: float) -> str:
    return "Very High" if score > 0.7 else "High" if score > 0.5 else "Medium" if score > 0.3 else "Exploratory"


def the_answer_has_every_field(shop: Shop) -> None:
    answer = shop.ask("anna").json()
    assert list(answer) == ["recommendations", "user_insight", "timestamp", "model_version"]
    for item in answer["recommendations"]:
        assert list(item) == [
            "product_id", "product_name", "score", "confidence", "explanation", "algorithm_breakdown",
        ]  # fmt: skip
        assert type(item["product_id"]) is int
        assert item["explanation"]
        assert list(item["algorithm_breakdown"]) == list(WEIGHTS)
    assert answer["user_insight"]


def five_by_default(shop: Shop) -> None:
    assert len(shop.recommended("anna")) == 5
    assert [len(shop.recommended("anna", limit=limit)) for limit in (1, 7, 40)] == [1, 7, 40]


def the_score_is_the_weighted_sum(shop: Shop) -> None:
    for user in ("anna", "u3", "nobody"):
        for item in shop.recommended(user, limit=40, recent_views=["Shoes"]):
            parts = item["algorithm_breakdown"]
            assert item["score"] == pytest.approx(sum(WEIGHTS[part] * parts[part] for part in WEIGHTS), abs=3e-6)


def best_first(shop: Shop) -> None:
    scores = [item["score"] for item in shop.recommended("anna", limit=46)]
    assert scores == sorted(scores, reverse=True)


def each_part_spans_nought_to_one(shop: Shop) -> None:
    """Over all that may be shown: what anna saw and bought is a candidate too, and may have the 1 or the 0."""
    items = shop.recommended("anna", limit=46)
    for part in WEIGHTS:
        values = [item["algorithm_breakdown"][part] for item in items]
        assert all(0 <= value <= 1 for value in values), part
        assert max(values) > 0.6, part
        assert min(values) < 0.2, part


def labels_by_its_thresholds(shop: Shop) -> None:
    found = {user: shop.recommended(user, limit=40) for user in ("anna", "u1", "nobody")}
    assert all(item["confidence"] == label(item["score"]) for items in found.values() for item in items)
    assert {item["confidence"] for items in found.values() for item in items} >= {"High", "Medium", "Exploratory"}
    assert {item["confidence"] for item in found["nobody"]} == {"Exploratory"}


def somebody_is_recommended_their_kind(shop: Shop) -> None:
    assert shop.most(shop.recommended("anna")) == "Mug"
    by_others = sorted(
        shop.recommended("anna", limit=46), key=lambda item: -item["algorithm_breakdown"]["collaborative"]
    )
    assert {item["product_name"].split()[-1] for item in by_others[:3]} == {"Mug"}


def texts_and_pictures_are_the_neural_part(shop: Shop) -> None:
    request = {"user": "anna", "n": 46, "explain": True}
    items = shop.http.post("/v1/home", json=request).json()["items"]
    both = [item["signals"] for item in items if {"text", "image"} <= item["signals"].keys()]
    assert len(both) == len(items) == 46  # every product has a score of both
    assert {(one["text"]["weight"], one["image"]["weight"]) for one in both} == {(0.125, 0.125)}


def told_behaviour_counts_though_it_was_never_stored(shop: Shop) -> None:
    lamps = shop.numbers("Lamp")[:3]
    assert shop.most(shop.recommended("told", viewed=lamps)) == "Lamp"
    assert shop.most(shop.recommended("told", purchased=lamps)) == "Lamp"
    content = [item["algorithm_breakdown"]["content_based"] for item in shop.recommended("told", viewed=lamps)]
    assert max(content) == 1.0
    assert shop.http.get("/v1/users/told").status_code == 404


def categories_looked_at_count(shop: Shop) -> None:
    for names in (["Shoes"], ["shoes"], ["Nonsense", "Shoes"]):
        assert shop.most(shop.recommended("told", recent_views=names)) == "Sneaker"
    assert shop.most(shop.recommended("told", recent_views=["Home > Lighting"])) == "Lamp"


def the_newest_said_most(shop: Shop) -> None:
    blue_lamp, blue_bag = shop.numbers("Lamp")[1], shop.numbers("Backpack")[1]
    for viewed, newer, older in (
        ([blue_lamp, blue_bag], "Backpack", "Lamp"),
        ([blue_bag, blue_lamp], "Lamp", "Backpack"),
    ):
        items = {
            item["product_name"]: item["algorithm_breakdown"]
            for item in shop.recommended("told", viewed=viewed, limit=46)
        }
        assert items[f"Green {newer}"]["content_based"] > items[f"Green {older}"]["content_based"] > 0


def explanations_refer_to_what_was_done(shop: Shop) -> None:
    lamp, bag = shop.numbers("Lamp")[1], shop.numbers("Backpack")[2]
    viewed, bought = shop.ask("told", viewed=[lamp], limit=10), shop.ask("told", purchased=[bag], limit=10)
    for answer, why in ((viewed, "Because you viewed Blue Lamp"), (bought, "Because you bought Green Backpack")):
        assert sum(item["explanation"] == why for item in answer.json()["recommendations"]) > 3
    assert viewed.json()["user_insight"] == "Several of these go with Blue Lamp"


def unknown_products_and_users_are_no_error(shop: Shop) -> None:
    lamps = shop.numbers("Lamp")[:2]
    plain = shop.recommended("told", viewed=lamps)
    assert shop.recommended("told", viewed=[999_999, *lamps, -5], purchased=[10**15]) == plain
    assert len(shop.recommended("who-is-that")) == 5
    assert len(shop.recommended("")) == 5


def what_was_seen_or_bought_does_not_come_again(shop: Shop) -> None:
    mugs = shop.numbers("Mug")
    shown = [item["product_id"] for item in shop.recommended("anna", limit=46, viewed=mugs[2:4], purchased=mugs[4:6])]
    assert not set(mugs[:6]).intersection(shown)
    assert len(shown) == len(set(shown)) == 42


def a_session_remembers(shop: Shop) -> None:
    bags = shop.numbers("Backpack")[:2]
    first = shop.recommended("", session="s1", viewed=bags, recent_views=["Bags"])
    assert shop.recommended("", session="s1") == first
    assert shop.recommended("", session="s2") != first
    assert (shop.runtime.redis is not None) == (shutil.which("redis-server") is not None)


def a_number_in_an_answer_comes_back(shop: Shop) -> None:
    with shop.runtime.database.session() as session:
        stored, _ = list_products(session, "default", filter=None, sort="id", after=None, limit=100)
        numbers = numbers_of(session, "default", stored)
        back = ids_of(session, "default", numbers.values())
    assert len(set(numbers.values())) == len(stored) == 48
    assert all(back[numbers[one.id]] == one.product.external_id for one in stored)
    assert all(own_number(one.product.external_id) in (None, numbers[one.id]) for one in stored)


def every_type_is_tracked(shop: Shop) -> None:
    for place, kind in enumerate(("view", "click", "purchase", "like")):
        shop.track("tracked", shop.numbers("Lamp")[place], kind, session_id="t1")
    body = {"user_id": "tracked", "product_id": shop.numbers("Sneaker")[11], "interaction_type": "view"}
    assert shop.http.post("/api/track-interaction", json=body).json() == {"status": "tracked"}
    with shop.runtime.database.session() as session:
        events = [one.interaction for one in user_events(session, "default", "tracked", days=1, limit=9, now=NOW)]
    assert [str(event.type) for event in events] == ["view", "wishlist", "purchase", "click", "view"]
    assert events[0].product == "sneaker-11"


def a_click_counts_in_the_next_answer(shop: Shop) -> None:
    assert {item["algorithm_breakdown"]["content_based"] for item in shop.recommended("quick")} == {0.0}
    shop.track("quick", shop.numbers("Sneaker")[0], "click")
    first = shop.recommended("quick")[0]
    assert "Sneaker" in first["product_name"]
    assert first["score"] > 0.5


def products_as_the_table_has_them(shop: Shop) -> None:
    answer = shop.http.get("/api/products", params={"limit": 1000})
    assert answer.headers["X-Total-Count"] == "48"
    found = [CatalogueProduct.model_validate(one).model_dump() for one in answer.json()]
    assert list(answer.json()[0]) == list(CatalogueProduct.model_fields)
    mug = next(one for one in found if one["sku"] == "100")
    assert (mug["product_id"], mug["name"], mug["category"]) == (100, "Red Mug", "Home > Kitchen")
    assert (mug["price"], mug["rating"], mug["tags"]) == (10.0, 4.0, ["gift"])
    assert mug["features"] == {"brand": "Alba", "colour": "red"}
    assert max(one["popularity"] for one in found) == 100
    assert min(one["popularity"] for one in found) >= 0


def products_by_page_and_category(shop: Shop) -> None:
    def page(**asked: Any) -> list[str]:
        return [one["sku"] for one in shop.http.get("/api/products", params=asked).json()]

    everything = page(limit=1000)
    assert page(limit=20) + page(limit=20, offset=20) + page(limit=20, offset=40) == everything
    assert page() == everything  # 100 by default
    assert page(offset=1000) == []
    assert len(page(category="Home")) == 24
    assert len(page(category="kitchen")) == 12
    assert page(category="nothing") == []


def health_is_as_stated(shop: Shop) -> None:
    answer = shop.http.get("/health")
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ("status", "service")} == {
        "status": "healthy", "service": "recommender-api",
    }  # fmt: skip


def the_version_is_that_of_the_release(shop: Shop) -> None:
    live = shop.http.get("/v1/home", params={"user": "anna"}).json()["release"]
    assert shop.ask("anna").json()["model_version"] == live


def the_timestamp_is_now(shop: Shop) -> None:
    shop.at = datetime.now(UTC)
    assert datetime.fromisoformat(shop.ask("anna").json()["timestamp"]) == shop.at


def what_was_recommended_is_logged_with_its_version_and_its_click(shop: Shop) -> None:
    answer = shop.ask("judge", limit=3, viewed=shop.numbers("Mug")[:2])
    request_id, shown = answer.headers["X-Request-Id"], answer.json()
    liked = shown["recommendations"][1]["product_id"]
    shop.track("judge", liked, "like", request_id=request_id)
    logged = shop.logged(request_id)
    with shop.runtime.database.session() as session:
        clicked = user_events(session, "default", "judge", days=1, limit=1, now=NOW)[0].interaction
    assert (logged.user, logged.release) == ("judge", shown["model_version"])
    assert [item.score for item in logged.items] == pytest.approx(
        [i["score"] for i in shown["recommendations"]], abs=1e-5
    )
    assert (clicked.request_id, shop.number(str(clicked.product))) == (request_id, liked)
    assert liked not in [item["product_id"] for item in shop.recommended("judge", limit=40)]
    assert all(item.propensity == 1.0 for item in logged.items)  # given the scores, the bandit's draw among them


def the_bandit_is_no_dice(shop: Shop) -> None:
    def contextual(user: str) -> dict[int, float]:
        items = shop.recommended(user, limit=48)
        return {item["product_id"]: item["algorithm_breakdown"]["contextual"] for item in items}

    assert contextual("who-1") == contextual("who-1")
    assert contextual("who-1") != contextual("who-2")
    assert len(set(contextual("who-1").values())) > 40  # every product has a draw of its own


def nmf_and_others_are_one_line(shop: Shop) -> None:
    assert (PARAMS.training.factoriser, PARAMS.training.dimensions) == ("nmf", 50)
    from service.store.releases import live_release

    with shop.runtime.database.session() as session:
        release = live_release(session)
    assert release is not None
    assert release.manifest["parameters"]["factoriser"] == "nmf"


def weights_and_schedules_are_those_stated(_: Shop) -> None:
    weights = {name: weight for name, weight in PARAMS.surfaces["home"].weights.items() if weight}
    assert weights == {"cf": 0.35, "tfidf": 0.3, "text": 0.125, "image": 0.125, "bandit": 0.1}
    schedule = PARAMS.schedule
    assert (schedule.training_s, schedule.embeddings_s, schedule.content_s) == (86_400, 6 * 3600, 7 * 86_400)


def the_page_under_development_may_call(shop: Shop) -> None:
    def preflight(origin: str) -> Any:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        return shop.http.options("/api/recommendations", headers=asked).headers

    allowed = preflight("http://localhost:5173")
    assert allowed["access-control-allow-origin"] == "http://localhost:5173"
    assert allowed["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in preflight("http://localhost:5174")


def open_pages_are_told(shop: Shop) -> None:
    told = []
    with suppress(CancelledError), shop.http.websocket_connect("/ws") as page:  # how the test client hangs up
        page.send_json({"type": "subscribe", "topics": ["feed"], "user": "watched"})
        told += [page.receive_json(), page.receive_json()]
        shop.track("watched", shop.numbers("Mug")[3], "view")
        told.append(page.receive_json())
    assert [message["type"] for message in told] == ["subscribed", "feed", "feed"]
    assert (told[2]["refresh"], told[2]["reason"]) == (True, "events")


def the_native_api_gives_the_same_order(shop: Shop) -> None:
    lamps = [one.external_id for one in products() if one.name.endswith("Lamp")][:2]
    told = {"history": [{"type": "view", "product": id} for id in lamps], "categories": ["Shoes"]}
    for user, extra in (("anna", {}), ("u7", {}), ("nobody", {}), ("told", told)):
        native = shop.http.post("/v1/home", json={"user": user, "n": 30, "explain": True, **extra}).json()["items"]
        behaviour = {"viewed": [shop.number(id) for id in lamps], "recent_views": ["Shoes"]} if extra else {}
        items = shop.recommended(user, limit=30, **behaviour)
        assert [item["product_name"] for item in items] == [item["name"] for item in native]
        assert [item["score"] for item in items] == pytest.approx([item["score"] for item in native], abs=1e-6)
        assert [item["explanation"] for item in items] == [item["reason"] for item in native]


STATEMENTS = {
    "POST /api/recommendations: the response model": the_answer_has_every_field,
    "limit: int = 5": five_by_default,
    ".35 cf + .30 content + .25 neural + .10 bandit": the_score_is_the_weighted_sum,
    "argsort(final_scores)[::-1][:limit]": best_first,
    "parts are comparable: each is 0 to 1": each_part_spans_nought_to_one,
    ">.7 Very High, >.5 High, >.3 Medium, else Exploratory": labels_by_its_thresholds,
    "collaborative filtering by a trained factorisation": somebody_is_recommended_their_kind,
    "neural: text and image vectors": texts_and_pictures_are_the_neural_part,
    "behaviour in the request: viewed, purchased": told_behaviour_counts_though_it_was_never_stored,
    "recent_views: category names": categories_looked_at_count,
    "preference vector from history (newest most)": the_newest_said_most,
    "explanation: reference their behavior; user_insight": explanations_refer_to_what_was_done,
    "unknown users and products (not described)": unknown_products_and_users_are_no_error,
    "what was dealt with is not recommended (not described)": what_was_seen_or_bought_does_not_come_again,
    "User session data: in-memory (Redis)": a_session_remembers,
    "product_id: int": a_number_in_an_answer_comes_back,
    "POST /api/track-interaction -> {'status': 'tracked'}": every_type_is_tracked,
    "immediate recommendations": a_click_counts_in_the_next_answer,
    "GET /api/products: the products table": products_as_the_table_has_them,
    "GET /api/products: get_all_products, in pages": products_by_page_and_category,
    "GET /health": health_is_as_stated,
    "model_version": the_version_is_that_of_the_release,
    "timestamp": the_timestamp_is_now,
    "recommendations_log (for A/B testing)": what_was_recommended_is_logged_with_its_version_and_its_click,
    "contextual bandit (exploration-exploitation)": the_bandit_is_no_dice,
    "NMF(n_components=50)": nmf_and_others_are_one_line,
    "weights; CF daily, embeddings 6 h, content weekly": weights_and_schedules_are_those_stated,
    "CORS for http://localhost:5173 with credentials": the_page_under_development_may_call,
    "REST API / WebSocket: real-time updates": open_pages_are_told,
    "one engine: native API and profile agree": the_native_api_gives_the_same_order,
}


@pytest.mark.parametrize("check", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_what_the_description_states_holds(shop: Shop, check: Callable[[Shop], None]) -> None:
    check(shop)


def asked(**changes: Any) -> dict[str, Any]:
    """A request with some values changed; those of None are left out."""
    behaviour = {"user_id": "u1", "viewed": [], "purchased": [], "recent_views": [], "session_id": "s"}
    body = {"user_behavior": behaviour, **{key: value for key, value in changes.items() if key not in behaviour}}
    behaviour |= {key: value for key, value in changes.items() if key in behaviour}
    body["user_behavior"] = {key: value for key, value in behaviour.items() if value is not None}
    return body


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 422),
        ("", 422),
        ("{", 422),
        ("[]", 422),
        ("{}", 422),
        ({"user_behavior": None}, 422),
        ({"user_behavior": {}}, 422),
        *((asked(**{name: None}), 422) for name in ("user_id", "viewed", "purchased", "recent_views", "session_id")),
        (asked(user_id=7), 422),
        (asked(user_id="x" * 129), 422),
        (asked(user_id="a\x00b"), 422),
        (asked(user_id="' OR 1=1--"), 200),
        (asked(user_id=""), 200),
        (asked(session_id=""), 200),
        (asked(viewed="1"), 422),
        (asked(viewed=["mug"]), 422),
        (asked(viewed=[1.5]), 422),
        (asked(viewed=[None]), 422),
        (asked(viewed=[10**40]), 422),
        (asked(viewed=[2**53 - 1, -(2**53 - 1), 0]), 200),
        (asked(viewed=list(range(1001))), 422),
        (asked(viewed=[100] * 1000), 200),
        (asked(recent_views=[1]), 422),
        (asked(recent_views=["", "   ", "x" * 500]), 200),
        (asked(recent_views=["x" * 501]), 422),
        (asked(recent_views=["a\x00"]), 422),
        (asked(limit=0), 422),
        (asked(limit=-1), 422),
        (asked(limit=101), 422),
        (asked(limit=10**30), 422),
        (asked(limit="many"), 422),
        (asked(limit=100), 200),
        (asked(context=[]), 422),
        (asked(context={"weather": {"rain": [1, 2]}}), 200),
        (asked(unknown_field=1), 200),
    ],
)
def test_what_cannot_be_recommended_for_is_refused(shop: Shop, body: Any, status: int) -> None:
    sent = body if body is None or isinstance(body, str) else json.dumps(body)
    answer = shop.http.post("/api/recommendations", content=sent, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("params", "body", "status"),
    [
        ({}, None, 422),
        ({"user_id": "u", "product_id": 100}, None, 422),
        ({"user_id": "u", "product_id": 100, "interaction_type": "stare"}, None, 422),
        ({"user_id": "u", "product_id": "mug", "interaction_type": "view"}, None, 422),
        ({"user_id": "", "product_id": 100, "interaction_type": "view"}, None, 422),
        ({"user_id": "x" * 200, "product_id": 100, "interaction_type": "view"}, None, 422),
        ({"user_id": "u", "product_id": 10**30, "interaction_type": "view"}, None, 422),
        ({"user_id": "u", "product_id": -777, "interaction_type": "view"}, None, 404),
        ({"user_id": "u", "product_id": 777_777, "interaction_type": "view"}, None, 200),  # it may come yet
        ({"user_id": "u", "product_id": 100, "interaction_type": "view", "request_id": "a b"}, None, 422),
        ({}, "[]", 422),
        ({}, "{", 422),
        ({}, '{"user_id": "u", "product_id": "x", "interaction_type": "view"}', 422),
        ({}, '{"user_id": "u", "product_id": 100, "interaction_type": null}', 422),
        ({"interaction_type": "view"}, '{"user_id": "u", "product_id": 100}', 200),
    ],
)
def test_what_cannot_be_tracked_is_refused(shop: Shop, params: Any, body: str | None, status: int) -> None:
    headers = {} if body is None else {"content-type": "application/json"}
    answer = shop.http.post("/api/track-interaction", params=params, content=body, headers=headers)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "offset=-1", f"offset={10**30}", "category=a%00b", "category=" + "x" * 501],
)
def test_pages_that_cannot_be_are_refused(shop: Shop, query: str) -> None:
    assert shop.http.get(f"/api/products?{query}").status_code == 422


def test_a_number_taken_by_another_products_own_id_is_given_with_a_minus(shop: Shop) -> None:
    """The product whose internal id is 100 would be told apart from the one that is called 100 by its sign."""
    with shop.runtime.database.session() as session:
        named = next(one for one in list_products(session, "default", filter=None, sort="id", after=None, limit=48)[0]
                     if own_number(one.product.external_id) is None)  # fmt: skip
        plain = numbers_of(session, "default", [named])[named.id]
        upsert_products(session, [replace(named.product, external_id=str(named.id), name="Taken", visible=False)])
        assert (plain, numbers_of(session, "default", [named])[named.id]) == (named.id, -named.id)
        assert ids_of(session, "default", [named.id, -named.id]) == {
            named.id: str(named.id), -named.id: named.product.external_id,
        }  # fmt: skip
        session.rollback()


def test_a_model_words_all_products_and_the_insight_in_one_call(shop: Shop) -> None:
    with model_server() as server:
        server.then(says("Picked for you", "A selection for you"))
        changes = {
            "llm_provider": "openai", "llm_model": "m", "llm_api_key": SecretStr(KEY),
            "llm_base_url": server.base_url("openai"),
        }  # fmt: skip
        runtime = replace(shop.runtime, settings=shop.runtime.settings.model_copy(update=changes))
        with TestClient(create_app(runtime)) as http:
            answer = http.post("/api/recommendations", json=asked(user_id="anna", limit=20))
        assert answer.status_code == 200
        assert len(server.calls) == 1
        assert "Picked for you" in {item["explanation"] for item in answer.json()["recommendations"]}
        assert answer.json()["user_insight"] == "A selection for you"


FAULTY: dict[str, tuple[Then, Fault]] = {
    "hangs": (Then(as_json(lambda _: "x"), wait_s=30.0), Fault.NONE),
    "writes byte by byte": (Then(as_json(lambda _: "x"), drip_s=0.1), Fault.NONE),
    "writes garbage": (Then(lambda _: "Sure! <script>alert(1)</script> \x00 {]"), Fault.NONE),
    "is no model": (Then(raw=b"\xff\xfe<html>"), Fault.NONE),
    "fails": (Then(status=500), Fault.NONE),
    "is behind a silent network": (says("x"), Fault.SILENT),
    "resets connections": (says("x"), Fault.RESET),
    "is gone": (says("x"), Fault.GONE),
}


@pytest.fixture(scope="module")
def model() -> Iterator[tuple[ModelServer, Proxy]]:
    """A language model behind a network."""
    with model_server() as server, running_proxy(("127.0.0.1", int(server.url.rpartition(":")[2]))) as proxy:
        yield server, proxy


def wait_for(happens: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def worded_by(shop: Shop, proxy: Proxy, timeout_s: float) -> Runtime:
    changes = {
        "llm_provider": "openai", "llm_model": "m", "llm_api_key": SecretStr(KEY),
        "llm_base_url": f"http://127.0.0.1:{proxy.port}/v1",
    }  # fmt: skip
    wording = shop.runtime.params.wording.model_copy(update={"timeout_s": timeout_s, "failures": 3, "rest_s": 0.05})
    return replace(
        shop.runtime,
        params=shop.runtime.params.model_copy(update={"wording": wording}),
        settings=shop.runtime.settings.model_copy(update=changes),
    )


def test_a_model_that_fails_in_any_way_costs_its_words_and_a_bounded_wait_and_is_heard_again_when_it_works(
    shop: Shop, model: tuple[ModelServer, Proxy]
) -> None:
    server, proxy = model
    with TestClient(create_app(worded_by(shop, proxy, 0.5))) as http:

        def explanations(user: str) -> list[str]:
            answer = http.post("/api/recommendations", json=asked(user_id=user, limit=10))
            assert answer.status_code == 200, answer.text
            return [item["explanation"] for item in answer.json()["recommendations"]]

        for number, (how, (then, fault)) in enumerate(FAULTY.items()):
            server.then(then)
            with proxy.fault(fault):
                began = time.monotonic()
                told = explanations(f"unlucky{number}")
                assert time.monotonic() - began < 5, how
            assert told, how
            assert all(told), how
            assert not any(one == "x" or "script" in one for one in told), how
            proxy.reset()
            server.then(says("Picked for you", f"A selection {number}"))
            wait_for(lambda number=number: "Picked for you" in explanations(f"lucky{number}-{time.monotonic_ns()}"))


def test_versions_of_an_experiment_are_told_apart_in_answers_and_in_the_log(shop: Shop) -> None:
    raw = shop.runtime.params.model_dump()
    variants = {"control": {"share": 0.5}, "no-bandit": {"share": 0.5, "changes": {"weights": {"bandit": 0.0}}}}
    raw["experiments"] = {"trial": {"surfaces": ["home"], "variants": variants}}
    params = Params.model_validate(raw)
    services = replace(shop.runtime.services, params=params)
    with TestClient(create_app(replace(shop.runtime, params=params, services=services))) as http:
        answers = [http.post("/api/recommendations", json=asked(user_id=f"e{number}")) for number in range(12)]
    release = shop.ask("anna").json()["model_version"]
    versions = {answer.headers["X-Request-Id"]: answer.json()["model_version"] for answer in answers}
    assert set(versions.values()) == {f"{release}/trial=control", f"{release}/trial=no-bandit"}
    for request_id, version in versions.items():
        logged = shop.logged(request_id)
        assert f"{logged.release}/trial={logged.arms['trial']}" == version


def test_a_factoriser_is_one_line(tmp_path: Path) -> None:
    for name in ("nmf", "lightfm", "svd", "als"):
        own = tmp_path / f"{name}.toml"
        own.write_text(f'[training]\nfactoriser = "{name}"\n')
        params: Params = load_params(profile_file("fullstack"), own)
        assert params.training.factoriser == name
