"""The aurastyle profile, statement by statement of its description: fed and asked through its own API."""

import base64
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import BaseModel
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from config.params import Params, load_params
from config.profile import profile_file
from config.settings import Settings
from indexer.release.artifacts import load_artifacts
from indexer.release.build import build_release
from indexer.release.publish import Publisher, publish_release
from indexer.sync import index_stale
from service.api.compat.aurastyle_recommendations import SIGNALS
from service.api.compat.aurastyle_schemas import ProductOut, Products, Recommendations, SimilarProducts
from service.app import create_app
from service.core.types import Product
from service.encode.document import product_text
from service.runtime import Runtime, open_runtime
from service.store.catalog import product_ids, upsert_products

KINDS = {
    ("Home", "Kitchen", "Mugs"): ("Stoneware mug for strong coffee", "Tall cup for morning tea"),
    ("Home", "Lighting", "Lamps"): ("Reading lamp with a brass arm", "Night light for the hallway"),
    ("Fashion", "Bags", "Backpacks"): ("Canvas backpack for long hikes", "Leather satchel for the office"),
    ("Sports", "Outdoor", "Tents"): ("Two person tent for summer rain", "Family tent with three rooms"),
}
BRANDS = ("Alba", "Quill", "Nord")
COLOURS = ("red", "blue", "green", "white", "black", "yellow", "grey")
WEIGHTS = {"view": 1.0, "cart": 3.0, "purchase": 5.0}
USERS, SVD_SIZE = 16, 5
PARAMS = load_params(profile_file("aurastyle"))
PASSWORD = "correct horse battery"
SCHEMAS: dict[str, type[BaseModel]] = {
    "/products": Products, "/products/[^/]+": ProductOut, "/products/[^/]+/similar": SimilarProducts,
    "/recommendations": Recommendations,
}  # fmt: skip
Scores = dict[str, float]
Parts = Mapping[str, float]


def goods() -> list[Product]:
    """56 products of four kinds: every seventh of a kind is sold out, one is hidden."""
    made = []
    for kind, names in KINDS.items():
        for number, (name, colour) in enumerate(itertools.product(names, COLOURS)):
            made.append(
                Product(
                    f"{kind[-1].lower()}-{number}", f"{colour.title()} {name}", brand=BRANDS[number % 3],
                    description=f"{name} in {colour}, made to last.", category=kind, price_minor=900 + 310 * number,
                    currency="EUR", stock=0 if number == 6 else 9, tags=("gift", colour), rating=3.0 + number % 3,
                    review_count=7 * number, visible=(kind[-1], number) != ("Tents", 3), attributes={"colour": colour},
                )
            )  # fmt: skip
    return made


@dataclass
class Clock:
    """Now, and however much later somebody turns it."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Shop:
    """The service, who signed in, and everything that was told to it."""

    runtime: Runtime
    client: TestClient
    clock: Clock
    tokens: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, str, str]] = field(default_factory=list)

    def sign_up(self, name: str) -> None:
        """An account, and its token."""
        body = {"email": f"{name}@example.com", "password": PASSWORD}
        assert self.client.post("/auth/register", json=body | {"name": name}).status_code == 202
        answer = self.client.post("/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        self.tokens[name] = answer.json()["access_token"]

    def ask(self, method: str, path: str, user: str | None = None, **options: Any) -> Any:
        """An answer, as somebody who signed in."""
        headers = {"Authorization": f"Bearer {self.tokens[user]}"} if user else {}
        return self.client.request(method, path, headers=headers, **options)

    def get(self, path: str, user: str | None = None, **query: Any) -> Any:
        """The body of an answer."""
        answer = self.ask("GET", path, user, params=query)
        assert answer.status_code == 200, answer.text
        for route, schema in SCHEMAS.items():
            if re.fullmatch(route, path):
                schema.model_validate(answer.json(), strict=True, extra="forbid")
        return answer.json()

    def tell(self, user: str, product: str, event: str) -> dict[str, Any]:
        """Something the user does."""
        answer = self.ask("POST", "/interactions", user, json={"product_id": product, "event": event})
        assert answer.status_code == 201, answer.text
        self.told.append((user, product, event))
        told: dict[str, Any] = answer.json()
        return told

    def recommended(self, user: str, **query: Any) -> list[dict[str, Any]]:
        """Everything the user may be recommended, best first."""
        items: list[dict[str, Any]] = self.get("/recommendations", user, limit=100, **query)["items"]
        return items

    def train(self, params: Params) -> str:
        """A release of everything that was told, live."""
        checks = params.training.checks.model_copy(update={"held_out_share": 0.0, "sample": 10})
        training = params.training.model_copy(update={"checks": checks})
        runtime, folder = self.runtime, self.runtime.settings.releases_dir
        release = build_release(runtime.database, params.model_copy(update={"training": training}), folder)
        publisher = Publisher(runtime.database, runtime.store, folder, runtime.fields, checks)
        published = publish_release(publisher, release)
        assert published.status == "live", published.message
        return release


@contextmanager
def served(settings: Settings, before: Shop | None = None) -> Iterator[Shop]:
    """The service in a process of its own would be the same: the app over the folder, opened anew."""
    clock = Clock()
    with (
        open_runtime(settings) as runtime,
        TestClient(create_app(runtime, clock=clock), raise_server_exceptions=False) as client,
    ):
        yield (
            Shop(runtime, client, clock)
            if before is None
            else replace(before, runtime=runtime, client=client, clock=clock)
        )


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings]) -> Settings:
    folder = tmp_path_factory.mktemp("aurastyle")
    return settings_for(folder).model_copy(update={"profile": "aurastyle", "background": "off"})


@pytest.fixture(scope="module")
def fed(settings: Settings) -> Shop:
    """Products, accounts and what their owners did, told over the API; then the service ends."""
    with served(settings) as shop:
        products = goods()
        with shop.runtime.database.session() as session:
            upsert_products(session, products)
        index_stale(shop.runtime.outbox)
        random = np.random.default_rng(11)
        for number in range(USERS):
            user = f"user-{number}"
            shop.sign_up(user)
            own = [p.external_id for p in products if p.category == list(KINDS)[number % 4]]
            chosen = [*random.choice(own, 4, replace=False), products[(7 * number) % len(products)].external_id]
            for place, product in enumerate(chosen):
                for event in ("view", "cart", "purchase")[: 1 + place % 3]:
                    shop.tell(user, str(product), event)
        missing = {p.external_id for p in products} - {product for _, product, _ in shop.told}
        for number, product in enumerate(sorted(missing)):
            shop.tell(f"user-{number % USERS}", product, "view")
        shop.sign_up("newcomer")
        shop.train(PARAMS)
        shop.runtime.count_popular()
        return shop


@pytest.fixture(scope="module")
def shop(settings: Settings, fed: Shop) -> Iterator[Shop]:
    """The service started again on the same folder; everybody is still signed in."""
    with served(settings, fed) as shop:
        yield shop


# --- the formula, by hand over the whole shop


def minmax(scores: Scores) -> Scores:
    low, high = min(scores.values()), max(scores.values())
    return {product: (score - low) / (high - low) for product, score in scores.items()}


def eligible(shop: Shop, user: str) -> list[str]:
    bought = {product for who, product, event in shop.told if who == user and event == "purchase"}
    return [p.external_id for p in goods() if p.visible and p.stock and p.external_id not in bought]


def vectors(shop: Shop) -> dict[str, NDArray[np.float32]]:
    products = goods()
    found = shop.runtime.encoders.text.encode([product_text(product) for product in products])
    return dict(zip((product.external_id for product in products), found, strict=True))


def dealt_with(shop: Shop, user: str | None = None) -> Scores:
    """Product -> sum of the weights of what was done with it, by one or by all."""
    found: Scores = {}
    for who, product, event in shop.told:
        if user in (None, who):
            found[product] = found.get(product, 0.0) + WEIGHTS[event]
    return found


def content_of(shop: Shop, user: str) -> Scores:
    known, past = vectors(shop), dealt_with(shop, user)
    profile = sum(weight * known[product] for product, weight in past.items())
    profile = profile / np.linalg.norm(profile)
    return {product: float(known[product] @ profile) for product in known}


def popularity_of(shop: Shop) -> Scores:
    everything = dealt_with(shop)
    return {product.external_id: everything.get(product.external_id, 0.0) for product in goods()}


def by_lightfm(shop: Shop, user: str) -> Scores:
    """The prediction for a user folded in from the history, with the vectors that training left on disk."""
    model = load_artifacts(shop.runtime.settings.releases_dir, shop.get("/health")["model_version"]).model
    with shop.runtime.database.session() as session:
        keys = product_ids(session, "default", [product.external_id for product in goods()])
    row = {name: model.items[np.searchsorted(model.products, key)].astype(float) for name, key in keys.items()}
    past = dealt_with(shop, user)
    taste = sum(weight * row[product] for product, weight in past.items()) / sum(past.values()) @ model.fold
    taste[-1] = 1.0  # what it is multiplied with is the product's bias
    return {product: float(vector @ taste) for product, vector in row.items()}


def by_scipy(shop: Shop, user: str) -> Scores:
    """What the decomposition of `scipy.sparse.linalg.svds` predicts for a user and every product."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import svds

    names, people = [product.external_id for product in goods()], sorted({who for who, _, _ in shop.told})
    matrix = np.zeros((len(people), len(names)))
    for who, product, event in shop.told:
        matrix[people.index(who), names.index(product)] += WEIGHTS[event]
    left, values, right = svds(csr_matrix(matrix), k=SVD_SIZE, random_state=0)
    predicted = (left * values @ right)[people.index(user)]
    return dict(zip(names, predicted.tolist(), strict=True))


def by_hand(shop: Shop, user: str, collaborative: Scores, weights: Parts) -> tuple[dict[str, Scores], Scores]:
    """The three normalised parts and the final score of every product that may be shown."""
    shown = eligible(shop, user)
    raw = {"content": content_of(shop, user), "collaborative": collaborative, "popularity": popularity_of(shop)}
    parts = {name: minmax({product: scores[product] for product in shown}) for name, scores in raw.items()}
    final = {product: sum(weights[name] * parts[name][product] for name in parts) for product in shown}
    return parts, final


def assert_as_by_hand(
    shop: Shop, user: str, collaborative: Scores, weights: Parts, near: float = 1e-4, **query: Any
) -> None:
    parts, final = by_hand(shop, user, collaborative, weights)
    items = shop.recommended(user, **query)
    assert {item["product"]["id"] for item in items} == set(final)
    for name, scores in parts.items():
        found = {item["product"]["id"]: item[name] for item in items}
        assert found == pytest.approx(scores, abs=near), name
    assert {item["product"]["id"]: item["score"] for item in items} == pytest.approx(final, abs=near)
    order = [final[item["product"]["id"]] for item in items]
    assert all(one >= other - near for one, other in itertools.pairwise(order))
    for item in items:
        assert item["score"] == pytest.approx(sum(weights[name] * item[name] for name in parts), abs=1e-9)
        assert item["adjustments"] == {}


# --- what the description states


def minilm_of_384_dimensions(shop: Shop) -> None:
    assert "all-MiniLM-L6-v2" in shop.runtime.encoders.text.name
    assert shop.get("/health")["text_dimensions"] == 384
    stored = shop.runtime.store.retrieve("products", [1], vectors=("text",))[1].vectors["text"]
    assert stored.shape == (384,)


def similar_products_are_those_of_the_largest_cosine(shop: Shop) -> None:
    known = vectors(shop)
    body = shop.get("/products/mugs-1/similar", limit=50)
    assert body["product_id"] == "mugs-1"
    expected = {
        p.external_id: float(known["mugs-1"] @ known[p.external_id])
        for p in goods()
        if p.visible and p.stock and p.external_id != "mugs-1"
    }
    found = {item["product"]["id"]: item["similarity"] for item in body["items"]}
    assert found == pytest.approx({product: expected[product] for product in found}, abs=1e-4)
    assert sorted(found.values(), reverse=True) == pytest.approx(sorted(expected.values(), reverse=True)[:50], abs=1e-4)
    assert list(found.values()) == sorted(found.values(), reverse=True)


def views_carts_and_purchases_have_their_weights_and_nothing_else_counts(shop: Shop) -> None:
    told = shop.get("/interactions", "user-2", days=1, limit=1000)["items"]
    assert {item["event"]: item["weight"] for item in told} == WEIGHTS
    assert {str(kind): weight for kind, weight in PARAMS.events.weights.items() if weight} == WEIGHTS
    before = shop.recommended("user-2")
    user = shop.get("/users/me", "user-2")["id"]
    for kind in ("click", "wishlist"):
        answer = shop.client.post("/v1/events", json={"type": kind, "user": user, "product": "lamps-0"})
        assert answer.json()["recorded"] == 1, answer.text
    after = shop.recommended("user-2")
    assert [item["product"] for item in after] == [item["product"] for item in before]
    assert [item["score"] for item in after] == pytest.approx([item["score"] for item in before], abs=1e-6)


def the_final_score_is_the_weighted_sum_of_the_three(shop: Shop) -> None:
    for user in ("user-0", "user-5", "user-10"):
        assert shop.get("/recommendations", user)["weights"] == {
            "content": 0.4, "collaborative": 0.4, "popularity": 0.2
        }  # fmt: skip
        assert_as_by_hand(shop, user, by_lightfm(shop, user), {"content": 0.4, "collaborative": 0.4, "popularity": 0.2})


def a_request_may_weigh_otherwise(shop: Shop) -> None:
    for weights in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.7, 0.1, 2.5)):
        named = dict(zip(SIGNALS, weights, strict=True))
        query = {f"{part}_weight": weight for part, weight in named.items()}
        body = shop.get("/recommendations", "user-3", limit=100, **query)
        assert body["weights"] == named
        _, final = by_hand(shop, "user-3", by_lightfm(shop, "user-3"), named)
        found = {item["product"]["id"]: item["score"] for item in body["items"]}
        assert found == pytest.approx({product: final[product] for product in found}, abs=1e-4)


def a_line_of_toml_weighs_otherwise(shop: Shop) -> None:
    overlay = shop.runtime.settings.data_dir / "weights.toml"
    overlay.write_text("[surfaces.home.weights]\ntext = 0.1\n")
    params = load_params(profile_file("aurastyle"), overlay)
    assert params.surfaces["home"].weights["text"] == 0.1
    runtime = replace(shop.runtime, params=params, services=replace(shop.runtime.services, params=params))
    client = TestClient(create_app(runtime), headers={"Authorization": f"Bearer {shop.tokens['user-1']}"})
    body = client.get("/recommendations", params={"limit": 100}).json()
    assert body["weights"]["content"] == 0.1
    _, final = by_hand(shop, "user-1", by_lightfm(shop, "user-1"), body["weights"])
    assert {i["product"]["id"]: i["score"] for i in body["items"]} == pytest.approx(final, abs=1e-4)


def popularity_is_a_sum_without_decay(shop: Shop) -> None:
    everything = popularity_of(shop)
    for product in ("mugs-0", "tents-5", "lamps-9"):
        assert shop.get(f"/products/{product}")["metrics"]["popularity"] == everything[product]
    assert (PARAMS.popular.decay, PARAMS.popular.from_ratings) == (1.0, True)


def tokens_are_jwts_that_outlive_a_restart(shop: Shop) -> None:
    """Everybody signed in before the service was started again, and has been served with that token since."""
    header, payload, signature = shop.tokens["user-0"].split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["alg"] == "HS256"
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert {"sub", "exp", "iat"} <= claims.keys()
    assert signature
    assert shop.get("/recommendations", "user-0")["user_id"] == claims["sub"]


def users_have_credentials_a_profile_and_preferences(shop: Shop) -> None:
    shop.sign_up("ann")
    wanted = {"categories": ["Home > Lighting"], "brands": ["Alba"], "max_price": 80.0}
    answer = shop.ask("PUT", "/users/me", "ann", json={"name": "Ann", "preferences": wanted})
    assert answer.status_code == 200, answer.text
    me = shop.get("/users/me", "ann")
    assert (me["name"], me["email"], me["preferences"]) == ("Ann", "ann@example.com", wanted)
    assert not [value for value in me.values() if PASSWORD in str(value) or "argon2" in str(value)]
    # the categories told of are where popularity is counted
    best = [item["product"]["category"] for item in shop.recommended("ann")[:3]]
    assert best == [["Home", "Lighting", "Lamps"]] * 3


def products_have_what_the_schema_names(shop: Shop) -> None:
    body = shop.get("/products/mugs-1")
    assert (body["id"], body["name"]) == ("mugs-1", "Blue Stoneware mug for strong coffee")
    assert (body["category"], body["tags"], body["price"]) == (["Home", "Kitchen", "Mugs"], ["gift", "blue"], 12.1)
    assert (body["currency"], body["attributes"], body["in_stock"]) == ("EUR", {"colour": "blue"}, True)
    assert body["metrics"].keys() == {"popularity", "rating", "review_count"}
    assert (body["metrics"]["rating"], body["metrics"]["review_count"]) == (4.0, 7)


def the_catalogue_is_filtered_sorted_searched_and_paged(shop: Shop) -> None:
    shown = [product for product in goods() if product.visible]
    found, cursor = [], None
    while True:
        page = shop.get("/products", limit=20, **({"cursor": cursor} if cursor else {}))
        assert (page["total"], page["total_is_at_least"]) == (len(shown), False)
        found += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert sorted(found) == sorted(product.external_id for product in shown)
    assert not shop.get("/products/mugs-6")["in_stock"]  # sold out, and shown as that
    lamps = shop.get("/products", category="Home > Lighting", brand="Alba", max_price=30, sort="price")["items"]
    assert [item["price"] for item in lamps] == sorted(
        p.price_minor / 100 for p in goods()
        if p.category[1] == "Lighting" and p.brand == "Alba" and p.price_minor is not None and p.price_minor <= 3000
    )  # fmt: skip
    assert shop.get("/products", q="blue backpack", limit=1)["items"][0]["id"] == "backpacks-1"


def the_log_of_interactions_is_immutable(shop: Shop) -> None:
    told = shop.get("/interactions", "user-4", days=1, limit=1000)["items"]
    assert [(item["product_id"], item["event"], item["weight"]) for item in told] == [
        (product, event, WEIGHTS[event]) for who, product, event in reversed(shop.told) if who == "user-4"
    ]
    times = [datetime.fromisoformat(item["timestamp"]) for item in told]
    assert times == sorted(times, reverse=True)
    for method in ("PUT", "PATCH", "DELETE"):
        assert shop.ask(method, "/interactions", "user-4").status_code == 405
    assert shop.get("/interactions", "newcomer")["items"] == []


def newcomers_get_what_is_popular(shop: Shop) -> None:
    body = shop.get("/recommendations", "newcomer", limit=100)
    everything = popularity_of(shop)
    assert body["fallback"] == "nothing is known of this user yet"
    popular = [everything[item["product"]["id"]] for item in body["items"]]
    assert popular == sorted(popular, reverse=True)
    assert {(item["content"], item["collaborative"]) for item in body["items"]} == {(0.0, 0.0)}


def native_and_profile_give_the_same(shop: Shop) -> None:
    for user in ("user-0", "user-7", "newcomer"):
        own = shop.recommended(user)
        native = shop.get("/v1/home", user, n=100)["items"]  # about who signed in
        assert [(i["product"]["id"], i["score"]) for i in own] == [(i["id"], i["score"]) for i in native]
    query = {"content_weight": 0.9, "collaborative_weight": 0.3, "popularity_weight": 0.0}
    weights = {"text": 0.9, "cf": 0.3, "trending": 0.0}
    native = shop.ask("POST", "/v1/home", "user-6", json={"n": 100, "weights": weights}).json()["items"]
    assert [i["product"]["id"] for i in shop.recommended("user-6", **query)] == [i["id"] for i in native]
    near = shop.get("/v1/similar/tents-0", n=20)["items"]
    assert [i["product"]["id"] for i in shop.get("/products/tents-0/similar", limit=20)["items"]] == [
        i["id"] for i in near
    ]


def training_and_health_are_logged_as_fields(shop: Shop) -> None:
    with capture_logs() as lines:
        shop.get("/recommendations", "user-0")
        assert shop.client.get("/health/ready").status_code == 200
        build_release(shop.runtime.database, PARAMS, shop.runtime.settings.data_dir / "others")
    requests = [line for line in lines if line["event"] == "request"]
    assert (requests[0]["route"], requests[0]["status"], requests[0]["surface"]) == ("/recommendations", 200, "home")
    assert requests[0]["took_ms"] > 0
    assert "service_ready" in {line["event"] for line in lines}
    steps = [line["step"] for line in lines if line["event"] == "training_step"]
    assert steps[:2] == ["read", "factorise"]
    (trained,) = [line for line in lines if line["event"] == "release_trained"]
    assert trained["counts"]["interactions"] >= len(shop.told)
    assert not any("user-0" in str(line) or "@" in str(line) for line in lines)  # nothing personal


def the_health_route_says_how_the_parts_are(shop: Shop) -> None:
    body = shop.get("/health")
    assert (body["status"], body["problems"], body["factorisation"]) == ("ok", {}, "lightfm")
    assert {"database", "encoder", "vectors"} <= body["parts"].keys()


def figures_for_prometheus_know_the_routes(shop: Shop) -> None:
    shop.get("/recommendations", "user-0")
    text = shop.client.get("/metrics").text
    assert [line for line in text.splitlines() if 'route="/recommendations"' in line or 'surface="home"' in line]


def the_api_describes_itself(shop: Shop) -> None:
    paths = shop.get("/openapi.json")["paths"]
    found = {
        (method.upper(), path) for path in paths for method in paths[path] if not path.startswith(("/v1", "/health/"))
    }
    assert {
        ("POST", "/auth/register"), ("POST", "/auth/login"), ("POST", "/auth/refresh"), ("POST", "/auth/logout"),
        ("GET", "/users/me"), ("PUT", "/users/me"), ("GET", "/products"), ("GET", "/products/{id}"),
        ("GET", "/products/{id}/similar"), ("POST", "/interactions"), ("GET", "/interactions"),
        ("GET", "/recommendations"), ("GET", "/health"),
    } <= found  # fmt: skip
    forms = paths["/auth/login"]["post"]["requestBody"]["content"]
    assert forms.keys() == {"application/json", "application/x-www-form-urlencoded"}


STATEMENTS = {
    "`all-MiniLM-L6-v2` … into 384-dimensional embeddings": minilm_of_384_dimensions,
    "Computes Cosine Similarity between product vectors": similar_products_are_those_of_the_largest_cosine,
    "View=1, Cart=3, Purchase=5": views_carts_and_purchases_have_their_weights_and_nothing_else_counts,
    "Final Score = (Wc * Content) + (Wcf * Collaborative) + (Wp * Popularity)":
        the_final_score_is_the_weighted_sum_of_the_three,
    "Normalized weighted scoring for real-time inference (weights of a request)": a_request_may_weigh_otherwise,
    "the same, weights of the configuration": a_line_of_toml_weighs_otherwise,
    "Popularity, performance metrics": popularity_is_a_sum_without_decay,
    "JWT-based stateless authentication": tokens_are_jwts_that_outlive_a_restart,
    "Users: Auth credentials, profile settings, preferences": users_have_credentials_a_profile_and_preferences,
    "Products: metadata, categories, tags, price, performance metrics": products_have_what_the_schema_names,
    "Catalog Service": the_catalogue_is_filtered_sorted_searched_and_paged,
    "Interactions: Immutable log of user behavior (events, timestamps, weights)": the_log_of_interactions_is_immutable,
    "somebody new (not described): a useful answer": newcomers_get_what_is_popular,
    "one engine: native API and profile agree": native_and_profile_give_the_same,
    "Structured logging for model training and API health": training_and_health_are_logged_as_fields,
    "API health": the_health_route_says_how_the_parts_are,
    "Observability": figures_for_prometheus_know_the_routes,
    "FastAPI Backend: its routes, which it does not state": the_api_describes_itself,
}  # fmt: skip


@pytest.mark.parametrize("check", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_what_the_description_states_holds(shop: Shop, check: Callable[[Shop], None]) -> None:
    check(shop)


# --- who may


def forged(token: str, key: bytes | str = b"0" * 32, algorithm: str = "HS256", **claims: Any) -> str:
    """A token with the same header and claims, signed with another key."""
    payload = jwt.decode(token, options={"verify_signature": False}) | claims
    headers = jwt.get_unverified_header(token)
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": headers["kid"], "typ": headers["typ"]})


PRIVATE = (("GET", "/recommendations"), ("GET", "/users/me"), ("GET", "/interactions"), ("POST", "/interactions"),
           ("PUT", "/users/me"))  # fmt: skip


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_nobody_gets_in_without_a_token_of_ours(shop: Shop, method: str, path: str) -> None:
    token = shop.tokens["user-0"]
    unsigned = forged(token, "", "none")
    changed = ".".join((token.split(".")[0], forged(token, sub="user-1").split(".")[1], token.split(".")[2]))
    for header in (None, "Bearer", "Bearer garbage", f"Basic {token}", f"Bearer {forged(token)}", f"Bearer {unsigned}",
                   f"Bearer {changed}", f"Bearer {token}x"):  # fmt: skip
        headers = {"Authorization": header} if header else {}
        answer = shop.client.request(method, path, headers=headers, json={} if method != "GET" else None)
        assert answer.status_code == 401, header
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_ends_after_some_minutes_and_with_the_sign_in(shop: Shop) -> None:
    shop.sign_up("leaving")
    shop.clock.ahead = timedelta(minutes=PARAMS.accounts.access_minutes + 1)
    try:
        late = shop.ask("GET", "/users/me", "leaving")
        assert (late.status_code, late.json()["code"]) == (401, "token_expired")
    finally:
        shop.clock.ahead = timedelta()
    body = {"email": "leaving@example.com", "password": PASSWORD}
    pair = shop.client.post("/auth/login", json=body).json()
    following = shop.client.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]}).json()
    shop.tokens["leaving"] = following["access_token"]
    assert shop.get("/users/me", "leaving")["email"] == "leaving@example.com"
    assert shop.client.post("/auth/logout", json={"refresh_token": following["refresh_token"]}).status_code == 204
    assert shop.ask("GET", "/users/me", "leaving").status_code == 401


def test_who_has_an_account_is_told_to_nobody(shop: Shop) -> None:
    """A taken address is answered like a free one, and keeps its password; wrong and unknown sign-ins look the same."""
    answers = [
        shop.client.post("/auth/register", json={"email": email, "password": "another password"})
        for email in ("user-0@example.com", "nobody@example.com")
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    wrong = [
        shop.client.post("/auth/login", json={"email": email, "password": "another password"})
        for email in ("user-0@example.com", "unknown@example.com")
    ]
    assert [answer.status_code for answer in wrong] == [401, 401]
    assert wrong[0].json() | {"request_id": ""} == wrong[1].json() | {"request_id": ""}
    form = {"grant_type": "password", "username": "USER-0@example.com", "password": PASSWORD}
    assert shop.client.post("/auth/login", data=form).status_code == 200  # as OAuth 2 has it, and capitals are no other


def test_one_user_cannot_look_at_another(shop: Shop) -> None:
    other = shop.get("/users/me", "user-1")["id"]
    own = shop.get("/users/me", "user-0")["id"]
    assert shop.get("/recommendations", "user-0", user_id=other)["user_id"] == own
    assert shop.ask("GET", f"/v1/users/{other}/events", "user-0").status_code == 403
    assert shop.ask("GET", "/v1/home", "user-0", params={"user": other}).status_code == 403


def test_behind_keys_people_still_sign_in_and_shoppers_change_nothing_of_the_shop(shop: Shop) -> None:
    settings = shop.runtime.settings
    closed = settings.model_copy(update={"access": "keys", "secret_file": settings.data_dir / "secret"})
    client = TestClient(create_app(replace(shop.runtime, settings=closed)), raise_server_exceptions=False)
    assert [client.get(path).status_code for path in ("/products", "/recommendations", "/health")] == [401, 401, 200]
    answer = client.post("/auth/login", json={"email": "user-0@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    assert [client.get(path).status_code for path in ("/products", "/recommendations")] == [200, 200]
    assert client.put("/v1/products/mugs-1", json={"name": "Mine"}).status_code == 403


LONG = "x" * 2000


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/auth/register", None, 422),
        ("POST", "/auth/register", [], 422),
        ("POST", "/auth/register", {}, 422),
        ("POST", "/auth/register", {"email": "no-address", "password": PASSWORD}, 422),
        ("POST", "/auth/register", {"email": "a@b.c", "password": "short"}, 422),
        ("POST", "/auth/register", {"email": "a@b.c", "password": LONG}, 422),
        ("POST", "/auth/register", {"email": "a@b.c", "password": 12345678}, 422),
        ("POST", "/auth/register", {"email": "a@b.c", "password": PASSWORD, "role": "operator"}, 422),
        ("POST", "/auth/register", {"email": "a\0@b.c", "password": PASSWORD}, 422),
        ("POST", "/auth/login", None, 422),
        ("POST", "/auth/login", "text", 422),
        ("POST", "/auth/login", [1, 2], 422),
        ("POST", "/auth/login", {"email": "a@b.c"}, 422),
        ("POST", "/auth/login", {"email": {"$ne": ""}, "password": {"$ne": ""}}, 422),
        ("POST", "/auth/login", {"email": "unknown@example.com", "password": PASSWORD}, 401),
        ("POST", "/auth/refresh", {}, 422),
        ("POST", "/auth/refresh", {"refresh_token": "vr_unknown"}, 401),
        ("POST", "/interactions", None, 422),
        ("POST", "/interactions", [], 422),
        ("POST", "/interactions", {}, 422),
        ("POST", "/interactions", {"product_id": "mugs-1"}, 422),
        ("POST", "/interactions", {"product_id": "mugs-1", "event": "stare"}, 422),
        ("POST", "/interactions", {"product_id": "mugs-1", "event": "view", "weight": 99}, 422),
        ("POST", "/interactions", {"product_id": "", "event": "view"}, 422),
        ("POST", "/interactions", {"product_id": LONG, "event": "view"}, 422),
        ("POST", "/interactions", {"product_id": 7, "event": "view"}, 422),
        ("POST", "/interactions", {"product_id": "a\0b", "event": "view"}, 422),
        ("POST", "/interactions", {"product_id": "nothing", "event": "view"}, 404),
        ("GET", "/interactions?days=0", None, 422),
        ("GET", "/interactions?limit=ten", None, 422),
        ("PUT", "/users/me", None, 422),
        ("PUT", "/users/me", {"email": "other@example.com"}, 422),
        ("PUT", "/users/me", {"preferences": {"min_price": 9, "max_price": 1}}, 422),
        ("PUT", "/users/me", {"preferences": {"mood": "good"}}, 422),
        ("GET", "/recommendations?limit=0", None, 422),
        ("GET", "/recommendations?limit=101", None, 422),
        ("GET", "/recommendations?limit=", None, 422),
        ("GET", "/recommendations?content_weight=-1", None, 422),
        ("GET", "/recommendations?content_weight=nan", None, 422),
        ("GET", "/recommendations?content_weight=1001", None, 422),
        ("GET", "/recommendations?content_weight=0&collaborative_weight=0&popularity_weight=0", None, 422),
        ("GET", "/recommendations?min_price=-1", None, 422),
        ("GET", "/products?limit=0", None, 422),
        ("GET", "/products?sort=colour", None, 422),
        ("GET", "/products?cursor=garbage", None, 422),
        ("GET", "/products?q=a%00b", None, 422),
        ("GET", "/products?min_price=cheap", None, 422),
        ("GET", "/products/nothing", None, 404),
        ("GET", "/products/tents-3", None, 404),  # the shop does not show it
        ("GET", "/products/tents-3/similar", None, 404),
        ("GET", "/products/nothing/similar", None, 404),
        ("GET", "/products/mugs-1/similar?limit=0", None, 422),
        ("GET", "/products/%27%20OR%201=1--", None, 404),
        ("GET", f"/products/{LONG}", None, 422),
        ("DELETE", "/products/mugs-1", None, 405),
        ("GET", "/nothing", None, 404),
    ],
)
def test_bad_input_has_its_status_and_is_never_a_crash(
    shop: Shop, method: str, path: str, body: Any, status: int
) -> None:
    answer = shop.ask(method, path, "user-0", **({} if body is None else {"json": body}))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert PASSWORD not in answer.text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("{", "application/json"),
        ("username=ann", "application/x-www-form-urlencoded"),
        ("username=ann@example.com&password=x&grant_type=client_credentials", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/json"),
        ("", "application/x-www-form-urlencoded"),
    ],
)
def test_a_broken_sign_in_is_a_422(shop: Shop, content: str | bytes, kind: str) -> None:
    answer = shop.client.post("/auth/login", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 422, answer.text


# --- last, for they change what the shop has learned


def test_what_a_user_does_counts_in_the_very_next_answer(shop: Shop) -> None:
    shop.sign_up("bob")
    assert shop.tell("bob", "tents-0", "view")["weight"] == 1.0
    first = shop.recommended("bob")
    assert first[0]["product"]["category"] == ["Sports", "Outdoor", "Tents"]
    shop.tell("bob", "tents-0", "purchase")
    assert "tents-0" not in {item["product"]["id"] for item in shop.recommended("bob")}


def test_svd_is_one_line_and_predicts_as_scipys_does(shop: Shop, tmp_path: Path) -> None:
    overlay = tmp_path / "svd.toml"
    overlay.write_text('[training]\nfactoriser = "svd"\n')
    params = load_params(profile_file("aurastyle"), overlay)
    assert params.training.model_copy(update={"factoriser": "lightfm"}) == PARAMS.training
    few = params.training.model_copy(update={"dimensions": SVD_SIZE})  # fewer than would rebuild the matrix as it is
    before = shop.get("/health")["model_version"]
    release = shop.train(params.model_copy(update={"training": few}))
    end = time.monotonic() + 30
    while shop.get("/health")["model_version"] == before:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert shop.get("/recommendations", "user-0")["model_version"] == release
    for user in ("user-0", "user-5", "user-11"):
        _, expected = by_hand(
            shop, user, by_scipy(shop, user), {"content": 0.0, "collaborative": 1.0, "popularity": 0.0}
        )
        query = {"content_weight": 0, "collaborative_weight": 1, "popularity_weight": 0}
        found = {item["product"]["id"]: item["collaborative"] for item in shop.recommended(user, **query)}
        assert found == pytest.approx(expected, abs=1e-3)


def test_where_nobody_did_anything_yet_ratings_and_reviews_are_popularity(settings: Settings, tmp_path: Path) -> None:
    with served(settings.model_copy(update={"data_dir": tmp_path})) as fresh:
        with fresh.runtime.database.session() as session:
            upsert_products(session, goods())
        index_stale(fresh.runtime.outbox)
        fresh.runtime.count_popular()
        fresh.sign_up("first")
        shown = [product for product in goods() if product.visible and product.stock]
        rated = np.array([product.rating for product in goods() if product.visible])
        prior = PARAMS.popular.prior_rating_count
        expected = {
            p.external_id: np.log1p(p.review_count)
            * (prior * rated.mean() + p.review_count * p.rating) / (prior + p.review_count)
            for p in shown if p.rating is not None and p.review_count
        }  # fmt: skip
        found = {item["product"]["id"]: item["popularity"] for item in fresh.recommended("first")}
        assert found == pytest.approx(minmax(expected), abs=1e-5)
