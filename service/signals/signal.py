"""What a signal is: one question to one vector slot of one collection."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from service.core.types import Floats, Query, SparseVector, Vector


class QueryTextEncoder(Protocol):
    """Sentences to vectors."""

    def encode_query(self, text: str) -> Floats:
        """One query to a unit vector float32[D]."""


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
    """The encoders a signal may use; `image` is None where no image model is set."""

    text: QueryTextEncoder
    lexical: QueryLexicalEncoder
    image: QueryImageEncoder | None


@dataclass(frozen=True, slots=True)
class Signal:
    """One source of candidates.

    Parameters
    ----------
    collection, slot : where to look for neighbours.
    vector : what to look for, or None when the signal has nothing to say (it is silent then, not degraded).
    """

    name: str
    collection: str
    slot: str
    vector: Callable[[Query, Encoders], Vector | None]
