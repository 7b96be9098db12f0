"""The precision profile, statement by statement of its description: fed and asked through its own API."""

import csv
import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from config.params import Params, load_params
from config.settings import Settings
from indexer.load import load_products
from indexer.release.build import build_release
from indexer.release.publish import Publisher, publish_release
from indexer.sync import index_stale
from service.api.compat.precision_cards import Card, Home, Results, Similar
from service.app import create_app
from service.runtime import Runtime, open_runtime
from service.signals import SIGNALS
from service.store.catalog import upsert_products

INTERACTIONS = "/api/v1/interactions/interactions"
HEADER = (
    "id", "name", "main_category", "sub_category", "image", "link", "ratings", "no_of_ratings", "discount_price",
    "actual_price", "discount_ratio",
)  # fmt: skip
# the row of the description, as it stands there
EXAMPLE = (
    "AF321D06AE,SOUNDLINK Soft Silicone Ear Plugs - 2 Pcs/Box Reusable Waterproof Earplugs...,stores,Amazon Fashion,"
    "https://m.media-amazon.com/images/I/51ETdNss3VL._AC_UL320_.jpg,https://www.amazon.in/SOUNDLINK-Soft-Silicone-"
    "Ear-Plugs/dp/B075GKQCG2/ref=sr_1_6956?qid=1679212438&s=apparel&sr=1-6956,3.5,115,243.0,1240.0,0.804"
)
KINDS = {
    ("Electronics", "Audio"): ("Wired Earphones", "Wireless Earphones", "Studio Headphones", "Travel Speaker"),
    ("Electronics", "Cameras"): ("Pocket Camera", "Film Camera", "Camera Tripod", "Camera Lens"),
    ("Fashion", "Shoes"): ("Running Shoes", "Leather Shoes", "Canvas Sandals", "Winter Boots"),
    ("Fashion", "Bags"): ("Leather Backpack", "Canvas Tote", "Travel Suitcase", "Belt Pouch"),
    ("Home", "Kitchen"): ("Coffee Mug", "Tea Kettle", "Bread Knife", "Frying Pan"),
    ("Sports", "Outdoor"): ("Camping Tent", "Sleeping Mat", "Trekking Poles", "Gas Stove"),
}
COLOURS = ("Red", "Blue", "Green")
CARD = ("id", "name", "category", "image", "price", "original_price", "rating", "reviews", "discount_ratio")
NOW = datetime.now(UTC)


def rows() -> Iterator[tuple[object, ...]]:
    """72 products: 12 of each kind, their ids P000000001 and up."""
    goods = [(kind, f"{colour} {name}") for kind, names in KINDS.items() for name in names for colour in COLOURS]
    for number, (kind, name) in enumerate(goods, 1):
        image = f"https://shop.example/{number}.jpg"
        yield f"P{number:09d}", name, *kind, image, image, 3 + number % 3, 10 * number, 50 + number, 100 + number, 0


def product(number: int) -> str:
    return f"P{number:09d}"


@dataclass
class Shop:
    """The profile's own API, with a clock that can be turned."""

    http: Any
    runtime: Runtime
    at: datetime = NOW

    def get(self, path: str, **params: object) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def home(self, user: str, **params: object) -> Any:
        return self.get("/recommendations/home", user_id=user, **params)

    def search(self, query: str, **params: object) -> Any:
        return self.get("/recommendations/search", query=query, **params)

    def similar(self, id: str, **params: object) -> list[Any]:
        return list(self.get(f"/recommendations/product/{id}", **params)["similar"])

    def click(self, user: str, id: str) -> None:
        self.log({"user_id": user, "event_type": "product_click", "product_id": id})

    def look_for(self, user: str, query: str) -> None:
        self.log({"user_id": user, "event_type": "search_query", "query": query})

    def log(self, event: dict[str, str]) -> None:
        answer = self.http.post(INTERACTIONS, json=event)
        assert (answer.status_code, answer.content) == (200, b""), answer.text

    @contextmanager
    def days_ago(self, days: float) -> Iterator[None]:
        self.at = NOW - timedelta(days=days)
        yield
        self.at = datetime.now(UTC)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("csv") / "Amazon-Products-Optimized.csv"
    with path.open("w", newline="") as lines:
        csv.writer(lines).writerows([HEADER, *rows()])
        lines.write(EXAMPLE + "\n")
    return path


@pytest.fixture(scope="module")
def shop(
    file: Path, tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings]
) -> Iterator[Shop]:
    settings = settings_for(tmp_path_factory.mktemp("precision")).model_copy(
        update={"profile": "precision", "background": "off"}
    )
    with open_runtime(settings) as runtime:
        load(runtime, file)
        index_stale(runtime.outbox)
        shop = Shop(None, runtime)
        app = create_app(runtime, clock=lambda: shop.at)
        with TestClient(app, raise_server_exceptions=False) as shop.http:
            feed(shop)
            train(runtime)
            runtime.count_popular()
            yield shop


def load(runtime: Runtime, file: Path) -> None:
    def write(products: Any) -> Any:
        with runtime.database.session() as session:
            return upsert_products(session, products)

    report = load_products(file, write)
    assert (report.format, report.rejected) == ("amazon", 0)


def feed(shop: Shop) -> None:
    """48 shoppers look at pairs of one kind; old1 looked at shoes 31 days ago; anna likes shoes, ben searched once."""
    with shop.days_ago(31):
        shop.click("old1", product(25))
    for number in range(48):
        with shop.days_ago(10 + number / 100):
            first = 1 + 12 * (number % 6)
            for step in (0, 1, 2 + number % 3):
                shop.click(f"u{number}", product(first + step))
    for number in (1, 2, 3) * 2:
        shop.click("trend", product(60 + number))  # tents, a moment ago
    for number in (25, 26, 28):
        shop.click("anna", product(number))
    shop.look_for("ben", "camera lens")


def train(runtime: Runtime) -> None:
    training = runtime.params.training.model_copy(
        update={
            "dimensions": 4,
            "lightfm": runtime.params.training.lightfm.model_copy(update={"epochs": 2}),
            "checks": runtime.params.training.checks.model_copy(update={"sample": 5, "held_out_share": 0.0}),
        }
    )
    folder = runtime.settings.releases_dir
    made = build_release(runtime.database, runtime.params.model_copy(update={"training": training}), folder)
    published = publish_release(
        Publisher(runtime.database, runtime.store, folder, runtime.fields, training.checks), made
    )
    assert published.status == "live", published.message


def names(products: list[Any]) -> list[str]:
    return [each["name"] for each in products]


def kinds(products: list[Any]) -> set[str]:
    return {each["category"] for each in products}


def searched_home(shop: Shop) -> Any:
    """ben's page; what he searched for is encoded behind the answers, so it may take a moment."""
    for _ in range(100):
        if (page := shop.home("ben"))["personalized"]:
            return page
        time.sleep(0.05)
    raise AssertionError("a search never counted")


def example(shop: Shop) -> Any:
    return shop.search("soundlink ear plugs")["results"][0]


def params() -> Params:
    return load_params(*Settings.model_construct(profile="precision").overlays, signals=frozenset(SIGNALS))


def share(*signals: str) -> float:
    return sum(params().surfaces["home"].weights[signal] for signal in signals)


CLICKED = ("cf", "covisit", "sequence", "association", "text", "image")
Check = Callable[[Shop], bool]
STATEMENTS: dict[str, Check] = {
    # home
    "home has five lists, top_categories by name": lambda s: (
        set(page := s.home("anna")) == {"personalized", "trending", "best_value", "top_categories", "diverse_picks"}
        and isinstance(page["top_categories"], dict)
        and Home.model_validate(page) is not None
    ),
    "home: response_limit is 20 by default": lambda s: len(s.home("newbie")["best_value"]) == 20,
    "home: 0, negative and huge limits are clamped to 1 and 60": lambda s: (
        [len(s.home("newbie", response_limit=n)["best_value"]) for n in (0, -5, 1)] == [1, 1, 1]
        and s.home("newbie", response_limit=10**30).keys() == s.home("newbie", response_limit=60).keys()
        and params().surfaces["home"].max_n == 60
    ),
    "home: no list is longer than response_limit": lambda s: all(
        len(each) <= 3
        for page in [s.home("anna", response_limit=3)]
        for each in (*page["top_categories"].values(), *(page[name] for name in page if name != "top_categories"))
    ),
    "new users: personalized is empty, trending, best value and top categories are not": lambda s: (
        (page := s.home("newbie"))["personalized"] == []
        and all(page[name] for name in ("trending", "best_value", "top_categories"))
    ),
    "users away for 30 days: personalized is empty, the rest is not": lambda s: (
        (page := s.home("old1"))["personalized"] == [] and bool(page["trending"] and page["best_value"])
    ),
    "the staleness is 30 days": lambda _: params().history.idle_days == 30,
    "existing users: personalized follows what was clicked": lambda s: (
        "Fashion > Shoes" in kinds(s.home("anna")["personalized"][:3])
    ),
    "existing users: personalized follows what was searched for": lambda s: any(
        "Camera Lens" in name for name in names(searched_home(s)["personalized"][:4])
    ),  # chance has a part in it
    "a click counts in the very next answer": lambda s: (
        s.home("now1")["personalized"] == []
        and s.click("now1", product(49)) is None
        and "Home > Kitchen" in kinds(s.home("now1")["personalized"][:3])
    ),
    "merged = .5 clicked + .4 searched + .1 diverse": lambda _: (
        math.isclose(share(*CLICKED), 0.5)
        and share("searches") == 0.4
        and params().surfaces["home"].guests.balance == 0.1
        and params().surfaces["home"].normalize == "minmax"
    ),
    "diverse picks come from several categories": lambda s: (
        len(kinds(s.home("anna", response_limit=6)["diverse_picks"])) >= 3
    ),
    "trending: what was clicked a moment ago is before what was clicked more often ten days ago": lambda s: (
        {each["id"] for each in s.home("newbie")["trending"][:3]} == {product(61), product(62), product(63)}
    ),
    "trending scores are recalculated hourly and fade by .95 per hour": lambda _: (
        (params().popular.decay, params().popular.step_hours, params().schedule.popular_s) == (0.95, 1.0, 3600)
    ),
    "top categories are those that trend": lambda s: "Sports" in s.home("newbie")["top_categories"],
    "best value: much off and well rated": lambda s: all(
        each["discount_ratio"] > 0 for each in s.home("newbie")["best_value"]
    ),
    # product
    "product: the answer is an array `similar`, 20 by default": lambda s: (
        len(s.similar(product(1))) == 20
        and Similar.model_validate(s.get(f"/recommendations/product/{product(1)}")) is not None
    ),
    "product: limits are clamped to 1 and 60": lambda s: (
        [len(s.similar(product(1), response_limit=n)) for n in (-1, 0, 1, 7)] == [1, 1, 1, 7]
        and len(s.similar(product(1), response_limit=99_999)) <= 60
    ),
    "product: the same words in name and sub-category come first, itself never": lambda s: (
        set(names(s.similar(product(25))[:2])) == {"Blue Running Shoes", "Green Running Shoes"}
        and product(25) not in {each["id"] for each in s.similar(product(25))}
    ),
    "content by TF-IDF is selected; by meaning may be": lambda _: (
        params().surfaces["similar"].weights["tfidf"] > params().surfaces["similar"].weights["text"] > 0
    ),
    "FP-Growth over what was clicked together is a signal": lambda s: (
        params().training.association.types == ("click",) and "association" in sources(s, product(1))
    ),
    # search
    "search: 2000 results by default, at most 6000": lambda _: (
        (params().surfaces["search"].n, params().surfaces["search"].max_n) == (2000, 6000)
    ),
    "search: limits are clamped to 1 and 6000": lambda s: (
        [len(s.search("shoes", response_limit=n)["results"]) for n in (-1, 0, 1, 2)] == [1, 1, 1, 2]
        and len(s.search("shoes", response_limit=10**9)["results"]) == len(s.search("shoes")["results"])
    ),
    "search: what matches comes, without fallback_reason": lambda s: (
        set(body := s.search("  running shoes ")) == {"results"}
        and set(names(body["results"][:3])) == {f"{colour} Running Shoes" for colour in COLOURS}
        and Results.model_validate(body) is not None
    ),
    "search: earbuds also means earphones": lambda s: (
        all("Earphones" in name for name in names(s.search("earbuds")["results"][:6]))
        and "fallback_reason" not in s.search("earbuds")
    ),
    "search: without a match what trends, with the reason, and status 200": lambda s: (
        (body := s.search("zxqv wqpt"))["fallback_reason"] == "no_search_matches"
        and {each["id"] for each in body["results"][:3]} == {product(61), product(62), product(63)}
    ),
    # interactions
    "GET interactions: 30 days by default": lambda s: (
        s.get(f"{INTERACTIONS}/old1")["interactions"] == []
        and len(s.get(f"{INTERACTIONS}/old1", days=40)["interactions"]) == 1
    ),
    "GET interactions: columns of the table, newest first": lambda s: (
        [(each["event_type"], each["product_id"], each["query"]) for each in log(s, "anna")]
        == [("product_click", product(number), None) for number in (28, 26, 25)]
        and [(each["event_type"], each["query"]) for each in log(s, "ben")] == [("search_query", "camera lens")]
        and set(log(s, "ben")[0]) == {"event_type", "product_id", "query", "timestamp"}
    ),
    "GET interactions: a user who did nothing has none": lambda s: log(s, "nobody") == [],
    "queries are kept without blanks around them": lambda s: (
        s.look_for("trim1", "  red shoes  ") is None and log(s, "trim1")[0]["query"] == "red shoes"
    ),
    # the rest
    "CSV: every column of the example row arrives": lambda s: (
        example(s)
        == {
            "id": "AF321D06AE",
            "name": "SOUNDLINK Soft Silicone Ear Plugs - 2 Pcs/Box Reusable Waterproof Earplugs...",
            "category": "stores > Amazon Fashion",
            "image": "https://m.media-amazon.com/images/I/51ETdNss3VL._AC_UL320_.jpg",
            "price": 243.0,
            "original_price": 1240.0,
            "rating": 3.5,
            "reviews": 115,
            "discount_ratio": 0.804,
        }
    ),
    "a product has these fields, in this order, everywhere": lambda s: (
        tuple(Card.model_fields) == CARD
        and all(tuple(each) == CARD for each in (*s.home("anna")["personalized"], *s.similar(product(1))))
    ),
    "models are trained daily": lambda _: params().schedule.training_s == 86_400,
}


def log(shop: Shop, user: str) -> list[Any]:
    return list(shop.get(f"{INTERACTIONS}/{user}")["interactions"])


def sources(shop: Shop, id: str) -> set[str]:
    items = shop.get(f"/v1/similar/{id}", explain=True)["items"]
    return {signal for item in items for signal in item["contributions"]}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_the_description_states_is_so(shop: Shop, statement: str) -> None:
    assert STATEMENTS[statement](shop)


HOME, SEARCH = "/recommendations/home", "/recommendations/search"


@pytest.mark.parametrize(
    ("path", "wanted", "status"),
    [
        # user_id: ^[a-zA-Z0-9]{1,50}$
        (HOME, {}, 400),
        *((HOME, {"user_id": wrong}, 400) for wrong in ("", "a" * 51, "anna_1", "an na", "ännä", "a;DROP", "a\n")),
        (HOME, {"user_id": "a" * 50}, 200),
        # product_id: ^[A-Z0-9]{10}$
        *((f"/recommendations/product/{wrong}", {}, 400) for wrong in ("P00000001", "P0000000001", "p000000001")),
        ("/recommendations/product/P000000001%0A", {}, 400),
        ("/recommendations/product/ZZZZZZZZZZ", {}, 404),
        # query: 1 to 255 characters after trimming
        (SEARCH, {}, 400),
        *((SEARCH, {"query": wrong}, 400) for wrong in ("", "   ", "\t\n", "a" * 256, "a\0b")),
        (SEARCH, {"query": " " * 300 + "a" * 255}, 200),
        # response_limit: an integer
        *((HOME, {"user_id": "anna", "response_limit": wrong}, 422) for wrong in ("", "many", "1.5", "NaN")),
        ("/recommendations/product/P000000001", {"response_limit": "many"}, 422),
        (SEARCH, {"query": "shoes", "response_limit": "many"}, 422),
        # interactions of a user
        (f"{INTERACTIONS}/anna_1", {}, 400),
        *((f"{INTERACTIONS}/anna", {"days": wrong}, 422) for wrong in ("0", "-1", "many", "99999999999")),
    ],
)  # fmt: skip
def test_an_invalid_parameter_has_the_status_that_is_stated(
    shop: Shop, path: str, wanted: dict[str, str], status: int
) -> None:
    answer = shop.http.get(path, params=wanted)
    assert answer.status_code == status, answer.text
    assert status == 200 or is_problem(answer, status)


CLICK = {"user_id": "bad1", "event_type": "product_click", "product_id": "P000000001"}
SEARCHED = {"user_id": "bad1", "event_type": "search_query", "query": "red shoes"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        # a required field is missing
        (CLICK | {"product_id": None}, 400),
        ({name: CLICK[name] for name in ("user_id", "event_type")}, 400),
        ({name: SEARCHED[name] for name in ("user_id", "event_type")}, 400),
        (SEARCHED | {"query": "  \t "}, 400),
        (SEARCHED | {"query": None, "product_id": "P000000001"}, 400),
        # event_type: product_click or search_query
        *((CLICK | {"event_type": wrong}, 422) for wrong in ("purchase", "", None, 5, "PRODUCT_CLICK")),
        ({"user_id": "bad1", "product_id": "P000000001"}, 422),
        # the schema
        *((CLICK | {"user_id": wrong}, 422) for wrong in ("", "a" * 51, "a b", "a\n", None, 7, ["anna"])),
        *((CLICK | {"product_id": wrong}, 422) for wrong in ("p000000001", "P00000001", "P000000001\n", 1, {})),
        *((SEARCHED | {"query": wrong}, 422) for wrong in ("a" * 256, "a\0b", 5, ["red"])),
        ([], 422),
        ("click", 422),
        (None, 422),
    ],
)
def test_an_invalid_interaction_has_the_status_that_is_stated_and_is_not_kept(
    shop: Shop, body: Any, status: int
) -> None:
    answer = shop.http.post(INTERACTIONS, json=body)
    assert answer.status_code == status, answer.text
    assert is_problem(answer, status)
    assert log(shop, "bad1") == []


@pytest.mark.parametrize("text", ["", "{", "not JSON", '{"user_id": "\ud800"}'.encode("utf-8", "surrogatepass")])
def test_a_body_that_is_no_json_is_a_schema_violation(shop: Shop, text: str | bytes) -> None:
    answer = shop.http.post(INTERACTIONS, content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text


def is_problem(answer: Any, status: int) -> bool:
    return bool(answer.headers["content-type"] == "application/problem+json" and answer.json()["status"] == status)


def test_the_native_api_gives_the_same_order_for_the_same_weights(shop: Shop) -> None:
    same = {"X-Request-Id": "same-draw"}

    def ids(path: str, params: dict[str, Any]) -> Any:
        answer = shop.http.get(path, params=params, headers=same)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def listed(items: list[Any]) -> list[str]:
        return [each["id"] for each in items]

    page = ids(HOME, {"user_id": "anna"})
    assert listed(page["personalized"]) == listed(ids("/v1/home", {"user": "anna"})["items"]) != []
    native = ids("/v1/home", {"user": "newbie", "n": 20, "shelves": "trending,best_value,top_categories"})["shelves"]
    page = ids(HOME, {"user_id": "newbie"})
    assert [listed(shelf["items"]) for shelf in native] == [
        listed(each) for each in (page["trending"], page["best_value"], *page["top_categories"].values())
    ]
    similar = ids("/recommendations/product/P000000001", {})["similar"]
    assert listed(similar) == listed(ids("/v1/similar/P000000001", {})["items"]) != []
    results = ids(SEARCH, {"query": "leather shoes"})["results"]
    assert listed(results) == listed(ids("/v1/search", {"q": "leather shoes", "sort": "relevance"})["items"]) != []


def test_no_product_is_twice_on_a_page(shop: Shop) -> None:
    page = shop.home("anna", response_limit=6)
    lists = [*page.pop("top_categories").values(), *page.values()]
    shown = [each["id"] for one in lists for each in one]
    assert len(shown) == len(set(shown))


def test_a_shop_where_nothing_happened_yet_shows_what_is_new(
    file: Path, tmp_path: Path, settings_for: Callable[[Path], Settings]
) -> None:
    settings = settings_for(tmp_path).model_copy(update={"profile": "precision", "background": "off"})
    with open_runtime(settings) as runtime:
        load(runtime, file)
        index_stale(runtime.outbox)
        runtime.count_popular()
        with TestClient(create_app(runtime), raise_server_exceptions=False) as http:
            page = http.get(HOME, params={"user_id": "first"}).json()
            assert len(page["trending"]) == len(page["best_value"]) == 20
            found = http.get(SEARCH, params={"query": "zxqv wqpt", "response_limit": 5}).json()
            assert (found["fallback_reason"], len(found["results"])) == ("no_search_matches", 5)


def test_the_command_serves_the_profile(start: Callable[..., Any], tmp_path: Path) -> None:
    with start("serve", "--profile", "precision", "--port", "0", "--json", "--data-dir", tmp_path / "shop") as process:
        address = json.loads(process.stdout.readline())["address"]
        with httpx.Client(base_url=address, timeout=60) as http:
            assert http.post(INTERACTIONS, json=CLICK).status_code == 200
            assert http.get(f"{INTERACTIONS}/bad1").json()["interactions"][0]["product_id"] == "P000000001"
            assert set(http.get(HOME, params={"user_id": "anna"}).json()) == set(Home.model_fields)
            assert http.get("/v1/home").status_code == 200
            assert "/recommendations/home" in http.get("/openapi.json").json()["paths"]
