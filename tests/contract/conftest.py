"""Every backend the contracts run against, and a small shop to try them on."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from service.core.fields import FieldKind
from service.core.types import SparseVector
from service.store.vectors import Dense, Point, Space, Sparse, VectorStore

DIMENSIONS = 16
BRANDS = ("LG", "Sony", "Bosch", "Braun", "Miele")
TAGS = ("sale", "new", "eco", "gift")


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark with which a contract says that the client's in-memory mode is not true to the server."""
    config.addinivalue_line("markers", "untrue_in_memory(reason): qdrant-client's in-memory mode differs from a server")


# the in-memory mode needs no payload indexes and always searches exactly, and says so
MEMORY = pytest.param(
    "memory",
    marks=[
        pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning"),
        pytest.mark.filterwarnings("ignore:Local mode performs exact:UserWarning"),
    ],
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is room: the engine syncs each index to disk, which is most of a test's time."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or shutil.disk_usage(memory).free < 2**30:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="contract-", dir=memory) as made:
        yield Path(made)


@pytest.fixture(params=["edge", "server", MEMORY])
def store(request: pytest.FixtureRequest, folder: Path) -> Iterator[VectorStore]:
    """An empty vector store."""
    opened = {"edge": _edge, "server": _server, "memory": _memory}[request.param](request, folder)
    yield opened
    opened.close()


@pytest.fixture
def space(store: VectorStore) -> Iterator[Space]:
    """A collection of its own, with every kind of slot and field; dropped again afterwards."""
    space = Space(
        f"contract-{secrets.token_hex(6)}",
        dense={"text": Dense(DIMENSIONS), "cf": Dense(4, "dot")},
        sparse={"lexical": Sparse(idf=True), "covisit": Sparse()},
        fields={
            "tenant": FieldKind.KEYWORD,
            "brand": FieldKind.KEYWORD,
            "tags": FieldKind.KEYWORD,
            "price": FieldKind.FLOAT,
            "stock": FieldKind.INTEGER,
            "visible": FieldKind.BOOL,
            "attributes.colour": FieldKind.KEYWORD,
            "attributes.shoe size": FieldKind.KEYWORD,
        },
    )
    store.create(space)
    yield space
    store.drop(space.name)


def _edge(request: pytest.FixtureRequest, folder: Path) -> VectorStore:
    from service.store.edge import EdgeStore

    # low enough for the collections of these tests to get an HNSW graph
    return EdgeStore(folder / "vectors", indexing_threshold_kb=64)


def _server(request: pytest.FixtureRequest, folder: Path) -> VectorStore:
    from service.store.open_store import open_store

    url = os.environ.get("QDRANT_URL")
    if not url:
        pytest.skip("QDRANT_URL names no Qdrant server")
    return open_store(folder, url, os.environ.get("QDRANT_API_KEY"))


def _memory(request: pytest.FixtureRequest, folder: Path) -> VectorStore:
    from qdrant_client import QdrantClient

    from service.store.server import ServerStore

    mark = request.node.get_closest_marker("untrue_in_memory")
    if mark is not None:
        pytest.skip(f"untrue in memory: {mark.args[0]}")
    return ServerStore("memory://", client=QdrantClient(":memory:"))


@pytest.fixture(scope="session")
def points() -> list[Point]:
    """Three hundred products; some lack a payload field, some lack a vector."""
    random = np.random.default_rng(7)
    return [_product(i, random) for i in range(1, 301)]


def _product(i: int, random: np.random.Generator) -> Point:
    vectors: dict[str, np.ndarray | SparseVector] = {}
    if i % 10:
        vectors["text"] = random.normal(size=DIMENSIONS).astype(np.float32)
    if i % 7:
        vectors["cf"] = random.normal(size=4).astype(np.float32)
    if i % 5:
        vectors["lexical"] = _sparse(random, low=0.1)
    if i % 3:
        vectors["covisit"] = _sparse(random, low=-1.0)
    payload = {
        "tenant": "default",
        "brand": random.choice([*BRANDS, None]),
        "tags": random.choice(TAGS, size=random.integers(0, 4), replace=False).tolist(),
        # whole numbers on purpose: a float index must hold them too
        "price": int(random.integers(1, 100)) if i % 2 else round(float(random.uniform(1, 100)), 2),
        "stock": int(random.integers(0, 6)),
        "visible": bool(random.integers(0, 2)),
        "attributes": {"colour": random.choice(["red", "blue"]), "shoe size": str(random.integers(36, 40))},
    }
    missing = random.choice(list(payload), size=random.integers(0, 4), replace=False)
    return Point(i, vectors, {key: _plain(value) for key, value in payload.items() if key not in missing})


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return str(value) if isinstance(value, str) else value


def _sparse(random: np.random.Generator, low: float) -> SparseVector:
    indices = np.sort(random.choice(40, size=6, replace=False)).astype(np.uint32)
    return SparseVector(indices, random.uniform(low, 1.0, size=6).astype(np.float32))
