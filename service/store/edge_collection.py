"""One collection of the embedded store: a shard, its note, and how it is written, read and optimised."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from service.core.errors import DependencyUnavailable, NotFound, RecommenderError
from service.core.filters import Filter
from service.store import edge_types as types
from service.store.edge_everywhere import Everywhere
from service.store.edge_folder import (
    MIN_FREE_BYTES,
    Note,
    need_space,
    read_note,
    remove_leftovers,
    unwritten_bytes,
    write_back,
    write_note,
)
from service.store.edge_optimize import optimizer_succeeded, start_optimizer
from service.store.space_changes import check_same_slots
from service.store.vectors import Space

T = TypeVar("T")

# the engine's log is cut at a flush only; 10,000 points are some 40 MB of log, replayed in 0.2 s after a crash
FLUSH_EVERY_POINTS = 10_000
# share of points changed since the last time at which optimising may pay off; the engine's own deleted_threshold
CHANGED_SHARE = 0.2
_SPARSE_ONLY_BYTES = 512


class EdgeCollection:
    """An open shard.

    The engine holds Python's lock during each call, so calls never overlap; what takes long is cut into pieces
    (writes) or done elsewhere (`optimize`). Writes are serialised by a lock, reads take none.
    """

    def __init__(self, folder: Path, indexing_threshold_kb: int) -> None:
        note = read_note(folder)
        remove_leftovers(folder, note)
        if note is None:
            raise NotFound(f"collection {folder.name!r} does not exist; run `vitrine index`")
        # opening touches the pages of sparse files; without room the whole process dies of SIGBUS (measured)
        need_space(folder, max(0, unwritten_bytes(note.shard_folder(folder)) - MIN_FREE_BYTES))
        self._folder = folder
        self._note = note
        self._threshold_bytes = indexing_threshold_kb * 1024
        self._shard = types.load_shard(note.shard_folder(folder))
        self._writing = threading.RLock()
        self._optimizing = threading.Lock()
        self._journal: list[types.Operation] | None = None
        self._optimizer: subprocess.Popen[str] | None = None
        self._closed = False
        self._unflushed = 0
        self._changed = self._not_indexed()
        self.everywhere = Everywhere(self._count)

    @property
    def space(self) -> Space:
        """The schema as stored."""
        return self._note.space

    def adopt(self, wanted: Space) -> None:
        """Add the payload indexes that are wanted and missing.

        Raises
        ------
        ConfigurationError : the stored vector slots are not the wanted ones.
        """
        check_same_slots(self.space, wanted)
        with self._writing:
            self.write(types.missing_indexes(self._shard, wanted.fields))
            fields = dict(self.space.fields) | dict(wanted.fields)
            if fields != dict(self.space.fields):
                self._write_note(replace(self._note, space=replace(self.space, fields=fields)))

    def read(self, call: Callable[[types.EdgeShard], T]) -> T:
        """Run a read on the current shard, again if the shard was replaced meanwhile."""
        while True:
            shard = self._shard
            try:
                return types.guarded(lambda shard=shard: call(shard))  # type: ignore[misc]
            except NotFound:
                if shard is self._shard:
                    raise

    def write(self, operations: Sequence[types.Operation], points: int = 0) -> None:
        """Apply operations in order; each is in the log when this returns."""
        with self._writing:
            for operation in operations:
                need_space(self._folder)
                self.everywhere.written()
                try:
                    self._apply(operation)
                finally:
                    self.everywhere.written()
                if self._journal is not None:
                    self._journal.append(operation)
            self._changed += points
            self._unflushed += points
            if self._unflushed >= FLUSH_EVERY_POINTS:
                self._flush()

    def _count(self, wanted: Filter | None) -> int:
        request = types.guarded(lambda: types.count_request(wanted))
        return self.read(lambda shard: shard.count(request))

    def existing(self, ids: Sequence[int]) -> list[int]:
        """Those of `ids` that are stored."""
        found = self.read(lambda shard: shard.retrieve(list(ids), False, False))
        return [int(record.id) for record in found]

    def locked(self) -> threading.RLock:
        """The lock of writers, for a write that depends on a read."""
        return self._writing

    def optimize(self) -> None:
        """Build the HNSW graph and drop deleted points, if enough has changed to be worth it.

        Notes
        -----
        A small shard is optimised in place, in milliseconds. A large one is copied, the copy optimised by a child
        process, what was written meanwhile is repeated on it, and then it takes the place of the old one: requests
        are answered all the time. A process killed in between leaves the old shard current.
        """
        with self._optimizing:
            if not self._is_due():
                return
            if self._size_bytes() < self._threshold_bytes:
                with self._writing:
                    types.guarded(self._shard.optimize)
                    self._flush()
                    self._changed = 0
            else:
                self._optimize_a_copy()

    def close(self) -> None:
        """Flush and release; closing twice is fine."""
        with self._writing:
            self._closed = True
            if self._optimizer is not None:
                self._optimizer.terminate()
            types.close_shard(self._shard)

    def _apply(self, operation: types.Operation) -> None:
        try:
            types.guarded(lambda: self._shard.update(operation))
        except DependencyUnavailable as error:
            # after an I/O error the engine refuses every write, until the shard is opened anew
            if not types.is_stuck(error) or not self._reopened():
                raise
            types.guarded(lambda: self._shard.update(operation))

    def _reopened(self) -> bool:
        """Put an opened copy in the place of a shard that refuses writes, so that reads go on even if that fails.

        Returns
        -------
        bool : False while a graph is being built: that ends with another shard, too.
        """
        if not self._optimizing.acquire(blocking=False):
            return False
        copy = self._note.next().shard_folder(self._folder)
        try:
            self._copy_to(copy)
            self._switch_to_copy()
        except OSError as error:
            raise DependencyUnavailable(f"{self._folder} cannot be written: {error}; searches go on") from error
        finally:
            self._remove_unless_current(copy)
            self._optimizing.release()
        return True

    def _optimize_a_copy(self) -> None:
        copy = self._note.next().shard_folder(self._folder)
        try:
            self._start_copy(copy)
            if optimizer_succeeded(self._start_optimizer(copy), copy):
                self._switch_to_copy()
        except (OSError, RecommenderError) as error:
            # a store that is being closed stops its optimiser: that is no failure
            if not self._closed:
                raise DependencyUnavailable(f"optimising {self._folder} failed: {error}") from error
        finally:
            self._journal = self._optimizer = None
            self._remove_unless_current(copy)

    def _remove_unless_current(self, copy: Path) -> None:
        if copy != self._note.shard_folder(self._folder):
            shutil.rmtree(copy, ignore_errors=True)

    def _start_copy(self, copy: Path) -> None:
        with self._writing:
            self._flush()
            self._copy_to(copy)
            self._journal = []
            self._changed = 0

    def _copy_to(self, copy: Path) -> None:
        current = self._note.shard_folder(self._folder)
        # room for the copy and its graph, side by side
        need_space(self._folder, 2 * sum(f.stat().st_blocks * 512 for f in current.rglob("*") if f.is_file()))
        shutil.copytree(current, copy)

    def _start_optimizer(self, copy: Path) -> "subprocess.Popen[str]":
        with self._writing:
            if self._closed:
                raise DependencyUnavailable("the vector folder was closed")
            self._optimizer = start_optimizer(copy)
            return self._optimizer

    def _switch_to_copy(self) -> None:
        old_folder = self._note.shard_folder(self._folder)
        with self._writing:
            if self._closed:
                return
            note = self._note.next()
            new = types.load_shard(note.shard_folder(self._folder))
            for operation in self._journal or ():
                types.guarded(lambda operation=operation: new.update(operation))  # type: ignore[misc]
            self._write_note(note)
            old, self._shard = self._shard, new
            types.close_shard(old)
        shutil.rmtree(old_folder, ignore_errors=True)

    def _write_note(self, note: Note) -> None:
        write_note(self._folder, note)
        self._note = note

    def _flush(self) -> None:
        # the engine waits for the disk with Python's lock held, 1.2 s beside a training (measured); we wait without
        write_back(self._note.shard_folder(self._folder))
        types.guarded(self._shard.flush)
        self._unflushed = 0

    def _is_due(self) -> bool:
        points = types.guarded(self._shard.info).points_count
        return self._changed > 0 and (
            self._changed * self._bytes_per_point() >= self._threshold_bytes or self._changed >= CHANGED_SHARE * points
        )

    def _size_bytes(self) -> int:
        return types.guarded(self._shard.info).points_count * self._bytes_per_point()

    def _bytes_per_point(self) -> int:
        return max((4 * dense.size for dense in self.space.dense.values()), default=_SPARSE_ONLY_BYTES)

    def _not_indexed(self) -> int:
        """Points that, for all we know on opening, no optimisation has seen."""
        info = types.guarded(self._shard.info)
        slots = max(1, len(self.space.dense))
        return max(0, info.points_count - info.indexed_vectors_count // slots)
