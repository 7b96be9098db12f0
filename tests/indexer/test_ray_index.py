"""The first index of a large catalogue, spread by Ray over processes: all of it, nothing twice."""

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from indexer.ray_index import RayReport, dealt, index_on_ray
from indexer.sync import Outbox
from service.core.errors import ConfigurationError
from service.core.types import Product
from service.store.catalog import upsert_products
from service.store.claims import RANGE
from service.store.database import Database, open_database
from service.store.edge import EdgeStore
from service.store.outbox import count_stale

HERE, ROOT = Path(__file__).parent, Path(__file__).parent.parent.parent
COUNT = 300
HAS_RAY = importlib.util.find_spec("ray") is not None


@pytest.fixture
def shared(fresh_postgres: Callable[[], str]) -> Iterator[tuple[str, Database]]:
    """A PostgreSQL with products that no index has seen."""
    url = fresh_postgres()
    database = open_database(url)
    with database.session() as session:
        upsert_products(session, [Product(f"mug-{number}", f"Mug number {number}") for number in range(COUNT)])
    yield url, database
    database.close()


# made from text, so that what goes to the actors names nothing of this test module, which they could not import
OPENER = """
@contextmanager
def opened():
    import os, sys, time
    sys.path.insert(0, here)
    from pathlib import Path
    from conftest import StandInText
    from indexer.embed import ProductEncoders
    from indexer.picture_source import PictureSource
    from indexer.sync import Outbox
    from service.core.fields import with_attributes
    from service.encode.lexical import LexicalEncoder
    from service.store.database import open_database
    from service.store.edge import EdgeStore
    from service.store.spaces import products_space

    text = StandInText(while_encoding=lambda: time.sleep(0.2))
    store = EdgeStore(Path(folder) / str(os.getpid()))
    store.create(products_space(text.size, None, with_attributes(())))
    encoders = ProductEncoders(text, LexicalEncoder(k1=1.2, b=0.75, average_length=20), None, 2000)
    yield Outbox(open_database(url), store, encoders, lambda: PictureSource(float, 1, 1), 16)
"""


def opener(url: str, folder: Path) -> Callable[[], AbstractContextManager[Outbox]]:
    """What actors open: vectors of their own each, so that what each wrote can be told apart."""
    names: dict[str, object] = {"contextmanager": contextmanager, "url": url, "folder": str(folder), "here": str(HERE)}
    exec(OPENER, names)
    return names["opened"]  # type: ignore[return-value]


@pytest.mark.skipif(not HAS_RAY, reason="the extra `ray` is not installed")
@pytest.mark.filterwarnings("ignore")
def test_two_actors_index_everything_and_nothing_twice(
    shared: tuple[str, Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    url, database = shared
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 * 2**20)
    try:
        report = index_on_ray(database, opener(url, tmp_path), actors=2, ids=64)
        assert report.embedded == COUNT
        assert report.actors in (1, 2)  # where the second is slow to start, the first is done by then
        assert index_on_ray(database, opener(url, tmp_path), actors=2) == RayReport()
    finally:
        ray.shutdown()
        for folder in tmp_path.iterdir():  # it does not wait for its actors to end
            while Path("/proc", folder.name, "exe").exists():
                time.sleep(0.05)
    with database.session() as session:
        assert count_stale(session) == 0
    written = []
    for folder in tmp_path.iterdir():
        store = EdgeStore(folder)
        written += [point.id for point in store.scroll("products")]
        store.close()
    assert len(written) == len(set(written)) == COUNT


def test_ranges_cover_every_id_once() -> None:
    parts = list(dealt(5, 1000, 64))
    assert [one for part in parts for one in part] == list(range(1024))


def test_ranges_never_part_what_is_claimed_together() -> None:
    assert all(part.start % RANGE == part.stop % RANGE == 0 for part in dealt(1000, 10**6, 333))


def test_without_the_extra_one_line_says_what_to_install(
    shared: tuple[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.data", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'vitrine\[ray\]'"):
        index_on_ray(shared[1], opener("", HERE), actors=1)
