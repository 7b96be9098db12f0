"""Words about products and users to columns, and vectors for those without behaviour."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from zlib import crc32

import numpy as np

from indexer.train.factors import Factors, Known, Sides
from indexer.train.matrix import Csr, csr, sums
from service.core.types import Floats
from service.store.payload import ancestors

_WORD = re.compile(r"[^\W\d_]{3,}")

COLUMNS = 4096
"""Default number of hash columns: a shop's few hundred categories, brands and tags rarely meet (judgement)."""


def product_tokens(name: str, brand: str | None, path: str | None, tags: Sequence[str]) -> list[str]:
    """What is known of a product besides behaviour, for `feature_matrix`.

    Parameters
    ----------
    name : its words count too; empty where they are not to. path : of its category, see `store.payload.category_path`.

    Examples
    --------
    >>> product_tokens("", "Alba", "Home > Mugs", ("blue",))
    ['brand=Alba', 'category=Home', 'category=Home > Mugs', 'tag=blue']
    """
    return [
        *([f"brand={brand}"] if brand else []),
        *(f"category={level}" for level in ancestors(path)),
        *(f"tag={tag}" for tag in tags),
        *_name_tokens(name),
    ]


def _name_tokens(name: str) -> Iterator[str]:
    """Each word of three letters or more once; shorter ones are mostly sizes and particles."""
    return (f"word={word}" for word in dict.fromkeys(_WORD.findall(name.casefold())))


def feature_matrix(tokens: Sequence[Sequence[str]], columns: int = COLUMNS) -> Csr:
    """One row per product (or user), its tokens share the weight 1, csr[len(tokens), columns].

    Parameters
    ----------
    tokens : per row words like ``brand=acme`` or ``category=Home/Kitchen``; a row may be empty.
    columns : tokens are hashed into so many columns, so that words first seen after training need no vocabulary.

    Examples
    --------
    >>> features = feature_matrix([["brand=acme", "tag=red"], []])
    >>> features.shape, features.data.tolist()
    ((2, 4096), [0.5, 0.5])
    """
    rows = np.repeat(np.arange(len(tokens)), [len(row) for row in tokens])
    shares = np.repeat([1 / max(len(row), 1) for row in tokens], [len(row) for row in tokens])
    hashed: dict[str, int] = {}
    places = [_column(token, columns, hashed) for row in tokens for token in row]
    return csr(rows, np.array(places, dtype=np.int64), shares, (len(tokens), columns))


def _column(token: str, columns: int, hashed: dict[str, int]) -> int:
    """The token's column: the same in every process and on every machine, unlike `hash`."""
    if token not in hashed:
        hashed[token] = crc32(token.encode()) % columns
    return hashed[token]


def through_features(features: Csr, tokens: Floats) -> Floats:
    """Vectors of products or users that are known by their features only, float32[len(features), D]."""
    return np.asarray(features @ tokens, dtype=np.float32)


def ridge_tokens(vectors: Floats, features: Csr, has_events: np.ndarray, l2: float) -> Floats:
    """What each feature column adds to a vector, learned from those with events, float32[F, D].

    Notes
    -----
    Ridge regression of the vectors on the features: ``(F'F + l2 I)^-1 F' V``, solved on the columns in use.
    """
    rows = features[np.flatnonzero(has_events)]
    tokens = np.zeros((features.shape[1], vectors.shape[1]), np.float32)
    used = np.flatnonzero(sums(rows, 0) > 0)
    if len(used):
        dense = rows[:, used].toarray().astype(np.float64)
        gram = dense.T @ dense + l2 * np.eye(len(used))
        tokens[used] = np.linalg.solve(gram, dense.T @ vectors[has_events])
    return tokens


def fill_cold(factors: Factors, sides: Sides, warm: Known, l2: float = 1.0) -> Factors:
    """The same factors, with vectors through features for the products and users that have no events."""
    if sides.items is not None:
        tokens = ridge_tokens(factors.items, sides.items, warm.items, l2)
        factors = replace(factors, items=_filled(factors.items, sides.items, warm.items, tokens), item_tokens=tokens)
    if sides.users is not None:
        tokens = ridge_tokens(factors.users, sides.users, warm.users, l2)
        factors = replace(factors, users=_filled(factors.users, sides.users, warm.users, tokens), user_tokens=tokens)
    return factors


def _filled(vectors: Floats, features: Csr, has_events: np.ndarray, tokens: Floats) -> Floats:
    return np.where(has_events[:, None], vectors, through_features(features, tokens)).astype(np.float32)
