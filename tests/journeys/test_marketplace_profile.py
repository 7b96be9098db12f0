"""Profile `marketplace`: what its description states, checked over its own API on a PostgreSQL in its own schema."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from config.params import load_params
from config.profile import profile_file
from tests.shop_database import ShopDatabase

COMMAND = (sys.executable, "-c", "from service.cli.main import run; run()")
PRODUCTS, BUYERS, TASTES = 120, 80, 4
WEIGHTS = {"OrderItem": 1.0, "CartItem": 0.5, "WishlistItem": 0.3}
LONGEST_S = 120
PARAMS = load_params(profile_file("marketplace"))

# the description's example as a row; where it has `00` and `000`, which are no JSON, are numbers
EXAMPLE: dict[str, Any] = {
    "id": "product_id", "name": "Name", "description": "", "price": 2000.0, "wholesalePrice": 0.0,
    "minOrderQuantity": 2, "availableQuantity": 7, "images": ["image.png"], "isDraft": False, "status": "DRAFT",
    "stockStatus": "IN_STOCK", "rating": 0.0, "reviewCount": 0, "dimensions": None, "material": None,
    "artistName": None, "certifications": None, "rarity": None, "label": None, "techniques": None, "color": None,
    "fabricType": None, "fabricWeight": None, "fitType": None, "discount": 4.0, "deliveryCost": 40.0,
    "certificateIssueDate": None, "galleryCertificateName": None, "sellerId": "sellerId", "categoryId": "",
    "pickupAddressId": None, "createdAt": "2025-03-22T04:18:12.293000", "updatedAt": "2025-03-22T04:18:12.293000",
    "attributes": {"Fit Type": "fine", "Material": "nylon", "Technicsw": "dhobi pachad", "Fabric Weight": "200g"},
    "thumbnail": None, "documents": None,
}  # fmt: skip


@dataclass(frozen=True)
class Market:
    """The marketplace and the service beside it, each with what it is asked by."""

    shop: ShopDatabase
    http: httpx.Client
    run: Callable[..., Any]

    def recommended(self, buyer: str, **query: Any) -> list[dict[str, Any]]:
        """The products recommended to a buyer."""
        answer = self.http.get(f"/recommendations/{buyer}", params=query)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["recommended_products"])

    def ids(self, buyer: str, **query: Any) -> list[str]:
        """Their ids."""
        return [product["id"] for product in self.recommended(buyer, **query)]

    def release(self) -> str | None:
        """The release that answers."""
        return self.http.get("/v1/home", params={"user": "buyer-0"}).json()["release"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def shop(fresh_postgres: Callable[[], str]) -> ShopDatabase:
    """120 products of four tastes, 80 buyers who mostly keep to one, and the description's example."""
    shop = ShopDatabase(fresh_postgres())
    random = np.random.default_rng(3)
    shop.add("Product", [EXAMPLE | {"attributes": json.dumps(EXAMPLE["attributes"])}])
    for number in range(PRODUCTS):
        shop.product(f"p{number}", categoryId=f"c{number % TASTES}", price=float(number + 1))
    for buyer in range(BUYERS):
        own = np.arange(buyer % TASTES, PRODUCTS, TASTES)
        chosen = [f"p{number}" for number in random.choice(own, 7, replace=False)]
        chosen += [f"p{number}" for number in random.choice(PRODUCTS, 2, replace=False) if f"p{number}" not in chosen]
        shop.order(f"buyer-{buyer}", *chosen[:4], *(["product_id"] if buyer % 8 == 0 else []))
        shop.cart(f"buyer-{buyer}", *chosen[3:6])  # one of them was bought as well
        shop.wish(f"buyer-{buyer}", *chosen[6:])
    return shop


@pytest.fixture(scope="module")
def market(shop: ShopDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """`DATABASE_URL=... vitrine serve --profile marketplace`, once it has read the shop and trained by itself."""
    folder = tmp_path_factory.mktemp("market")
    environment = _environment(shop.url)
    options = ["--profile", "marketplace", "--json", "--data-dir", str(folder / "data")]

    def run(*arguments: str) -> Any:
        done = subprocess.run([*COMMAND, *arguments, *options], capture_output=True, text=True, env=environment,
                              timeout=LONGEST_S, check=False, cwd=folder)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    log = folder / "serve.log"
    with log.open("w") as errors:
        command = [*COMMAND, "serve", "--port", "0", *options]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment, cwd=folder
        )
    with process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            assert line, log.read_text()
            with httpx.Client(base_url=json.loads(line)["address"], timeout=LONGEST_S) as http:
                market = Market(shop, http, run)
                end = time.monotonic() + LONGEST_S
                while market.release() is None:
                    assert time.monotonic() < end, log.read_text()
                    time.sleep(0.2)
                yield market
        finally:
            process.kill()


def _environment(database_url: str) -> dict[str, str]:
    """As the description's `.env` has it: one variable, DATABASE_URL."""
    import os

    kept = {n: v for n, v in os.environ.items() if not n.startswith(("VITRINE_", "QDRANT_", "DATABASE_"))}
    root = str(Path(__file__).parent.parent.parent)
    return kept | {
        "PYTHONPATH": root, "HF_HUB_OFFLINE": "1", "VITRINE_IMAGE_MODEL": "none", "DATABASE_URL": database_url,
    }  # fmt: skip


def interactions(shop: ShopDatabase) -> dict[tuple[str, str], float]:
    """Buyer and product -> the sum of the description's scores, from the shop's own tables."""
    found: dict[tuple[str, str], float] = {}
    for item, parent, link in (
        ("OrderItem", "Order", "orderId"), ("CartItem", "Cart", "cartId"), ("WishlistItem", "Wishlist", "wishlistId"),
    ):  # fmt: skip
        query = f'SELECT p."buyerId", i."productId" FROM "{item}" i JOIN "{parent}" p ON i."{link}" = p.id'
        for buyer, product in shop.run(query):
            found[buyer, product] = found.get((buyer, product), 0.0) + WEIGHTS[item]
    return found


def by_scikit_learn(shop: ShopDatabase, buyers: list[str], n: int) -> dict[str, list[str]]:
    """What the description's own recipe recommends: labels encoded, sparse matrix, TruncatedSVD, dot products."""
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import TruncatedSVD

    known = interactions(shop)
    users, items = sorted({b for b, _ in known}), sorted({p for _, p in known})
    rows, columns = [users.index(b) for b, _ in known], [items.index(p) for _, p in known]
    matrix = csr_matrix((list(known.values()), (rows, columns)), shape=(len(users), len(items)))
    training = PARAMS.training
    svd = TruncatedSVD(training.dimensions, n_iter=training.svd.iterations, random_state=training.seed)
    scores = svd.fit_transform(matrix) @ svd.components_
    best = {}
    for buyer in buyers:
        order = [items[place] for place in np.argsort(-scores[users.index(buyer)])]
        best[buyer] = [product for product in order if (buyer, product) not in known][:n]
    return best


def five_by_default(market: Market) -> None:
    assert len(market.recommended("buyer-0")) == 5


def top_k_is_the_number(market: Market) -> None:
    for top_k in (1, 3, 20, 100):
        assert len(market.recommended("buyer-1", top_k=top_k)) == top_k


def every_field_with_its_type(market: Market) -> None:
    for product in market.recommended("buyer-2", top_k=20):
        assert list(product) == list(EXAMPLE)
        for name, value in product.items():
            if EXAMPLE[name] is not None and value is not None:
                assert type(value) is type(EXAMPLE[name]), name


def the_example_to_the_letter(market: Market) -> None:
    lists = (market.recommended(f"buyer-{number}", top_k=100) for number in range(BUYERS))
    assert next(product for shown in lists for product in shown if product["id"] == "product_id") == EXAMPLE


def orders_carts_and_wishlists_have_their_weights(market: Market) -> None:
    weights = market.run("releases")["releases"][0]["manifest"]["event_weights"]["weights"]
    assert {name: value for name, value in weights.items() if value > 0} == {
        "purchase": 1.0, "cart": 0.5, "wishlist": 0.3,
    }  # fmt: skip


def all_three_joins_are_trained_on(market: Market) -> None:
    rows = sum(market.shop.count(table) for table in WEIGHTS)
    manifest = market.run("releases")["releases"][0]["manifest"]
    assert (manifest["counts"]["interactions"], manifest["counts"]["users"]) == (rows, BUYERS)
    assert manifest["parameters"]["factoriser"] == "svd"


def the_order_is_that_of_truncated_svd(market: Market) -> None:
    buyers = [f"buyer-{number}" for number in range(0, BUYERS, 4)]
    expected = by_scikit_learn(market.shop, buyers, 10)
    for buyer in buyers:
        assert market.ids(buyer, top_k=10) == expected[buyer], buyer


def what_a_buyer_dealt_with_is_excluded(market: Market) -> None:
    known = interactions(market.shop)
    for number in range(0, BUYERS, 7):
        shown = market.ids(f"buyer-{number}", top_k=100)
        assert len(shown) == len(set(shown)) == 100
        assert not [product for product in shown if (f"buyer-{number}", product) in known]


def unknown_buyers_get_what_trends(market: Market) -> None:
    trending = [item["id"] for item in market.http.get("/v1/trending", params={"n": 5}).json()["items"]]
    assert market.ids("nobody-knows-me") == trending
    assert len(trending) == 5


def the_native_api_gives_the_same_order(market: Market) -> None:
    for buyer in ("buyer-0", "buyer-9", "nobody-knows-me"):
        native = market.http.get("/v1/home", params={"user": buyer, "n": 20}).json()["items"]
        assert market.ids(buyer, top_k=20) == [item["id"] for item in native]


def it_trains_every_minute_by_itself(market: Market) -> None:
    assert (PARAMS.schedule.training_s, PARAMS.schedule.training_delay_s) == (60, 0)
    jobs = [job for job in market.run("jobs")["jobs"] if job["name"] == "training"]
    assert "done" in {job["status"] for job in jobs}, jobs


def the_api_says_so_itself(market: Market) -> None:
    paths = market.http.get("/openapi.json").json()["paths"]
    assert [p["name"] for p in paths["/recommendations/{buyer_id}"]["get"]["parameters"]] == ["buyer_id", "top_k"]


STATEMENTS = {
    "`top_k` (optional, default=5)": five_by_default,
    "Customizable number of recommendations with `top_k`": top_k_is_the_number,
    "the product schema: every field, in its order, with its type": every_field_with_its_type,
    "the response example": the_example_to_the_letter,
    "Orders 1.0, cart additions 0.5, wishlist adds 0.3": orders_carts_and_wishlists_have_their_weights,
    "OrderItem joined Order, CartItem joined Cart, WishlistItem …": all_three_joins_are_trained_on,
    "TruncatedSVD from scikit-learn; returns the top-k highest scoring products": the_order_is_that_of_truncated_svd,
    "Excludes products the buyer already interacted with": what_a_buyer_dealt_with_is_excluded,
    "unknown buyers (not described): a useful answer": unknown_buyers_get_what_trends,
    "one engine: native API and profile agree": the_native_api_gives_the_same_order,
    "on startup it loads and trains; retrains at a fixed interval (default: 60 s)": it_trains_every_minute_by_itself,
    "`GET /recommendations/{buyer_id}`": the_api_says_so_itself,
}  # fmt: skip


@pytest.mark.parametrize("check", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_what_the_description_states_holds(market: Market, check: Callable[[Market], None]) -> None:
    check(market)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/recommendations/buyer-0?top_k=0", 422),
        ("/recommendations/buyer-0?top_k=-1", 422),
        ("/recommendations/buyer-0?top_k=101", 422),
        (f"/recommendations/buyer-0?top_k={10**40}", 422),
        ("/recommendations/buyer-0?top_k=five", 422),
        ("/recommendations/buyer-0?top_k=2.5", 422),
        ("/recommendations/buyer-0?top_k=", 422),
        ("/recommendations/", 404),
        ("/recommendations/a/b", 404),
        ("/recommendations/a%2Fb", 404),
        ("/recommendations/..%2f..%2fetc%2fpasswd", 404),
        ("/recommendations/" + "x" * 10_000, 422),
        ("/recommendations/a%00b", 422),
        ("/recommendations/%ff%fe", 200),  # no UTF-8: somebody unknown
        ("/recommendations/%F0%9F%9B%92", 200),
        ("/recommendations/%27%20OR%201=1--", 200),
    ],
)
def test_bad_input_is_never_a_crash(market: Market, path: str, status: int) -> None:
    answer = market.http.get(path)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
    else:
        assert len(answer.json()["recommended_products"]) == 5


def test_the_shops_database_is_left_as_it_was(market: Market) -> None:
    tables = market.shop.run("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    assert {name for (name,) in tables} == {
        "Product", "Order", "OrderItem", "Cart", "CartItem", "Wishlist", "WishlistItem",
    }  # fmt: skip


def test_what_happens_in_the_shop_counts_after_the_next_look_and_is_trained_on(market: Market) -> None:
    """The last one, for it changes the shop: somebody new wishes for a product, somebody known buys the first one."""
    before, first = market.release(), market.ids("buyer-3")[0]
    market.shop.wish("newcomer", "p1")
    market.shop.order("buyer-3", first)
    market.shop.run('UPDATE "Product" SET "isDraft" = true, "updatedAt" = now() WHERE id = \'p5\'')
    market.run("sync")
    assert first not in market.ids("buyer-3", top_k=100)
    assert "p5" not in market.ids("nobody-knows-me", top_k=100)
    own = {f"p{number}" for number in range(1, PRODUCTS, TASTES)}
    assert len(own.intersection(market.ids("newcomer"))) >= 4  # folded in at once, before any training
    market.run("train")
    assert market.release() not in (None, before)
    assert "p1" not in market.ids("newcomer", top_k=100)
