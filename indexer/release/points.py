"""A release's products and users as points."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from indexer.release.artifacts import Artifacts, RuleTable
from indexer.train.matrix import Csr
from service.core.types import Ids, SparseVector
from service.store.vectors import DenseOrSparse, Point


def product_points(
    artifacts: Artifacts, places: Sequence[int], payloads: Mapping[int, Mapping[str, Any]]
) -> list[Point]:
    """Points of the products at these places of the model; those without a payload are gone and left out."""
    products = artifacts.model.products
    return [
        Point(
            int(products[place]),
            _vectors(artifacts, place),
            {**payloads[int(products[place])], "rules": rules_of(artifacts.rules, products, place)},
        )
        for place in places
        if int(products[place]) in payloads
    ]


def user_points(artifacts: Artifacts, start: int, end: int, tenant: str) -> list[Point]:
    """Points of some users."""
    users, vectors = artifacts.users[start:end].tolist(), artifacts.user_vectors[start:end]
    return [Point(user, {"cf": vector}, {"tenant": tenant}) for user, vector in zip(users, vectors, strict=True)]


def rules_of(rules: RuleTable, products: Ids, place: int) -> list[dict[str, Any]]:
    """What goes with the product at a place of the model, strongest first, as its payload says it."""
    start, end = np.searchsorted(rules.antecedents, [place, place + 1])
    return [
        {
            "with": [int(products[rules.consequents[row]])],
            "support": float(rules.support[row]),
            "confidence": float(rules.confidence[row]),
            "lift": float(rules.lift[row]),
        }
        for row in range(start, end)
    ]


def sparse_row(weights: Csr, products: Ids, place: int) -> SparseVector | None:
    """A row of item-item weights with internal keys as indices; None where it is empty."""
    start, end = weights.indptr[place], weights.indptr[place + 1]
    if start == end:
        return None
    return SparseVector(products[weights.indices[start:end]].astype(np.uint32), weights.data[start:end])


def _vectors(artifacts: Artifacts, place: int) -> dict[str, DenseOrSparse]:
    model = artifacts.model
    vectors: dict[str, DenseOrSparse] = {"cf": model.items[place]}
    for slot, weights in model.weights.items():
        row = sparse_row(weights, model.products, place)
        if row is not None:
            vectors[slot] = row
    return vectors
