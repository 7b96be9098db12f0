"""A shorter run of `eval.bench.soak`: what a service holds is counted, object by object, over equal spans of load."""

import ctypes
import gc
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
import structlog
from starlette.testclient import TestClient

from config.settings import Settings
from eval.bench.soak import Asked
from eval.bench.training import fill_until_now
from eval.load.shoppers import Draw, shoppers_of
from indexer.sync import index_stale
from service.app import create_app
from service.runtime import Runtime, open_runtime
from service.store.database import open_database
from service.store.outbox import count_stale
from tests import small_release

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="only glibc 2.33 and later tells what it gave out"
)

PRODUCTS, INTERACTIONS = 100, 400
SPAN = 100  # requests
# per request; the module of SQLite holds up to 200 old cursors per connection, and an answer is 200 objects and more
MOST_OBJECTS, MOST_KB = 10, 4.0


_BLOCKS = ("ordblks", "smblks", "hblks")


class _Given(ctypes.Structure):
    """`struct mallinfo2` of malloc.h."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", *_BLOCKS, "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    ]


@dataclass(frozen=True)
class Held:
    """What this process holds: objects of Python, and KB of all else: arrays, SQLite, the engine, the models."""

    objects: int
    kb: float

    @classmethod
    def now(cls) -> "Held":
        gc.collect()
        library = ctypes.CDLL(None)
        library.mallinfo2.restype = _Given
        given = library.mallinfo2()
        return cls(sys.getallocatedblocks(), (given.uordblks + given.hblkhd) / 1024)

    def per_request(self, earlier: "Held", requests: int) -> "Held":
        return Held(round((self.objects - earlier.objects) / requests), (self.kb - earlier.kb) / requests)


@dataclass(frozen=True)
class Shop:
    """A served shop under the mixed load, with all that goes on behind it."""

    runtime: Runtime
    http: TestClient
    asked: Asked

    def serve(self, kept: list[object] | None = None) -> Held:
        """Answer a span of requests and finish what they caused; with `kept`, as if somebody forgot to let go."""
        for message in self.asked.some(SPAN):
            head, _, body = message.partition(b"\r\n\r\n")
            method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
            answer = self.http.request(method, path, content=body, headers={"content-type": "application/json"})
            assert answer.status_code == 200, answer.text
            if kept is not None:
                kept.append(answer.json())
        _wait_for(lambda: self.runtime.impressions.state.waiting == 0 and self._stale() == 0)
        return Held.now()

    def least(self, spans: int) -> Held:
        """The least that is held after one of some spans: lists being made anew behind the answers come and go."""
        seen = [self.serve() for _ in range(spans)]
        return Held(min(one.objects for one in seen), min(one.kb for one in seen))

    def _stale(self) -> int:
        with self.runtime.database.session() as session:
            return count_stale(session)


@pytest.fixture
def shop(tmp_path: Path, settings_for: Callable[[Path], Settings]) -> Iterator[Shop]:
    """Served without a line per request, which pytest would hold."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with closing(open_database(f"sqlite:///{tmp_path}/vitrine.db")) as database:
        fill_until_now(database, INTERACTIONS, PRODUCTS, seed=7)
        draw = Draw(shoppers_of(database), seed=7)
    with open_runtime(settings_for(tmp_path)) as runtime:
        index_stale(runtime.outbox)
        small_release.publish(runtime)
        with TestClient(create_app(runtime)) as http:
            yield Shop(runtime, http, Asked(draw, "testserver", Random(7)))


def test_a_service_under_load_holds_no_more_than_it_did(shop: Shop) -> None:
    for _ in range(3):
        shop.serve()
    first, last = shop.least(3), shop.least(3)
    grown = last.per_request(first, 3 * SPAN)
    assert grown.objects <= MOST_OBJECTS
    assert grown.kb <= MOST_KB
    forgotten: list[object] = []
    leaking = shop.serve(forgotten).per_request(last, SPAN)
    assert leaking.objects > 5 * MOST_OBJECTS  # what nobody lets go of is noticed


def _wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)
