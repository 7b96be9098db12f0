"""Indexing with a store that fails, a disk that fills and a process that is killed: late, but complete."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from random import Random

import numpy as np
import pytest

from indexer.check import check_index
from service.core.errors import DependencyUnavailable
from service.core.types import Product
from service.store.catalog import count_products, delete_products
from service.store.edge_folder import MIN_FREE_BYTES
from service.store.outbox import count_stale, mark_all_stale

ROOT = Path(__file__).parents[2]
KILLS = 16


def mugs(count, **fields):
    return [Product(f"mug-{number}", f"Mug number {number}", **fields) for number in range(count)]


def stale(shop):
    with shop.database.session() as session:
        return count_stale(session)


def assert_complete(shop, count):
    """Nothing is lost, nothing is there twice, and every point has the vector of its product."""
    report = check_index(shop.database, shop.store)
    assert report.agrees
    assert (report.pending, report.products, report.points) == (0, count, count)
    with shop.database.session() as session:
        assert count_products(session, "default", None) == count
    records = list(shop.store.scroll("products", payload=("id",), vectors=("text",)))
    assert sorted(record.payload["id"] for record in records) == sorted(f"mug-{n}" for n in range(count))
    for record in records:
        expected = shop.text.encode_query("Mug number " + record.payload["id"].removeprefix("mug-"))
        assert np.allclose(record.vectors["text"], expected, atol=1e-6)


class FailingStore:
    """A vector store of which one kind of call fails, after some that went well."""

    def __init__(self, store, method, after=0):
        self._store, self._method, self._left = store, method, after

    def __getattr__(self, name):
        if name == self._method:
            self._left -= 1
            if self._left < 0:
                raise DependencyUnavailable("the vector store does not answer")
        return getattr(self._store, name)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_store_that_fails_in_the_midst_of_a_run_leaves_the_rest_in_the_outbox(shop, after):
    shop.put(*mugs(12))
    done = []
    with pytest.raises(DependencyUnavailable, match="does not answer"):
        shop.with_outbox(store=FailingStore(shop.store, "upsert", after)).index(on_progress=done.append)
    assert stale(shop) == 12 - 4 * after
    assert sum(done) == 4 * after  # what failed was not reported as done
    assert shop.index().embedded == 12 - 4 * after
    assert_complete(shop, 12)


@pytest.mark.parametrize("method", ["set_payload", "delete"])
def test_a_failed_payload_or_delete_is_repeated(shop, method):
    shop.put(*mugs(9))
    shop.index()
    shop.put(*mugs(8, stock=3))
    with shop.database.session() as session:
        delete_products(session, "default", ["mug-8"])
    with pytest.raises(DependencyUnavailable):
        shop.with_outbox(store=FailingStore(shop.store, method)).index()
    shop.index()
    assert_complete(shop, 8)
    assert len(shop.text.seen) == 9


def test_an_encoder_that_fails_leaves_everything_as_it_was(shop):
    shop.put(*mugs(6))

    def fail():
        if len(shop.text.seen) > 4:
            raise RuntimeError("out of memory")

    shop.text.while_encoding = fail
    with pytest.raises(RuntimeError, match="out of memory"):
        shop.index()
    assert stale(shop) in (2, 6)  # the first batch may have been written meanwhile, or not
    shop.text.while_encoding = lambda: None
    shop.index()
    assert_complete(shop, 6)


# One process imports everything once and then forks a child per line it reads: the child indexes until it is killed.
FORK_INDEXERS = """
import os, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from indexer.embed import ProductEncoders
from indexer.picture_source import PictureSource
from indexer.sync import Outbox, index_stale
from service.encode.lexical import LexicalEncoder
from service.store.database import open_database
from service.store.edge import EdgeStore
from conftest import StandInText

def index(folder):
    text = StandInText(while_encoding=lambda: time.sleep(0.002))
    encoders = ProductEncoders(text, LexicalEncoder(k1=1.2, b=0.75, average_length=20), None, 2000)
    outbox = Outbox(open_database(f"sqlite:///{folder}/shop.db"), EdgeStore(folder / "vectors"), encoders,
                    lambda: PictureSource(float, 1, 1), 4)
    os.write(1, b"begins\\n")
    index_stale(outbox)

for line in sys.stdin:
    child = os.fork()
    if not child:
        index(Path(sys.argv[1]))
        os._exit(0)
    os.write(1, f"{child}\\n".encode())
    os.write(1, f"ended {os.waitpid(child, 0)[1]}\\n".encode())
"""


@contextmanager
def indexers(folder):
    """Start an indexer in a process of its own: call it for the process id, once the indexer has begun."""
    command = [sys.executable, "-c", FORK_INDEXERS, str(folder), str(Path(__file__).parent)]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as zygote:  # fmt: skip
        assert zygote.stdin is not None
        assert zygote.stdout is not None

        def kill_after(seconds):
            zygote.stdin.write("go\n")
            said = {zygote.stdout.readline().strip(), zygote.stdout.readline().strip()}
            assert "begins" in said
            child = int((said - {"begins"}).pop())
            try:
                signal.sigtimedwait([], seconds)
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
            return int(zygote.stdout.readline().split()[1])

        yield kill_after
        zygote.stdin.close()


def test_an_index_run_that_is_killed_again_and_again_is_completed_with_nothing_lost_and_nothing_twice(
    open_shop, quick_folder
):
    random, count = Random(7), 200
    shop = open_shop(quick_folder)
    shop.put(*mugs(count))
    shop.store.close()
    kills = 0
    with indexers(quick_folder) as index_and_kill:
        for round in range(2 * KILLS):
            if kills == KILLS:
                break
            ended = index_and_kill(random.uniform(0.0, 0.2))
            kills += ended == signal.SIGKILL
            # life goes on: prices and words change, and now and then everything has to be looked at again
            changed = random.sample(range(count), 20)
            shop.put(*(Product(f"mug-{n}", f"Mug number {n}", stock=round) for n in changed))
            if stale(shop) < 100 or round % 4 == 3:
                with shop.database.session() as session:
                    mark_all_stale(session, forget_vectors=round % 8 == 3)
    assert kills >= 10
    shop = open_shop(quick_folder)
    shop.index()
    assert_complete(shop, count)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of our own with little more room than an empty collection may still take (190 MB of sparse files)."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    size = MIN_FREE_BYTES + 160 * 2**20
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk):
    """Leave less room than the store needs."""
    free = shutil.disk_usage(disk).free
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - MIN_FREE_BYTES + 2**20)
    return ballast


def test_a_full_disk_stops_indexing_with_one_line_and_after_it_is_freed_the_run_completes(open_shop, small_disk):
    shop = open_shop(small_disk)
    shop.put(*mugs(20))
    ballasts = []

    def fill_after_a_batch():
        if len(shop.text.seen) > 4 and not ballasts:
            ballasts.append(fill(small_disk))

    shop.text.while_encoding = fill_after_a_batch
    with pytest.raises(DependencyUnavailable, match="free some space") as refused:
        shop.index()
    assert "\n" not in refused.value.message
    assert stale(shop) >= 12
    assert check_index(shop.database, shop.store).agrees  # it can still be read
    ballasts[0].unlink()
    shop.index()
    assert_complete(shop, 20)


@contextmanager
def largest_file(size):
    """Writes beyond this size fail as they do on a full disk, for this process only."""
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_file_that_cannot_grow_stops_indexing_with_one_line_and_after_a_restart_the_run_completes(
    open_shop, quick_folder
):
    shop = open_shop(quick_folder)
    shop.put(*mugs(20))
    with largest_file(64 * 1024), pytest.raises(DependencyUnavailable) as refused:
        shop.index()
    assert "\n" not in refused.value.message
    shop.store.close()
    shop = open_shop(quick_folder)
    shop.index()
    assert_complete(shop, 20)
