"""Collections that go to another store are the collections they were, and nothing is embedded for it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient

from service.backup.move import move_points, refuse_filled_points
from service.backup.point_files import load_points, write_points
from service.backup.points import check_points, count_points, every_point, same_point
from service.core.errors import ConfigurationError, Conflict
from service.core.fields import FieldKind
from service.core.types import SparseVector
from service.store.edge import EdgeStore
from service.store.server import ServerStore
from service.store.spaces import behaviour_space, products_space, users_name, users_space
from service.store.vectors import Dense, Point, Space

pytestmark = [
    # the client's in-memory mode needs no payload indexes and always searches exactly, and says so
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact:UserWarning"),
]
FIELDS = {"tenant": FieldKind.KEYWORD, "price": FieldKind.FLOAT, "attributes.shoe size": FieldKind.KEYWORD}
SPACES = (products_space(16, None, FIELDS), behaviour_space("one", 4, FIELDS), users_space("one", 4))


def points_of(space: Space, count: int = 600) -> list[Point]:
    random = np.random.default_rng(7)

    def vectors(n: int) -> dict[str, Any]:
        dense = {slot: random.normal(size=kind.size).astype(np.float32) for slot, kind in space.dense.items() if n % 5}
        indices = random.choice(2**32 - 1, size=4, replace=False).astype(np.uint32)
        return dense | {slot: SparseVector(indices, random.normal(size=4).astype(np.float32)) for slot in space.sparse}

    def payload(n: int) -> dict[str, Any]:
        whole = {
            "tenant": "ñ茶🎁",
            "price": n * 1.0,
            "big": 2**53 + n,
            "attributes": {"shoe size": "39", "x y": [1, 0.5]},
        }
        return whole if n % 3 else {}

    return [Point(n * 1_000_003, vectors(n), payload(n)) for n in range(1, count + 1)]


@pytest.fixture(scope="module")
def source(in_memory: Path) -> Iterator[EdgeStore]:
    store = EdgeStore(in_memory / "source")
    store.create(Space("somebody-elses", {"text": Dense(3)}))
    for space in SPACES:
        store.create(space)
        store.upsert(space.name, points_of(space, 600 if space is SPACES[0] else 30))
    yield store
    store.close()


@pytest.fixture(params=["edge", "server"])
def target(request: pytest.FixtureRequest, folder: Path) -> Iterator[EdgeStore | ServerStore]:
    """Another embedded store; or the adapter of the server on the client's in-memory mode."""
    store: EdgeStore | ServerStore = (
        EdgeStore(folder / "target")
        if request.param == "edge"
        else ServerStore("memory://", client=QdrantClient(":memory:"))
    )
    yield store
    store.close()


def test_every_vector_and_payload_arrives_and_comes_back(
    source: EdgeStore, target: EdgeStore | ServerStore, folder: Path
) -> None:
    told: list[int] = []
    counted = move_points(source, target, ["one", "unknown"], lambda _, count: told.append(count))
    assert {name: one.rows for name, one in counted.items()} == {
        "behaviour__one": 30,
        "products": 600,
        "users__one": 30,
    }
    assert sum(told) == 660
    again = EdgeStore(folder / "again")
    assert {name: one.rows for name, one in move_points(target, again, ["one"]).items()} == {
        name: one.rows for name, one in counted.items()
    }
    for space in SPACES:
        assert again.space(space.name).dense == space.dense
        pairs = zip(every_point(source, space.name), every_point(again, space.name), strict=True)
        assert all(same_point(one, other) for one, other in pairs)
        assert count_points(every_point(source, space.name)) == counted[space.name]
    again.close()


def test_between_embedded_stores_not_a_bit_changes(source: EdgeStore, folder: Path) -> None:
    target = EdgeStore(folder / "target")
    counted = move_points(source, target, ["one"])
    assert {name: count_points(every_point(target, name)) for name in counted} == counted
    target.close()


def test_an_index_of_payloads_is_made_too(source: EdgeStore, folder: Path) -> None:
    target = EdgeStore(folder / "target")
    move_points(source, target, ["one"])
    assert target.space("products").fields == FIELDS
    assert target.facet("products", "tenant") == [("ñ茶🎁", 400)]
    target.close()


def test_what_is_there_already_is_not_written_again(
    source: EdgeStore, target: EdgeStore | ServerStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    move_points(source, target, ["one"])
    some = points_of(SPACES[0], 3)
    target.upsert("products", [replace(some[0], payload={"price": 1}), Point(5, {}, {})])
    target.delete("products", [some[1].id])
    written: list[Sequence[Point]] = []
    upsert = target.upsert
    monkeypatch.setattr(target, "upsert", lambda name, points: (written.append(points), upsert(name, points)))
    move_points(source, target, ["one"])
    assert [[point.id for point in points] for points in written] == [[some[0].id, some[1].id]]
    assert target.count("products") == 600


def test_collections_of_others_stay_where_they_are(source: EdgeStore, target: EdgeStore | ServerStore) -> None:
    target.create(Space("another", {"text": Dense(3)}))
    move_points(source, target, ["one"])
    assert target.names() == ["another", "behaviour__one", "products", "users__one"]


def test_a_filled_target_is_refused_and_so_are_other_vectors(source: EdgeStore, folder: Path) -> None:
    target = EdgeStore(folder / "target")
    target.create(products_space(3, None, {}))
    refuse_filled_points(source, target, ["one"])
    with pytest.raises(ConfigurationError, match="products"):
        move_points(source, target, ["one"])
    target.drop("behaviour__one")
    target.upsert("products", [Point(1, {}, {})])
    with pytest.raises(Conflict, match="collection products of the target has 1 points already"):
        refuse_filled_points(source, target, ["one"])
    target.close()


def test_a_point_that_differs_in_the_end_is_named(source: EdgeStore, folder: Path) -> None:
    target = EdgeStore(folder / "target")
    move_points(source, target, ["one"])
    target.set_payload(users_name("one"), {3_000_009: {"tenant": "other"}})
    with pytest.raises(Conflict, match="point 3000009 of collection users__one is not the same"):
        check_points(every_point(source, users_name("one")), target, users_name("one"))
    target.close()


def test_a_collection_may_lie_in_a_file(source: EdgeStore, target: EdgeStore | ServerStore, folder: Path) -> None:
    for space in SPACES:
        counted = write_points(source, space.name, folder, lambda *_: None)
        load_points(folder, space.name, target, lambda *_: None)
        assert counted == count_points(every_point(source, space.name))
        assert target.count(space.name) == counted.rows
