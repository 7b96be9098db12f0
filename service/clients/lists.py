"""Requests for lists of products, and for why they are as they are."""

from typing import Any, Literal, Unpack

from service.clients.answers.beside import BundleOut, PopularList, SuggestOut
from service.clients.answers.lists import HomeOut, SearchOut, SimilarOut
from service.clients.answers.reasons import ExplainOut, WordsOut
from service.clients.asks.lists import BundleAsk, ExplainAsk, HomeAsk, SearchAsk, SimilarAsk, Ways
from service.clients.call import Call, in_path, params
from service.clients.linked import COMMON, given, in_body, list_call

_SEARCH = COMMON | {
    "query", "terms", "image", "product", "affinity", "sort", "facets", "cursor", "correct", "ignore",
}  # fmt: skip
_SIMILAR = COMMON | {"mmr_lambda"} | Ways.__annotations__.keys()
_HOME = COMMON | {"shelves"}


def home(**asked: Unpack[HomeAsk]) -> Call[HomeOut]:
    """The feed of a `user` or anonymous `session`; a page with ``shelves="all"``.

    Examples
    --------
    >>> home(user="ann", n=5, in_stock=True).target
    '/v1/home?user=ann&n=5&in_stock=true'
    """
    return list_call("/v1/home", HomeOut, asked, _HOME)


def search(**asked: Unpack[SearchAsk]) -> Call[SearchOut]:
    """Products for a `query`, weighted `terms`, an `image`, a `product`, or any mix; a list with `sort` or `facets`.

    Examples
    --------
    >>> search(query="blue mug", max_price=20, n=5).target
    '/v1/search?q=blue+mug&max_price=20&n=5'
    >>> search(query="mug", exclude_ids=["mug-1"]).body
    {'query': 'mug', 'exclude_ids': ['mug-1']}
    """
    return list_call("/v1/search", SearchOut, asked, _SEARCH)


def similar(product: str, /, **asked: Unpack[SimilarAsk]) -> Call[SimilarOut]:
    """Products like a product, in one of several ways (`mode`).

    Examples
    --------
    >>> similar("mug-1", mode="also_bought", n=5).target
    '/v1/similar/mug-1?mode=also_bought&n=5'
    """
    return list_call(f"/v1/similar/{in_path(product)}", SimilarOut, asked, _SIMILAR)


def bundle(**asked: Unpack[BundleAsk]) -> Call[BundleOut]:
    """What is bought together with `products`: one, or a basket.

    Examples
    --------
    >>> bundle(products=["mug-1"], n=3).body
    {'products': ['mug-1'], 'n': 3}
    """
    return Call("POST", "/v1/bundle", BundleOut, body=given(asked), repeats=True)


def trending(
    *, kind: Literal["trending", "best_value", "newest"] | None = None, category: str | None = None,
    n: int | None = None,
) -> Call[PopularList]:  # fmt: skip
    """What is popular now, in the whole shop or in a `category`."""
    return Call("GET", "/v1/trending", PopularList, params({"kind": kind, "category": category, "n": n}))


def suggest(q: str, /, *, n: int | None = None) -> Call[SuggestOut]:
    """Completions of what was typed so far."""
    return Call("GET", "/v1/suggest", SuggestOut, params({"q": q, "n": n}))


def explain(**asked: Unpack[ExplainAsk]) -> Call[ExplainOut]:
    """Why `product` is, or is not, in the list that the rest asks for.

    Examples
    --------
    >>> explain(surface="home", user="ann", product="mug-1").body
    {'surface': 'home', 'user': 'ann', 'product': 'mug-1'}
    """
    return Call("POST", "/v1/explain", ExplainOut, body=in_body(given(asked)), repeats=True)


def explain_words(request_id: str, /, *, language: str | None = None) -> Call[WordsOut]:
    """Why the products of an answer were shown, in sentences."""
    body: dict[str, Any] = given({"request_id": request_id, "language": language})
    return Call("POST", "/v1/explain/words", WordsOut, body=body, repeats=True)
