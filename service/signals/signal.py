"""What a signal is: one question to one vector slot of one collection."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from service.core.types import Floats, Ids, Query, SparseVector, Vector
from service.store.vectors import Hits


class QueryTextEncoder(Protocol):
    """Sentences to vectors."""

    def encode_query(self, text: str) -> Floats:
        """One query to a unit vector float32[D]."""

    def known_query(self, text: str) -> Floats | None:
        """The same if it costs nothing; None if it would have to be encoded, which happens behind the request."""


class QueryImageEncoder(Protocol):
    """Words to vectors in the space of pictures."""

    def encode_query(self, text: str) -> Floats:
        """One query to a unit vector float32[D]."""

    def coverage(self, text: str) -> float:
        """Share of the query's words that the model knows, 0 to 1."""


class QueryLexicalEncoder(Protocol):
    """Words to sparse vectors."""

    def encode_query(self, text: str) -> SparseVector | None:
        """One query to its distinct words, or None if it has none."""


@dataclass(frozen=True, slots=True)
class Encoders:
    """The encoders a signal may use.

    Attributes
    ----------
    image : None where no image model is set. words_share : of words beside the product or picture they go with, 0 to 1.
    """

    text: QueryTextEncoder
    lexical: QueryLexicalEncoder
    image: QueryImageEncoder | None
    words_share: float = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """A ready list of a signal that can score any product.

    Attributes
    ----------
    hits : what it proposes. of : the scores float32[C] of any products int64[C].
    """

    hits: Hits
    of: Callable[[Ids], Floats]


@dataclass(frozen=True, slots=True)
class Signal:
    """One source of candidates.

    Parameters
    ----------
    space : the collection to look in: that of the products, or that of the release in force.
    slot : its vector slot.
    ask : the vector to find neighbours of, or a ready list, or None when the signal has nothing to say (it is silent
        then, not degraded).
    """

    name: str
    space: Literal["products", "behaviour"]
    slot: str
    ask: Callable[[Query, Encoders], Vector | Hits | Open | None]


def terms_of(query: Query) -> tuple[tuple[str, float], ...]:
    """The texts of a query with their weights."""
    return query.terms or (((query.text, 1.0),) if query.text else ())


def is_wanting(terms: Sequence[tuple[str, float]]) -> bool:
    """Whether anything is wanted: all that is far from the unwanted is no answer."""
    return any(weight > 0 for _, weight in terms)


def picture_words(query: Query, encoders: Encoders) -> list[tuple[str, float]]:
    """Those texts of a query that the image model knows something of."""
    image = encoders.image
    return [(text, weight) for text, weight in terms_of(query) if image is not None and image.coverage(text)]


def history_query(query: Query, signal: str) -> SparseVector | None:
    """Each product of the past with its weight for this signal, or the anchor alone; None where nothing is liked."""
    if query.anchor is not None:
        return SparseVector(np.array([query.anchor.product_id], np.uint32), np.ones(1, np.float32))
    if query.past is None or not len(query.past.products):
        return None
    weights = query.past.weights(signal).astype(np.float32)
    told = weights != 0  # what has decayed to nothing costs time and says nothing
    if not (weights > 0).any():
        return None  # all neighbours of what is disliked, in whatever order, are worse than no answer
    return SparseVector(query.past.products[told].astype(np.uint32), weights[told])
