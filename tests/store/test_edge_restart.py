"""The embedded store survives being closed, killed and half-way dropped, and is used by one process at a time."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from service.core.errors import ConfigurationError, DependencyUnavailable, NotFound
from service.core.fields import FieldKind
from service.store import edge_folder
from service.store.edge import EdgeStore
from service.store.vectors import Dense, Point, Space, Sparse, VectorQuery

SPACE = Space("products", {"text": Dense(8)}, fields={"brand": FieldKind.KEYWORD})
ROOT = Path(__file__).parents[2]

WRITE_UNTIL_KILLED = """
import sys
from pathlib import Path
import numpy as np
from service.store.edge import EdgeStore
from service.store.vectors import Point
store = EdgeStore(Path(sys.argv[1]))
for i in range(10**6):
    store.upsert("products", [Point(i, {"text": np.full(8, i + 1, np.float32)}, {"brand": "LG", "stock": i})])
    store.set_payload("products", {i: {"stock": -i}})
    print(i, flush=True)
"""
MAKE_AND_DROP_UNTIL_KILLED = """
import sys
from pathlib import Path
from service.core.fields import FieldKind
from service.store.edge import EdgeStore
from service.store.vectors import Dense, Space
store = EdgeStore(Path(sys.argv[1]))
for i in range(10**6):
    store.create(Space(f"c{i % 2}", {"text": Dense(8)}, fields={"brand": FieldKind.KEYWORD}))
    print(i, flush=True)
    store.drop(f"c{(i + 1) % 2}")
"""


def point(i: int) -> Point:
    return Point(i, {"text": np.full(8, i + 1, np.float32)}, {"brand": "LG"})


def start(script: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", script, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def kill_after(child: "subprocess.Popen[str]", lines: int) -> int:
    """Kill a child with SIGKILL after it has printed some lines; the last number it printed."""
    assert child.stdout is not None
    for _ in range(lines):
        child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    rest = [line for line in child.stdout.read().splitlines() if line]
    child.stdout.close()
    child.wait()
    return int(rest[-1]) if rest else lines - 1


def test_everything_is_there_after_closing_and_opening_again(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path)
    store.create(SPACE)
    store.upsert("products", [point(i) for i in range(10)])
    store.close()
    store.close()
    again = EdgeStore(tmp_path)
    assert again.names() == ["products"]
    assert again.count("products") == 10
    assert again.facet("products", "brand") == [("LG", 10)]
    again.create(SPACE)
    with pytest.raises(ConfigurationError, match="'text' is stored as 8 dimensions"):
        again.create(Space("products", {"text": Dense(9)}))
    again.close()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path)
    store.close()
    with pytest.raises(DependencyUnavailable, match="was closed"):
        store.count("products")


def test_every_acknowledged_write_survives_sigkill(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path)
    store.create(SPACE)
    store.close()
    last = kill_after(start(WRITE_UNTIL_KILLED, tmp_path), lines=300)
    assert last >= 299
    again = EdgeStore(tmp_path)
    records = again.retrieve("products", list(range(last + 1)), payload=True, vectors=["text"])
    assert [records[i].payload for i in range(last + 1)] == [{"brand": "LG", "stock": -i} for i in range(last + 1)]
    assert all(r.vectors["text"].shape == (8,) for r in records.values())
    assert again.count("products") in (last + 1, last + 2)
    again.close()


@pytest.mark.parametrize("lines", [1, 2, 3, 4])
def test_a_kill_while_collections_come_and_go_leaves_an_openable_folder(tmp_path: Path, lines: int) -> None:
    kill_after(start(MAKE_AND_DROP_UNTIL_KILLED, tmp_path), lines)
    store = EdgeStore(tmp_path)
    for name in ("c0", "c1"):
        store.create(Space(name, {"text": Dense(8)}, fields={"brand": FieldKind.KEYWORD}))
        store.upsert(name, [point(1)])
        assert store.facet(name, "brand") == [("LG", 1)]
    store.close()


def test_half_made_and_half_dropped_collections_do_not_exist_and_can_be_made_anew(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path)
    store.create(SPACE)
    store.upsert("products", [point(1)])
    store.close()
    (tmp_path / "products" / "space.json").unlink()
    (tmp_path / "products" / "shard-7").mkdir()
    store = EdgeStore(tmp_path)
    assert store.names() == []
    with pytest.raises(NotFound, match="'products' does not exist"):
        store.count("products")
    store.create(SPACE)
    assert store.count("products") == 0
    store.close()


def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path)
    store.create(SPACE)
    script = (
        "import sys; from pathlib import Path; from service.store.edge import EdgeStore; EdgeStore(Path(sys.argv[1]))"
    )
    other = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (
        f"ConfigurationError: the vector folder {tmp_path} is in use by another process (pid {os.getpid()})"
        in other.stderr
    )
    assert "choose another --data-dir" in other.stderr
    store.upsert("products", [point(1)])
    store.close()


def test_the_lock_of_a_dead_process_is_in_nobodys_way(tmp_path: Path) -> None:
    child = start(MAKE_AND_DROP_UNTIL_KILLED, tmp_path)
    kill_after(child, 1)
    assert (tmp_path / edge_folder.LOCK_FILE).read_text() == f"{child.pid}\n"
    EdgeStore(tmp_path).close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"cannot use .*file/vectors for vectors: .*choose another --data-dir"):
        EdgeStore(tmp_path / "file" / "vectors")


def test_a_nearly_full_disk_stops_writes_before_they_hurt_and_not_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EdgeStore(tmp_path)
    store.create(SPACE)
    store.upsert("products", [point(1)])
    monkeypatch.setattr(edge_folder, "MIN_FREE_BYTES", 2**60)
    for write in (
        lambda: store.upsert("products", [point(2)]),
        lambda: store.set_payload("products", {1: {"brand": "Sony"}}),
        lambda: store.create(Space("other", {"text": Dense(8)})),
    ):
        with pytest.raises(DependencyUnavailable, match=r"MB free, but .* MB are needed; free some space"):
            write()
    assert store.names() == ["products"]
    assert store.search("products", [VectorQuery("text", np.ones(8, np.float32), 5)])[0].ids.tolist() == [1]
    store.close()


def test_while_a_collection_is_open_another_one_is_made_elsewhere_and_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EdgeStore(tmp_path)
    store.create(SPACE)
    monkeypatch.setattr("service.store.edge.make_shard", None)
    store.create(Space("other", {"text": Dense(8)}, {"words": Sparse(idf=True)}, {"brand": FieldKind.KEYWORD}))
    monkeypatch.undo()
    store.upsert("other", [point(3)])
    assert store.facet("other", "brand") == [("LG", 1)]
    store.close()
    again = EdgeStore(tmp_path)
    assert again.count("other") == 1
    assert [path.name for path in (tmp_path / "other").glob("*-*")] == ["shard-1"]
    again.close()


def test_what_cannot_be_made_elsewhere_is_an_error_and_no_collection(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path)
    store.create(SPACE)
    with pytest.raises(DependencyUnavailable, match="collection 'other' could not be made"):
        store.create(Space("other", {"text": Dense(-1)}))
    assert store.names() == ["products"]
    store.close()


@pytest.fixture
def full_grown() -> Iterator[Callable[[], None]]:
    """Call it, and no file of this process can grow beyond 16 MB until the test is over."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 2**20, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_after_a_failed_write_reads_go_on_and_writes_too_once_the_disk_does(
    tmp_path: Path, full_grown: Callable[[], None]
) -> None:
    def long(i: int) -> Point:
        return Point(i, {"text": np.full(4096, i + 1, np.float32)}, {})

    store = EdgeStore(tmp_path)
    store.create(Space("products", {"text": Dense(4096)}))
    store.upsert("products", [long(i) for i in range(2000)])  # the first file of vectors holds 2,048 of them
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    full_grown()
    with pytest.raises(DependencyUnavailable, match="File too large"):
        store.upsert("products", [long(i) for i in range(2000, 2100)])
    with pytest.raises(DependencyUnavailable, match="cannot be written"):
        store.upsert("products", [long(0)])
    assert store.search("products", [VectorQuery("text", long(0).vectors["text"], 1)])[0].scores.round(3) == [1]
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    store.upsert("products", [long(i) for i in range(2100, 2200)])
    for _ in range(2):
        assert set(store.retrieve("products", range(2200))) >= {*range(2000), *range(2100, 2200)}
        store.close()
        store = EdgeStore(tmp_path)
    store.close()
    assert sorted(path.name for path in (tmp_path / "products").iterdir()) == ["shard-2", "space.json"]
