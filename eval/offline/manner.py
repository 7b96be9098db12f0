"""What each row's lists are like besides being right: the figures of `eval.beyond` on the trained shop."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eval import beyond
from service.core.types import Floats, Ids

if TYPE_CHECKING:
    from eval.offline.asked import Asked
    from eval.offline.rows import Row
    from eval.offline.shop import Trained

DEPTH = 10
FIGURES = {
    "coverage": "share of the catalogue that somebody is shown, 0-1",
    "gini": "inequality of exposure, 0 (all alike) to 1",
    "novelty": "mean self-information of the products shown, bits",
    "text_diversity": "1 - mean cosine of a list's texts, 0-2",
    "kind_diversity": "share of a list's pairs without a common category (or tag), 0-1",
    "personalisation": "1 - mean overlap of two users' lists, 0-1",
    "popularity_lift": "how much more popular than what users chose themselves; 0 is equal, 1 is twice",
    "miscalibration": "divergence of a list's categories (or tags) from the user's past, nats; 0 is equal",
}
"""Figure -> what it says, range and unit."""

Lists = NDArray[np.int64]


def manners(
    rows: Mapping[str, "Row"], trained: "Trained", asked: "Asked", depth: int = DEPTH
) -> dict[str, dict[str, float | None]]:
    """The figures of each row's first `depth` slots; None where nothing can be said, as of catalogues without kinds."""
    kinds = _kinds(trained, asked)
    vectors = _vectors(trained)
    shares = kinds / np.maximum(kinds.sum(1, keepdims=True), 1)
    popularity = asked.known_by / asked.trained_users
    pasts = _over_pasts(asked, popularity[:, None])[:, 0]
    tastes = _over_pasts(asked, shares)
    totals = np.nan_to_num(tastes).sum(1, keepdims=True)
    tastes = np.divide(np.nan_to_num(tastes), totals, out=np.zeros_like(tastes), where=totals > 0)
    found = {}
    for name, row in rows.items():
        lists = row.lists[:, :depth]
        shown = beyond.exposure(lists, len(asked.products))
        values = {
            "coverage": beyond.coverage(shown),
            "gini": beyond.gini(shown),
            "novelty": _mean(beyond.novelty(lists, asked.known_by, asked.trained_users)),
            "text_diversity": _mean(beyond.vector_diversity(lists, vectors)),
            "kind_diversity": _mean(beyond.kind_diversity(lists, kinds)),
            "personalisation": beyond.personalisation(lists, len(asked.products)),
            "popularity_lift": beyond.popularity_lift(lists, pasts[row.users], popularity),
            "miscalibration": _mean(beyond.miscalibration(tastes[row.users], lists, shares)),
        }
        found[name] = {figure: None if np.isnan(value) else round(value, 5) for figure, value in values.items()}
    return found


def _mean(values: NDArray[np.float64]) -> float:
    told = values[np.isfinite(values)]
    return float(told.mean()) if len(told) else float("nan")


def _over_pasts(asked: "Asked", values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of float64[P, G] over what each user met, float64[U, G]; NaN without a past."""
    counts = np.diff(asked.known.indptr)[:, None]
    total = np.asarray(asked.known @ values, np.float64)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def _kinds(trained: "Trained", asked: "Asked") -> NDArray[np.bool_]:
    """What each product is, bool[P, G]: its category, or its tags where no product has a category."""
    named = [trained.products[name] for name in asked.products]
    by_category = any(product.category for product in named)
    told = [(product.category,) * bool(product.category) if by_category else product.tags for product in named]
    column: dict[object, int] = {}
    for one in told:
        for kind in one:
            column.setdefault(kind, len(column))
    kinds = np.zeros((len(named), max(1, len(column))), dtype=bool)
    for row, one in enumerate(told):
        kinds[row, [column[kind] for kind in one]] = True
    return kinds


def _vectors(trained: "Trained") -> Floats:
    from service.store.spaces import PRODUCTS

    ids: Ids = trained.data.products
    store = trained.runtime.store
    out: Floats | None = None
    for start in range(0, len(ids), 2000):
        for key, record in store.retrieve(PRODUCTS, ids[start : start + 2000].tolist(), vectors=("text",)).items():
            if "text" in record.vectors:
                vector = np.asarray(record.vectors["text"], np.float32)
                out = np.zeros((len(ids), len(vector)), np.float32) if out is None else out
                out[np.searchsorted(ids, key)] = vector
    return np.zeros((len(ids), 1), np.float32) if out is None else out
