"""The one small interface behind which Qdrant Edge and a Qdrant server are the same thing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from service.core.fields import FieldKind
from service.core.filters import Filter
from service.core.types import Floats, Ids, SparseVector

DenseOrSparse = Floats | SparseVector

Listener = Callable[[str, Sequence[int] | None], None]
"""Told of a collection and the points that were written or deleted; None: the collection was dropped."""


@dataclass(frozen=True, slots=True)
class Dense:
    """A dense vector slot: `size` dimensions compared by `distance`."""

    size: int
    distance: Literal["cosine", "dot"] = "cosine"


@dataclass(frozen=True, slots=True)
class Sparse:
    """A sparse vector slot compared by dot product; with `idf` query weights are multiplied by BM25's IDF."""

    idf: bool = False


@dataclass(frozen=True, slots=True)
class Space:
    """The schema of one collection: its vector slots and its indexed payload fields."""

    name: str
    dense: Mapping[str, Dense] = field(default_factory=dict)
    sparse: Mapping[str, Sparse] = field(default_factory=dict)
    fields: Mapping[str, FieldKind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Point:
    """One product (or user) in a collection; a slot missing in `vectors` stays empty."""

    id: int
    vectors: Mapping[str, DenseOrSparse]
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """The `limit` points nearest to `vector` in slot `using`, among those that pass `filter`.

    Where the cut goes through equal scores, ids decide; with `cuts_ties` the engine does, which may save a round trip.
    """

    using: str
    vector: DenseOrSparse
    limit: int
    filter: Filter | None = None
    exact: bool = False
    ef: int | None = None  # HNSW beam width; None leaves the engine's choice
    cuts_ties: bool = False


@dataclass(frozen=True, slots=True)
class Hits:
    """One ranked list: ids int64[C], scores float32[C], best first."""

    ids: Ids
    scores: Floats


@dataclass(frozen=True, slots=True)
class Record:
    """A stored point as read back; a slot that was not asked for or is empty is missing in `vectors`."""

    id: int
    payload: dict[str, Any]
    vectors: dict[str, DenseOrSparse]


class VectorStore(Protocol):
    """What a backend must do; every method raises `DependencyUnavailable` when the backend does not answer.

    Unknown collections raise `NotFound`. Reads may run in several threads at once, beside one writer. A write has
    reached the write-ahead log when the call returns, and is visible to the next read.
    """

    def watch(self, listener: Listener) -> None:
        """Have a function called after every write of vectors through this object, and before the writer goes on."""

    def create(self, space: Space) -> None:
        """Make the collection if it is missing, and any payload index it lacks.

        Raises
        ------
        ConfigurationError : it exists with other vector slots or dimensions; says which and what to do.
        """

    def drop(self, name: str) -> None:
        """Remove a collection with its data; a missing one is fine."""

    def names(self) -> list[str]:
        """All collections, sorted."""

    def upsert(self, name: str, points: Sequence[Point]) -> None:
        """Insert or wholly replace points."""

    def set_payload(self, name: str, payloads: Mapping[int, Mapping[str, Any]]) -> None:
        """Overwrite the given payload keys of existing points; vectors and other keys stay; missing ids are ignored."""

    def delete(self, name: str, ids: Sequence[int]) -> None:
        """Remove points; missing ids are fine."""

    def search(self, name: str, queries: Sequence[VectorQuery]) -> list[Hits]:
        """Answer all queries in one round trip; equal scores are ordered by id."""

    def retrieve(
        self,
        name: str,
        ids: Sequence[int],
        *,
        payload: bool | Sequence[str] = False,
        vectors: Sequence[str] = (),
    ) -> dict[int, Record]:
        """Read points by id; missing ids are left out."""

    def scroll(
        self, name: str, *, filter: Filter | None = None, payload: bool | Sequence[str] = False,
        vectors: Sequence[str] = (), batch: int = 1000,
    ) -> Iterator[Record]:  # fmt: skip
        """Every matching point, by ascending id."""

    def count(self, name: str, filter: Filter | None = None) -> int:
        """How many points match, exactly."""

    def facet(self, name: str, field: str, *, filter: Filter | None = None, limit: int = 100) -> list[tuple[Any, int]]:
        """The most frequent values of an indexed field with exact counts: count descending, then value."""

    def optimize(self, name: str) -> None:
        """Build what makes reads fast (HNSW graph, payload indexes); blocks; reads go on meanwhile."""

    def close(self) -> None:
        """Flush and release; closing twice is fine."""
