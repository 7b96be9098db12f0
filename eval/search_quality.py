"""Product search with known answers, through the HTTP API: the fusion and each of its legs."""

import asyncio
import csv
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from eval.relevance import mean_metrics
from service.core.errors import InvalidQuery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.settings import Settings
    from service.runtime import Runtime

WANTED = ("hit@1", "mrr@10", "recall@10", "ndcg@10")
DEPTH = 10
_COLUMNS = {"product_id": "id", "asin": "id", "title": "name", "manufacturer": "brand"}


class SearchQuality(TypedDict):
    """``{"fused": {metric: value}, "legs": {signal: {metric: value}}}``."""

    fused: dict[str, float]
    legs: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Judged:
    """Queries with the ids of the products that answer them."""

    queries: Mapping[str, str]
    relevant: Mapping[str, frozenset[str]]


def read_judged(folder: Path) -> Judged:
    """``queries.csv`` (query_id, query) and ``relevance.csv`` (query_id, product_id) of a folder.

    Queries without a known answer are left out: no metric is defined for them.

    Raises
    ------
    InvalidQuery : a file or a column is missing, or no query has an answer.
    """
    relevant: dict[str, set[str]] = {}
    for row in _rows(folder / "relevance.csv", "query_id", "product_id"):
        relevant.setdefault(row["query_id"], set()).add(row["product_id"])
    queries = {
        row["query_id"]: row["query"]
        for row in _rows(folder / "queries.csv", "query_id", "query")
        if row["query_id"] in relevant
    }
    if not queries:
        raise InvalidQuery(f"{folder}: none of the queries has an entry in relevance.csv; check the query_id columns")
    return Judged(queries, {query: frozenset(relevant[query]) for query in queries})


@contextmanager
def judged_shop(folder: Path, settings: "Settings") -> "Iterator[Runtime]":
    """A shop that holds just the ``products.csv`` of a folder, loaded and indexed like any other."""
    from indexer.load import load_products
    from indexer.sync import index_stale
    from service.runtime import open_database_only, open_runtime
    from service.store.catalog import upsert_products
    from service.store.spaces import PRODUCTS

    products = folder / "products.csv"
    with open_database_only(settings) as database, database.session() as session:
        load_products(
            products, lambda batch: upsert_products(session, batch), mapping=_mapping(products), currency="USD"
        )
    with open_runtime(settings) as runtime:
        index_stale(runtime.outbox)
        runtime.store.optimize(PRODUCTS)
        yield runtime


def search_quality(
    runtime: "Runtime", judged: Judged, *, on_progress: Callable[[float], None] | None = None
) -> SearchQuality:
    """Metrics of the fused search and of every leg alone."""
    legs = legs_of(runtime)
    ids = list(judged.queries)
    known = [judged.relevant[query] for query in ids]
    texts = [judged.queries[query] for query in ids]
    rankings = asyncio.run(ask_all(runtime, texts, [None, *legs.values()], on_progress))
    fused, *single = rankings
    measured = {
        leg: mean_metrics(ranking, known, WANTED) for leg, ranking in zip(legs, single, strict=True) if any(ranking)
    }
    return {"fused": mean_metrics(fused, known, WANTED), "legs": measured}


def legs_of(runtime: "Runtime") -> dict[str, dict[str, float]]:
    """Weights that leave one signal alone, for every signal that can answer words here."""
    weights = runtime.params.surfaces["search"].weights
    silent = {"picture", "image"} if runtime.encoders.image is None else {"picture"}
    return {
        name: {other: float(other == name) for other in weights}
        for name, weight in weights.items()
        if weight and name not in silent
    }


async def ask_all(
    runtime: "Runtime",
    texts: Sequence[str],
    weightings: Sequence[Mapping[str, float] | None],
    on_progress: Callable[[float], None] | None = None,
    depth: int = DEPTH,
) -> list[list[list[str]]]:
    """The ids each query finds through the HTTP API, best first: for each weighting one list per text.

    Nothing is recorded as shown: no shopper saw it.
    """
    from httpx import ASGITransport, AsyncClient

    from service.app import create_app

    unseen = replace(runtime, services=replace(runtime.services, record=lambda *_: None))
    rankings: list[list[list[str]]] = [[] for _ in weightings]
    async with AsyncClient(transport=ASGITransport(create_app(unseen)), base_url="http://shop") as client:
        for text in texts:
            for ranking, weights in zip(rankings, weightings, strict=True):
                body = {"query": text[:1000], "n": depth, "weights": weights}
                answer = await client.post("/v1/search", json=body)
                answer.raise_for_status()
                ranking.append([item["id"] for item in answer.json()["items"]])
            if on_progress is not None:
                on_progress(1)
    return rankings


def _mapping(products: Path) -> dict[str, str]:
    """Field -> column, by the names such tables commonly use; other columns become attributes."""
    with _open(products) as file:
        header = next(csv.reader(file), [])
    fields = {"id", "name", "description", "brand", "price", "category"}
    mapping = {}
    for column in header:
        field = _COLUMNS.get(column, column)
        mapping[field if field in fields else f"attributes.{column}"] = column
    return mapping


def _rows(path: Path, *columns: str) -> list[dict[str, str]]:
    with _open(path) as file:
        reader = csv.DictReader(file)
        if missing := set(columns) - set(reader.fieldnames or ()):
            raise InvalidQuery(f"{path}: no column {', '.join(sorted(missing))}; it has {reader.fieldnames}")
        return list(reader)


@contextmanager
def _open(path: Path) -> "Iterator[Sequence[str]]":
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield file  # type: ignore[misc]
    except OSError as error:
        raise InvalidQuery(
            f"{path} cannot be read ({error.strerror}); --path names a folder with products.csv, queries.csv and "
            "relevance.csv"
        ) from error
