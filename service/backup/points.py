"""Points of a collection as lines of text, and collections made equal to one another."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from typing import Any, Protocol

import numpy as np
import orjson

from service.backup.rows import Counted, Tally, plain_numbers
from service.core.errors import Conflict
from service.core.types import SparseVector
from service.store.qdrant_payload import chunks
from service.store.spaces import PRODUCTS, behaviour_name, users_name
from service.store.vectors import DenseOrSparse, Point, Record, Space, VectorStore

PAGE = 256
# an engine that brings vectors to unit length once more may change the last bit of a number
_LAST_BITS = 1e-6


class DescribedStore(VectorStore, Protocol):
    """A vector store that says what its collections hold."""

    def space(self, name: str) -> Space:
        """The schema of a collection."""


OnPoints = Callable[[str, int], None]
"""Told of a collection and how many of its points were just looked at."""


def our_collections(store: VectorStore, releases: Iterable[str]) -> list[str]:
    """The collections of this shop: a server may hold those of others."""
    ours = {PRODUCTS} | {name(release) for release in releases for name in (behaviour_name, users_name)}
    return [name for name in store.names() if name in ours]


def every_point(store: DescribedStore, name: str) -> Iterator[Record]:
    """All points of a collection with all there is about them, by id."""
    space = store.space(name)
    return store.scroll(name, payload=True, vectors=(*space.dense, *space.sparse), batch=PAGE)


def count_points(records: Iterable[Record], on_point: Callable[[], None] = lambda: None) -> Counted:
    """How many points there are, and their checksum."""
    tally = Tally()
    for record in records:
        tally.add([point_line(record)])
        on_point()
    return tally.counted()


def sync_points(
    source: DescribedStore, target: DescribedStore, name: str, on_points: OnPoints = lambda _, __: None
) -> Counted:
    """Make a collection of `target` equal to that of `source`, writing only what differs; no encoder is needed.

    Returns
    -------
    Counted : what was read from `source`.

    Raises
    ------
    ConfigurationError : the target has a collection of that name with other vector slots.
    """
    space = source.space(name)
    target.create(space)
    slots = (*space.dense, *space.sparse)
    tally, known = Tally(), set[int]()
    for page in _pages(every_point(source, name)):
        tally.add(map(point_line, page))
        known.update(record.id for record in page)
        there = target.retrieve(name, [record.id for record in page], payload=True, vectors=slots)
        if missing := [one for one in page if one.id not in there or not same_point(one, there[one.id])]:
            target.upsert(name, [Point(one.id, one.vectors, one.payload) for one in missing])
        on_points(name, len(page))
    for gone in chunks([record.id for record in target.scroll(name) if record.id not in known], PAGE):
        target.delete(name, gone)
    target.optimize(name)
    return tally.counted()


def check_points(source: Iterable[Record], target: DescribedStore, name: str) -> None:
    """See point by point that a collection of `target` holds what it should.

    Raises
    ------
    Conflict : it does not; names the first point.
    """
    for wanted, found in zip_longest(source, every_point(target, name)):
        if wanted is None or found is None or not same_point(wanted, found):
            either = wanted or found
            raise Conflict(
                f"point {either.id} of collection {name} is not the same in the copy: somebody wrote to it meanwhile; "
                "stop every service that uses either, and run the command again",
                code="copy_differs",
            )


def same_point(one: Record, other: Record) -> bool:
    """Whether two records are of the same point: id, payload and vectors, up to the last bits of a number."""
    if one.id != other.id or _payload(one) != _payload(other) or set(one.vectors) != set(other.vectors):
        return False
    return all(_same_vector(vector, other.vectors[slot]) for slot, vector in one.vectors.items())


def point_line(record: Record) -> bytes:
    """A point as one line of JSON, vectors as the bytes they are.

    Examples
    --------
    >>> line = point_line(Record(7, {"brand": "LG"}, {"cf": np.array([1.0], np.float32)}))
    >>> line
    b'{"id":7,"payload":{"brand":"LG"},"vectors":{"cf":"AACAPw=="}}'
    >>> point_of(line).vectors["cf"]
    array([1.], dtype=float32)
    """
    vectors = {slot: _text_of(vector) for slot, vector in record.vectors.items()}
    line = {"id": record.id, "payload": _payload(record), "vectors": vectors}
    return orjson.dumps(line, option=orjson.OPT_SORT_KEYS)


def point_of(line: bytes) -> Record:
    """The point of a line."""
    raw = orjson.loads(line)
    return Record(raw["id"], raw["payload"], {slot: _vector_of(text) for slot, text in raw["vectors"].items()})


def _payload(record: Record) -> Any:
    return plain_numbers(record.payload)


def _text_of(vector: DenseOrSparse) -> Any:
    if not isinstance(vector, SparseVector):
        return b64encode(vector.astype("<f4").tobytes()).decode()
    order = np.argsort(vector.indices)
    indices, values = vector.indices[order].astype("<u4"), vector.values[order].astype("<f4")
    return [b64encode(part.tobytes()).decode() for part in (indices, values)]


def _vector_of(text: str | Sequence[str]) -> DenseOrSparse:
    if isinstance(text, str):
        return np.frombuffer(b64decode(text), "<f4").astype(np.float32)
    indices, values = (b64decode(part) for part in text)
    return SparseVector(
        np.frombuffer(indices, "<u4").astype(np.uint32), np.frombuffer(values, "<f4").astype(np.float32)
    )


def _same_vector(one: DenseOrSparse, other: DenseOrSparse) -> bool:
    if isinstance(one, SparseVector) and isinstance(other, SparseVector):
        return bool(_text_of(one) == _text_of(other))
    if isinstance(one, SparseVector) or isinstance(other, SparseVector):
        return False
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=_LAST_BITS, atol=_LAST_BITS))


def _pages(records: Iterator[Record]) -> Iterator[list[Record]]:
    while page := list(islice(records, PAGE)):
        yield page


def filled_collections(store: VectorStore, names: Iterable[str]) -> Mapping[str, int]:
    """Those of `names` that have points, and how many."""
    there = set(store.names())
    counts = {name: store.count(name) for name in names if name in there}
    return {name: count for name, count in counts.items() if count}
