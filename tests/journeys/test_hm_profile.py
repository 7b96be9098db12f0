"""The hm profile, statement by statement of its description: H&M's files loaded, served over its API, with pictures.

Its formula is worked out again with numpy from the vectors in the store, its factors with `implicit` from the file.
"""

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog
from PIL import Image, ImageDraw
from sqlalchemy import text
from starlette.testclient import TestClient

from config.params import Params, load_params
from config.profile import profile_file
from config.settings import Settings
from indexer.release.build import build_release
from indexer.release.publish import Publisher, publish_release
from indexer.sync import index_stale
from service.api.compat.hm_cards import Recommended
from service.api.compat.hm_customers import CustomerProfile
from service.api.compat.hm_explore import FACETS, Explored
from service.api.compat.hm_lists import Home, Recommendations, SimilarArticles, Trending
from service.app import create_app
from service.cli.main import main
from service.core.types import Product
from service.runtime import Runtime, open_runtime
from service.store.catalog import delete_products, patch_product, product_ids, upsert_products
from service.store.spaces import PRODUCTS

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "hm"
PARAMS = load_params(profile_file("hm"))
COLOURS = {"Black": (20, 20, 20), "Red": (200, 30, 40)}
KINDS = (
    ("Ladieswear", "Garment Full body", "Dress", "Dresses", "Womens Everyday Collection"),
    ("Menswear", "Garment Lower body", "Trousers", "Trouser", "Contemporary Street"),
    ("Sport", "Garment Upper body", "T-shirt", "Mens Sport", "Men H&M Sport"),
    ("Ladieswear", "Accessories", "Bag", "Bags", "Womens Big accessories"),
)
WORDS = ("Soft", "Light", "Long", "Short", "Ribbed", "Woven")
CUSTOMERS = 40
NO_PHOTO = "0100023001"
JSON = {"content-type": "application/json"}


def articles() -> list[dict[str, object]]:
    """48 articles: four kinds, six of each, in two colours that share their product_code."""
    rows = []
    for number in range(24):
        (index, group, kind, department, section), word = KINDS[number // 6], WORDS[number % 6]
        for place, colour in enumerate(COLOURS, 1):
            code = 100_000 + number
            rows.append({
                "article_id": f"0{code}{place:03d}", "product_code": code, "prod_name": f"{word} {kind} {number}",
                "product_type_no": 1, "product_type_name": kind, "product_group_name": group,
                "graphical_appearance_no": 1, "graphical_appearance_name": "Solid", "colour_group_code": place,
                "colour_group_name": colour, "perceived_colour_value_id": 1, "perceived_colour_value_name": "Dark",
                "perceived_colour_master_id": 1, "perceived_colour_master_name": colour, "department_no": 1,
                "department_name": department, "index_code": "A", "index_name": index, "index_group_no": 1,
                "index_group_name": index, "section_no": 1, "section_name": section, "garment_group_no": 1,
                "garment_group_name": f"{kind}s", "detail_desc": f"{word} {colour.lower()} {kind.lower()} for the day.",
            })  # fmt: skip
    return rows


def transactions(ids: list[str]) -> list[dict[str, object]]:
    """Every customer buys seven articles, most of one kind; ids as they come, without their leading zero."""
    random, rows = np.random.default_rng(5), []
    for customer in range(CUSTOMERS):
        own = np.arange(12) + 12 * (customer % 4)
        others = [customer, *random.choice(len(ids), 2, replace=False)]  # so that each of the first forty is bought
        bought = [*others, *random.choice(own, 5, replace=False)]
        rows += [
            {
                "t_dat": f"2020-09-{15 + day:02d}", "customer_id": f"c{customer:02d}",
                "article_id": ids[place].lstrip("0"), "price": 0.0123, "sales_channel_id": 2,
            }
            for day, place in enumerate(bought)
        ]  # fmt: skip
    rows += [{**rows[0], "customer_id": f"c{n:02d}", "article_id": ids[40 + n].lstrip("0")} for n in range(8)]
    return sorted(rows, key=lambda row: str(row["t_dat"]))


def photo(row: dict[str, object]) -> Image.Image:
    picture = Image.new("RGB", (400, 600), "white")
    draw, colour = ImageDraw.Draw(picture), COLOURS[str(row["colour_group_name"])]
    shapes = {
        "Dress": lambda: draw.polygon([(200, 80), (330, 540), (70, 540)], fill=colour),
        "Trousers": lambda: [draw.rectangle((x, 80, x + 70, 540), fill=colour) for x in (110, 220)],
        "T-shirt": lambda: draw.rectangle((90, 120, 310, 420), fill=colour),
        "Bag": lambda: draw.ellipse((80, 180, 320, 460), fill=colour),
    }
    shapes[str(row["product_type_name"])]()
    return picture


def write_csv(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@dataclass(frozen=True)
class Shop:
    """The profile's own API, and what lies behind it."""

    http: TestClient
    runtime: Runtime
    params: Params
    release: str

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def recommended(self, customer: str, **query: Any) -> list[dict[str, Any]]:
        return list(self.get(f"/api/recommendations/{customer}", **query)["recommendations"])

    def key(self, article: str) -> int:
        with self.runtime.database.session() as session:
            return product_ids(session, "default", [article])[article]

    def change(self, article: str, **changes: object) -> None:
        with self.runtime.database.session() as session:
            patch_product(session, "default", article, changes)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.runtime.database.session() as session:
            return [tuple(row) for row in session.connection().execute(text(query))]


@contextmanager
def opened(folder: Path) -> Iterator[Shop]:
    """What `vitrine index`, `train` and `serve --profile hm` do in a folder, in this process."""
    settings = Settings.model_construct(
        data_dir=folder, profile="hm", image_model="bundled", log_level="warning", background="off"
    )
    with open_runtime(settings) as runtime:
        index_stale(runtime.outbox)
        params = runtime.params
        checks = params.training.checks.model_copy(update={"sample": 5, "held_out_share": 0.0})
        training = params.training.model_copy(update={"checks": checks})
        made = build_release(runtime.database, params.model_copy(update={"training": training}), settings.releases_dir)
        publisher = Publisher(runtime.database, runtime.store, settings.releases_dir, runtime.fields, checks)
        published = publish_release(publisher, made)
        assert published.status == "live", published.message
        runtime.count_popular()
        with TestClient(create_app(runtime), raise_server_exceptions=False) as http:
            yield Shop(http, runtime, params, made)


def load(folder: Path, kind: str, *arguments: object) -> dict[str, Any]:
    """`vitrine load products|events … --profile hm`, and its report."""
    command = ["load", kind, *map(str, arguments), "--profile", "hm", "--data-dir", str(folder), "--json"]
    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        assert main(command) == 0, stream.getvalue()
    return dict(json.loads(stream.getvalue())["files"][0])


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """H&M's files, small: articles.csv, transactions.csv and images; one article has no photo."""
    folder, rows = tmp_path_factory.mktemp("hm"), articles()
    write_csv(folder / "articles.csv", rows)
    write_csv(folder / "transactions.csv", transactions([str(row["article_id"]) for row in rows]))
    (folder / "images").mkdir()
    for row in rows:
        if row["article_id"] != NO_PHOTO:
            photo(row).save(folder / "images" / f"{row['article_id']}.jpg")
    return folder


@pytest.fixture(scope="module")
def shop(files: Path) -> Iterator[Shop]:
    """Loaded, indexed, trained and served."""
    products = load(files / "data", "products", files / "articles.csv")
    assert (products["format"], products["rows"], products["created"], products["rejected"]) == ("hm", 48, 48, 0)
    events = load(files / "data", "events", files / "transactions.csv")
    assert (events["format"], events["rows"], events["loaded"]) == ("hm", 8 * CUSTOMERS + 8, 8 * CUSTOMERS + 8)
    with opened(files / "data") as shop:
        yield shop


# ---- the formula, again


def history(shop: Shop, customer: str) -> tuple[list[int], np.ndarray]:
    """Distinct articles a customer bought, newest first, and what each counts: 5 per purchase."""
    rows = shop.rows(
        "SELECT i.product_id FROM interaction i JOIN users u ON u.id = i.user_id "
        f"WHERE u.external_id = '{customer}' AND i.product_id IS NOT NULL ORDER BY i.at DESC, i.id DESC"
    )
    bought = [row[0] for row in rows]
    distinct = list(dict.fromkeys(bought))
    return distinct, np.array([5.0 * bought.count(one) for one in distinct])


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def parts_by_hand(shop: Shop, customer: str) -> dict[str, dict[str, float]]:
    """Article -> cf_score, text_score, image_score and final_score of everything the customer has not bought."""
    keys = {row[1]: row[0] for row in shop.rows("SELECT external_id, id FROM product WHERE deleted_at IS NULL")}
    bought, weights = history(shop, customer)
    half = shop.params.history.half_life_products
    decay = {signal: weights * 0.5 ** (np.arange(len(bought)) / half[signal]) for signal in ("cf", "text", "image")}
    own = shop.runtime.store.retrieve(PRODUCTS, list(keys), vectors=("text", "image"))
    release = shop.runtime.services.release()
    trained = shop.runtime.store.retrieve(release.behaviour, list(keys), vectors=("cf",))
    cf = {key: np.array(one.vectors["cf"], float) for key, one in trained.items() if "cf" in one.vectors}
    user = sum(w * cf[key] for w, key in zip(decay["cf"], bought, strict=True)) / decay["cf"].sum() @ release.fold
    scores = {"cf_score": {key: float(cf[key] @ user) for key in cf}}
    for slot in ("text", "image"):
        vectors = {key: np.array(one.vectors[slot], float) for key, one in own.items() if slot in one.vectors}
        liked = [(w, vectors[key]) for w, key in zip(decay[slot], bought, strict=True) if key in vectors]
        profile = unit(sum(w * vector for w, vector in liked))
        scores[f"{slot}_score"] = {key: float(unit(vector) @ profile) for key, vector in vectors.items()}
    return _formula(keys, set(bought), scores)


def _formula(
    keys: dict[int, str], bought: set[int], scores: dict[str, dict[int, float]]
) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {keys[key]: {} for key in keys if key not in bought}
    for name, raw in scores.items():
        new = {key: value for key, value in raw.items() if key not in bought}
        low, high = min(new.values()), max(new.values())
        for key, article in keys.items():
            if article in found:
                found[article][name] = (new[key] - low) / (high - low) if key in new else 0.0
    for parts in found.values():
        parts["final_score"] = 0.5 * parts["cf_score"] + 0.3 * parts["text_score"] + 0.2 * parts["image_score"]
    return found


def one_of_each(articles: list[str], codes: dict[str, str]) -> list[str]:
    """The best of each product_code."""
    best = {codes[article]: article for article in reversed(articles)}
    return [article for article in articles if best[codes[article]] == article]


def check_formula(shop: Shop, customers: list[str], n: int) -> None:
    rows = shop.rows("SELECT external_id, json_extract(attributes, '$.product_code') FROM product")
    codes = {article: str(code) for article, code in rows}
    for customer in customers:
        expected = parts_by_hand(shop, customer)
        shown = shop.recommended(customer, limit=n)
        for one in shown:
            for name, value in expected[one["article_id"]].items():
                assert one[name] == pytest.approx(value, abs=2e-3), (customer, one["article_id"], name)
        order = one_of_each(sorted(expected, key=lambda a: -expected[a]["final_score"]), codes)[:n]
        assert len(shown) == len(order)
        # equal to the last digits may stand either way round
        found = [expected[one["article_id"]]["final_score"] for one in shown]
        assert found == pytest.approx([expected[article]["final_score"] for article in order], abs=2e-3), customer


# ---- the statements of the description


def the_final_score_is_the_formula(shop: Shop) -> None:
    assert dict(shop.params.surfaces["home"].weights)["cf"] == 0.5
    check_formula(shop, [f"c{number:02d}" for number in range(0, CUSTOMERS, 5)], 12)
    for one in shop.recommended("c03", limit=12):
        parts = 0.5 * one["cf_score"] + 0.3 * one["text_score"] + 0.2 * one["image_score"]
        assert one["final_score"] == pytest.approx(parts, abs=2e-6)
        assert one["score"] == pytest.approx(one["final_score"] + one["preference_score"], abs=2e-6)
        assert all(0 <= one[name] <= 1 for name in ("cf_score", "text_score", "image_score"))


def the_factors_are_those_of_implicit(shop: Shop) -> None:
    """`implicit`'s ALS on purchases x 5, halving in 90 days, confidence 1 + 10 w: the same vectors, bit for bit."""
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import coo_matrix

    bought = shop.rows(
        "SELECT user_id, product_id, at FROM interaction WHERE product_id IS NOT NULL AND type = 'purchase'"
    )
    newest = max(row[2] for row in bought)
    users, items = sorted({row[0] for row in bought}), sorted({row[1] for row in bought})
    amount = (5.0 * 0.5 ** (np.array([newest - row[2] for row in bought]) / 1e6 / 86_400 / 90)).astype(np.float32)
    places = ([users.index(row[0]) for row in bought], [items.index(row[1]) for row in bought])
    matrix = coo_matrix((amount, places)).tocsr().astype(np.float32)
    matrix.sort_indices()
    matrix.data = (1 + 10 * np.minimum(matrix.data, np.float32(10))).astype(np.float32)
    with structlog.testing.capture_logs():
        model = AlternatingLeastSquares(
            factors=64, regularization=0.1, alpha=1.0, iterations=15, num_threads=1, random_state=7
        )
        model.fit(matrix, show_progress=False)
    assert shop.params.training.factoriser == "als"
    release = shop.runtime.services.release()
    for collection, keys, factors in (
        (release.behaviour, items, model.item_factors), (release.users, users, model.user_factors),
    ):  # fmt: skip
        stored = shop.runtime.store.retrieve(collection, keys, vectors=("cf",))
        ours = np.array([stored[key].vectors["cf"] for key in keys])
        np.testing.assert_allclose(ours, factors, rtol=1e-4, atol=1e-5)


def a_customer_gets_more_of_the_own_kind(shop: Shop) -> None:
    right = 0
    for number in range(8):
        shown = shop.recommended(f"c{number:02d}", limit=5)
        right += sum(one["product_type_name"] == KINDS[number % 4][2] for one in shown)
    assert right >= 24  # of 40; by chance 10; of the twelve of a kind five are bought, and of two colours one is shown


def home_has_a_hero_recommendations_and_trending(shop: Shop) -> None:
    body = shop.get("/api/home/c01", limit=6)
    Home.model_validate(body)
    hero = body["hero"]
    assert hero["category"].startswith("Menswear")
    assert hero["title"].endswith("Trousers")
    assert shop.http.get(hero["picture"]).headers["x-picture"] == "own"
    lists = [hero["article"], *body["recommendations"], *body["trending"]]
    assert (len(body["recommendations"]), len(body["trending"]), body["fallback"]) == (6, 6, None)
    assert len({one["article_id"] for one in lists}) == 13  # none twice


def explore_lists_all_products_with_filters(shop: Shop) -> None:
    body = shop.get("/api/explore", limit=48)
    Explored.model_validate(body)
    assert (body["total"], len(body["articles"]), set(body["facets"])) == (48, 48, set(FACETS))
    counts = {one["value"]: one["count"] for one in body["facets"]["colour"]["values"]}
    assert counts == {"Black": 24, "Red": 24}
    for query, total in (
        ({"colour": "Red"}, 24), ({"colour": ["Red", "Black"]}, 48), ({"category": "Ladieswear"}, 24),
        ({"category": "bag"}, 12), ({"category": "Ladieswear > Accessories"}, 12), ({"section": KINDS[1][4]}, 12),
        ({"department": "Bags", "colour": "Red"}, 6), ({"garment_group": "Dresss"}, 12), ({"colour": "Blue"}, 0),
        ({"category": "Nowhere"}, 0), ({"min_price": 1}, 0),
    ):  # fmt: skip
        found = shop.get("/api/explore", limit=48, **query)
        assert (found["total"], len(found["articles"])) == (total, total), query
    red = shop.get("/api/explore", colour="Red")["facets"]
    assert {one["value"]: one["count"] for one in red["colour"]["values"]} == {"Black": 24, "Red": 24}
    assert {one["value"]: one["count"] for one in red["department"]["values"]} == {kind[3]: 6 for kind in KINDS}


def explore_searches_sorts_and_pages(shop: Shop) -> None:
    found = shop.get("/api/explore", q="red dress", limit=6)["articles"]
    assert {(one["colour_group_name"], one["product_type_name"]) for one in found} == {("Red", "Dress")}
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while not seen or cursor:
        page = shop.get("/api/explore", sort="newest", limit=20, **cursor)
        assert (page["facets"] is None) is bool(cursor)
        seen += [one["article_id"] for one in page["articles"]]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
    assert sorted(seen) == sorted(str(row["article_id"]) for row in articles())


def preferences_are_saved_and_change_the_next_answer(shop: Shop) -> None:
    before = shop.recommended("c02", limit=12)
    told = {"categories": ["bag"], "colours": ["red"]}
    saved = shop.http.put("/api/profile/c02", json=told)
    assert (saved.status_code, saved.headers["cache-control"]) == (200, "private, no-store")
    CustomerProfile.model_validate(saved.json())
    assert saved.json()["preferences"]["categories"] == ["Ladieswear > Accessories > Bag"]
    assert saved.json()["preferences"]["colours"] == ["Red"]
    assert shop.get("/api/profile/c02")["preferences"] == saved.json()["preferences"]
    after = shop.recommended("c02", limit=12)
    for one in after:
        met = (one["product_type_name"] == "Bag") + (one["colour_group_name"] == "Red")
        assert one["preference_score"] == pytest.approx(0.3 * met)
    assert sum(one["colour_group_name"] == "Red" for one in after) > sum(
        one["colour_group_name"] == "Red" for one in before
    )
    known = {one["article_id"]: one["final_score"] for one in before}
    assert all(one["final_score"] == known[one["article_id"]] for one in after if one["article_id"] in known)
    shop.http.put("/api/profile/c02", json={})
    assert shop.recommended("c02", limit=12) == before


def unknown_customers_get_what_trends(shop: Shop) -> None:
    body = shop.get("/api/recommendations/nobody", limit=5)
    Recommendations.model_validate(body)
    assert body["fallback"] == {"level": "global", "reason": "nothing is known of this user yet"}
    trending = shop.get("/api/trending", limit=5)["articles"]
    assert [one["article_id"] for one in body["recommendations"]] == [one["article_id"] for one in trending]
    assert shop.get("/api/profile/nobody")["is_known"] is False
    home = shop.get("/api/home/nobody", limit=5)
    assert (len(home["recommendations"]), len(home["trending"])) == (5, 5)


def trending_is_what_is_bought_now(shop: Shop) -> None:
    body = shop.get("/api/trending", limit=20)
    Trending.model_validate(body)
    weight: dict[str, float] = {}
    rows = shop.rows("SELECT p.external_id, i.at FROM interaction i JOIN product p ON p.id = i.product_id")
    newest = max(at for _, at in rows)
    for article, at in rows:
        weight[article] = weight.get(article, 0.0) + 5 * 0.99 ** ((newest - at) / 1e6 / 3600)
    shown = [weight[one["article_id"]] for one in body["articles"]]
    assert shown == sorted(shown, reverse=True)
    assert shown[0] == max(weight.values())
    bags = shop.get("/api/trending", category="bag")["articles"]
    assert {one["product_type_name"] for one in bags} == {"Bag"}


def similar_is_by_words_and_picture(shop: Shop) -> None:
    body = shop.get("/api/similar/100000001", limit=8)
    SimilarArticles.model_validate(body)
    assert body["article_id"] == "0100000001"
    assert body == shop.get("/api/similar/0100000001", limit=8)
    assert not [one for one in body["articles"] if one["product_code"] == "100000"]
    assert {one["product_type_name"] for one in body["articles"][:4]} == {"Dress"}
    for one in body["articles"]:
        assert one["final_score"] == pytest.approx(0.3 * one["text_score"] + 0.2 * one["image_score"], abs=2e-6)


def what_a_customer_does_counts_at_once(shop: Shop) -> None:
    assert shop.get("/api/recommendations/walker")["fallback"] is not None
    for article in ("100006001", "0100007002"):
        sent = {"customer_id": "walker", "type": "view", "article_id": article, "event_id": f"walk-{article}"}
        answer = shop.http.post("/api/interactions", json=sent)
        expected = {"status": "recorded", "customer_id": "walker", "article_id": article.zfill(10)}
        assert (answer.status_code, answer.json()) == (201, expected)
        assert shop.http.post("/api/interactions", json=sent).json()["status"] == "duplicate"
    body = shop.get("/api/recommendations/walker", limit=4)
    Recommendations.model_validate(body)
    assert (body["fallback"], body["degraded"], body["release"]) == (None, {}, shop.release)
    assert {one["product_type_name"] for one in body["recommendations"][:3]} == {"Trousers"}


def every_article_has_a_picture(shop: Shop) -> None:
    body = shop.get("/api/explore", limit=48)
    for one in body["articles"]:
        answer = shop.http.get(one["picture"], headers={"Accept": "image/webp"})
        own = one["article_id"] != NO_PHOTO
        assert (one["has_picture"], answer.headers["x-picture"].startswith("own")) == (own, own)
        assert Image.open(io.BytesIO(answer.content)).size == ((320, 480) if own else (320, 320))


def native_and_profile_give_the_same_order(shop: Shop) -> None:
    shop.http.put("/api/profile/c09", json={"colours": ["Black"]})
    for customer in ("c00", "c07", "c09", "nobody"):
        native = shop.get("/v1/home", user=customer, n=20)["items"]
        assert [one["article_id"] for one in shop.recommended(customer, limit=20)] == [one["id"] for one in native]
        scores = [round(one["score"], 6) for one in native]
        assert [one["score"] for one in shop.recommended(customer, limit=20)] == pytest.approx(scores)
    native = shop.get("/v1/similar/0100012001", n=20)["items"]
    ours = shop.get("/api/similar/0100012001", limit=20)["articles"]
    assert [one["article_id"] for one in ours] == [one["id"] for one in native]
    (native,) = shop.get("/v1/home", shelves="trending", n=20)["shelves"]
    ours = shop.get("/api/trending", limit=20)["articles"]
    assert [one["article_id"] for one in ours] == [one["id"] for one in native["items"]]
    native = shop.get("/v1/search", q="red dress", sort="relevance", n=20)["items"]
    ours = shop.get("/api/explore", q="red dress", limit=20)["articles"]
    assert [one["article_id"] for one in ours] == [one["id"] for one in native]


def answers_say_what_they_are_in_the_openapi_document(shop: Shop) -> None:
    paths = shop.get("/openapi.json")["paths"]
    assert {path for path in paths if path.startswith("/api/")} == {
        "/api/home/{customer_id}", "/api/recommendations/{customer_id}", "/api/trending", "/api/similar/{article_id}",
        "/api/explore", "/api/profile/{customer_id}", "/api/interactions",
    }  # fmt: skip
    assert set(shop.recommended("c00", limit=1)[0]) == set(Recommended.model_fields)


STATEMENTS: dict[str, Callable[[Shop], None]] = {
    "final_score = 0.5 * cf_score + 0.3 * text_score + 0.2 * image_score": the_final_score_is_the_formula,
    "`implicit` for collaborative filtering": the_factors_are_those_of_implicit,
    "tailored suggestions from user data": a_customer_gets_more_of_the_own_kind,
    "Home Page: a hero section and personalized recommendations": home_has_a_hero_recommendations_and_trending,
    "Explore Page: all products with filtering options": explore_lists_all_products_with_filters,
    "Explore: search, order, pages": explore_searches_sorts_and_pages,
    "Profile Page: users set and save their preferences": preferences_are_saved_and_change_the_next_answer,
    "unknown customers (not described): a useful answer": unknown_customers_get_what_trends,
    "endpoints for trending items": trending_is_what_is_bought_now,
    "endpoints for similar items; SentenceTransformers and image embeddings": similar_is_by_words_and_picture,
    "adapts to what users do": what_a_customer_does_counts_at_once,
    "visual: each article with its picture": every_article_has_a_picture,
    "one engine: native API and profile agree": native_and_profile_give_the_same_order,
    "RESTful API": answers_say_what_they_are_in_the_openapi_document,
}


@pytest.mark.parametrize("check", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_what_the_description_states_holds(shop: Shop, check: Callable[[Shop], None]) -> None:
    check(shop)


# ---- bad input

LONG = "x" * 10_000


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/recommendations/c00?limit=0", 422), ("/api/recommendations/c00?limit=-1", 422),
        ("/api/recommendations/c00?limit=101", 422), (f"/api/recommendations/c00?limit={10**40}", 422),
        ("/api/recommendations/c00?limit=ten", 422), ("/api/recommendations/c00?limit=", 422),
        ("/api/recommendations/", 404), ("/api/recommendations/a/b", 404), (f"/api/recommendations/{LONG}", 422),
        ("/api/recommendations/a%00b", 422), ("/api/recommendations/%F0%9F%9B%92", 200),
        ("/api/recommendations/%27%20OR%201=1--", 200), ("/api/recommendations/%ff%fe", 200),
        ("/api/home/c00?limit=0", 422), ("/api/home/nobody", 200), (f"/api/home/{LONG}", 422),
        ("/api/home/c00?limit=101", 422),
        ("/api/trending?limit=0", 422), ("/api/trending?limit=x", 422), ("/api/trending?category=Nowhere", 200),
        (f"/api/trending?category={LONG}", 422), ("/api/trending?category=", 200),
        ("/api/trending?limit=101", 422), (f"/api/trending?limit={10**40}", 422), ("/api/trending?category=%00", 422),
        ("/api/explore?category=%00", 422), ("/api/explore?colour=a%00b", 422), (f"/api/explore?section={LONG}", 422),
        ("/api/similar/9999999999", 404), ("/api/similar/nothing", 404), ("/api/similar/1", 404),
        ("/api/similar/0100000001?limit=101", 422), ("/api/similar/a%00b", 422), (f"/api/similar/{LONG}", 422),
        ("/api/similar/%D9%A1%D9%A0%D9%A0", 404),  # digits, but not ours
        ("/api/explore?limit=0", 422), ("/api/explore?limit=101", 422), ("/api/explore?sort=sideways", 422),
        ("/api/explore?cursor=nonsense", 422), ("/api/explore?min_price=-1", 422), ("/api/explore?min_price=nan", 422),
        ("/api/explore?max_price=cheap", 422), ("/api/explore?min_price=9&max_price=1", 200),
        (f"/api/explore?q={LONG}", 422), ("/api/explore?q=%00", 422), ("/api/explore?q=%20", 200),
        ("/api/explore?colour=%27;DROP%20TABLE%20product;--", 200), ("/api/explore?category=%20%3E%20", 200),
        ("/api/profile/a%00b", 422), (f"/api/profile/{LONG}", 422), ("/api/profile/", 404),
        ("/api/interactions", 405), ("/api/nothing", 404),
    ],
)  # fmt: skip
def test_bad_input_is_never_a_crash(shop: Shop, path: str, status: int) -> None:
    answer = shop.http.get(path)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/api/profile/x", b"", 422), ("PUT", "/api/profile/x", b"{", 422),
        ("PUT", "/api/profile/x", b"[]", 422),
        ("PUT", "/api/profile/x", b'{"categories": "Dress"}', 422), ("PUT", "/api/profile/x", b'{"sizes": ["M"]}', 422),
        ("PUT", "/api/profile/x", b'{"categories": ["Spaceships"]}', 422),
        ("PUT", "/api/profile/x", b'{"colours": ["Ultraviolet"]}', 422),
        ("PUT", "/api/profile/x", b'{"colours": [""]}', 422),
        ("PUT", "/api/profile/x", b'{"min_price": 9, "max_price": 1}', 422),
        ("PUT", "/api/profile/x", b'{"min_price": -1}', 422), ("PUT", "/api/profile/a%00b", b"{}", 422),
        ("PUT", "/api/profile/x", json.dumps({"colours": ["Red"] * 101}).encode(), 422),
        ("POST", "/api/interactions", b"", 422), ("POST", "/api/interactions", b"{", 422),
        ("POST", "/api/interactions", b"{}", 422),
        ("POST", "/api/interactions", b'{"customer_id": "x", "type": "view"}', 422),
        ("POST", "/api/interactions", b'{"customer_id": "x", "type": "search"}', 422),
        ("POST", "/api/interactions", b'{"customer_id": "x", "type": "stare", "article_id": "100000001"}', 422),
        ("POST", "/api/interactions", b'{"customer_id": 7, "type": "view", "article_id": "100000001"}', 422),
        ("POST", "/api/interactions", b'{"customer_id": "", "type": "view", "article_id": "100000001"}', 422),
        ("POST", "/api/interactions", b'{"customer_id": "x", "type": "view", "article_id": 100000001}', 422),
        ("POST", "/api/interactions", b'{"customer_id": "x", "type": "view", "article_id": "999"}', 404),
        ("POST", "/api/interactions", b'{"customer_id": "x", "type": "search", "query": "red dress"}', 201),
        ("DELETE", "/api/profile/x", b"", 405), ("POST", "/api/trending", b"", 405),
    ],
)  # fmt: skip
def test_bad_bodies_are_refused(shop: Shop, method: str, path: str, body: bytes, status: int) -> None:
    answer = shop.http.request(method, path, content=body, headers=JSON)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


def test_what_the_shop_does_not_have_is_named_with_what_it_has(shop: Shop) -> None:
    detail = shop.http.put("/api/profile/x", json={"colours": ["Ultraviolet"]}).json()["detail"]
    assert detail == "colours: the shop has no 'Ultraviolet'; it has Black, Red"
    assert shop.get("/api/profile/x")["preferences"]["colours"] == []


# ---- caching and logging

SAME_FOR_ALL = ("/api/trending?limit=9", "/api/similar/0100000001?limit=9", "/api/explore?limit=48&sort=newest")


@pytest.mark.parametrize("path", SAME_FOR_ALL)
def test_what_is_the_same_for_everybody_is_kept_and_not_sent_twice(shop: Shop, path: str) -> None:
    answers = [shop.http.get(path + "&kept=1") for _ in range(3)]  # other parameters are ignored
    assert [one.headers["x-cache"] for one in answers][1:] == ["hit", "hit"]
    assert len({one.content for one in answers}) == 1
    again = shop.http.get(path, headers={"If-None-Match": answers[0].headers["etag"]})
    assert (again.status_code, again.content, again.headers["x-cache"]) == (304, b"", "hit")
    assert again.headers["cache-control"] == "public, no-cache"


def test_personal_answers_are_kept_by_nobody(shop: Shop) -> None:
    for path in ("/api/home/c00", "/api/recommendations/c00", "/api/profile/c00"):
        answer = shop.http.get(path)
        assert answer.headers["cache-control"] == "private, no-store"
        assert "x-cache" not in answer.headers


@pytest.mark.parametrize("path", SAME_FOR_ALL)
def test_a_kept_answer_never_shows_what_is_sold_out_and_always_the_price_of_now(shop: Shop, path: str) -> None:
    first = shop.get(path)["articles"][0]["article_id"]
    try:
        for stock, price in ((0, None), (5, 1999), (0, 1999), (7, 2999), (None, 999)):
            shop.change(first, stock=stock, price_minor=price, currency="EUR")
            shown = _prices(shop, path)  # at once: there is no moment in which the old answer is sent
            assert first not in shown or (stock != 0 and shown[first] == price / 100)
            if stock != 0:
                _wait_until(lambda: first in _prices(shop, path))
                assert _prices(shop, path)[first] == price / 100
    finally:
        shop.change(first, stock=None, price_minor=None, currency=None)


def _prices(shop: Shop, path: str) -> dict[str, float | None]:
    return {one["article_id"]: one["price"] for one in shop.get(path)["articles"]}


def _wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10  # a few hundredths of a second where nothing else runs
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_was_missing_appears_soon(shop: Shop) -> None:
    path = "/api/explore?limit=48&sort=newest&colour=Red"
    shop.change("0100001002", visible=False)
    assert "0100001002" not in _prices(shop, path)
    shop.change("0100001002", visible=True)
    _wait_until(lambda: "0100001002" in _prices(shop, path))


def test_new_trends_and_rules_make_new_answers(shop: Shop) -> None:
    path = "/api/trending?limit=5"
    first = shop.get(path)["articles"][0]["article_id"]
    condition = {"must": [{"field": "id", "match": first}]}
    rule = {"id": "no-first", "condition": condition, "consequence": {"kind": "exclude"}}
    answer = shop.http.post("/v1/rules", json=rule)
    assert answer.status_code in (200, 201), answer.text
    assert first not in _prices(shop, path)
    assert shop.http.delete("/v1/rules/no-first").status_code in (200, 204)
    assert first in _prices(shop, path)


def test_an_article_that_is_gone_has_nothing_similar(shop: Shop) -> None:
    with shop.runtime.database.session() as session:
        upsert_products(session, [Product("0199999001", "Soft Dress", description="A dress for one day.")])
    index_stale(shop.runtime.outbox)
    path = "/api/similar/199999001"
    assert [shop.http.get(path).headers["x-cache"] for _ in range(2)] == ["miss", "hit"]
    with shop.runtime.database.session() as session:
        delete_products(session, "default", ["0199999001"])
    assert shop.http.get(path).status_code == 404
    index_stale(shop.runtime.outbox)


def test_ids_that_are_shorter_in_a_shop_are_found_as_they_are(shop: Shop) -> None:
    with shop.runtime.database.session() as session:
        upsert_products(session, [Product("77", "Short Bag", description="A bag for one day.")])
    index_stale(shop.runtime.outbox)
    assert shop.get("/api/similar/77")["article_id"] == "77"
    with shop.runtime.database.session() as session:
        delete_products(session, "default", ["77"])
    index_stale(shop.runtime.outbox)


def test_every_answer_is_one_line_with_its_id_its_surface_and_its_cache(shop: Shop) -> None:
    for _ in range(100):  # until what other tests changed is in force
        if shop.http.get("/api/trending?limit=6").headers["x-cache"] == "hit":
            break
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        asked = [
            ("/api/trending?limit=7", "home", "miss"), ("/api/trending?limit=7", "home", "hit"),
            ("/api/recommendations/c00", "home", None), ("/api/similar/0100000002", "similar", "miss"),
            ("/api/explore?limit=3", "search", "miss"), ("/api/similar/404", None, None),
        ]  # fmt: skip
        ids = [shop.http.get(path).headers["x-request-id"] for path, _, _ in asked]
    told = [line for line in lines if line["event"] == "request"]
    assert [line["request_id"] for line in told] == ids
    assert [(line.get("surface"), line.get("cache")) for line in told] == [one[1:] for one in asked]
    assert all(line["took_ms"] >= 0 for line in told)
    assert not [line for line in told if "c00" in str(line)]


# ---- the real thing


@pytest.fixture(scope="module")
def selection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 real articles with photos, and what 150 customers bought of them."""
    if not (DATA / "articles.parquet").is_file():
        pytest.skip(f"the H&M data is not at {DATA}")
    import polars

    folder = tmp_path_factory.mktemp("real")
    bought = polars.read_parquet(DATA / "transactions-2020-09-16_22.parquet")
    photos = {path.stem for path in (DATA / "images").iterdir()}
    id = polars.col("article_id").str.zfill(10)
    best = bought.filter(id.is_in(list(photos))).group_by(id).len().sort("len", "article_id", descending=True)
    chosen = best["article_id"][:60].to_list()
    sold = bought.filter(id.is_in(chosen))
    most = sold.group_by("customer_id").len().sort("len", "customer_id", descending=True)["customer_id"][:150]
    sold.filter(polars.col("customer_id").is_in(most.to_list())).write_parquet(folder / "transactions.parquet")
    rows = polars.read_parquet(DATA / "articles.parquet")
    none = rows.filter(~id.is_in(list(photos)))[:5]  # and five without photos, which stay out
    polars.concat([rows.filter(id.is_in(chosen)), none]).write_parquet(folder / "articles.parquet")
    return folder


def test_real_articles_transactions_and_photos_are_loaded_and_served(selection: Path) -> None:
    images = ("--images", DATA / "images")
    products = load(selection / "data", "products", selection / "articles.parquet", *images, "--only-with-pictures")
    assert (products["rows"], products["loaded"], products["left_out"]) == (65, 60, 5)
    events = load(selection / "data", "events", selection / "transactions.parquet")
    assert events["loaded"] == events["rows"] > 500
    with opened(selection / "data") as shop:
        customers = [row[0] for row in shop.rows("SELECT external_id FROM users ORDER BY id LIMIT 5")]
        check_formula(shop, customers, 10)
        home = shop.get(f"/api/home/{customers[0]}", limit=6)
        assert (len(home["recommendations"]), home["fallback"]) == (6, None)
        for one in (*home["recommendations"], home["hero"]["article"]):
            answer = shop.http.get(one["picture"], headers={"Accept": "image/webp"})
            assert answer.headers["x-picture"] == "own"
            assert Image.open(io.BytesIO(answer.content)).size[0] == 320
        anchor = home["hero"]["article"]["article_id"]
        assert shop.get(f"/api/similar/{anchor.lstrip('0')}")["articles"]
