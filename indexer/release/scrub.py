"""Take people out of trained releases: their vectors out of files and collections, at once and without a training.

What a release learned of all its users together, as which products go together, stays until it is replaced.
"""

import os
from collections.abc import Collection
from pathlib import Path

import numpy as np

from indexer.release.artifacts import stored_releases
from service.store.spaces import USERS_PREFIX
from service.store.vectors import VectorStore

_ARRAYS = "arrays.npz"
_CHUNK = 1000


def users_in_files(folder: Path, users: Collection[int]) -> dict[str, int]:
    """Releases whose files hold vectors of some of these users (internal keys), and of how many."""
    found = {}
    for release in stored_releases(folder):
        try:
            with np.load(folder / release / _ARRAYS, allow_pickle=False) as stored:
                count = int(np.isin(stored["users"], list(users)).sum())
        except (OSError, ValueError, KeyError):
            continue  # swept up meanwhile, or damaged: whoever publishes it will say so
        if count:
            found[release] = count
    return found


def remove_from_files(folder: Path, users: Collection[int]) -> int:
    """Write such releases anew without them, each in one step; returns how many vectors went."""
    total = 0
    for release, count in users_in_files(folder, users).items():
        path = folder / release / _ARRAYS
        with np.load(path, allow_pickle=False) as stored:
            arrays = dict(stored)
        kept = ~np.isin(arrays["users"], list(users))
        arrays |= {name: arrays[name][kept] for name in ("users", "user_vectors")}
        draft = path.with_suffix(".npz.new")
        with draft.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        total += count
    return total


def users_in_collections(store: VectorStore, users: Collection[int]) -> dict[str, int]:
    """Collections that hold points of some of these users, and of how many."""
    wanted = list(users)
    found = {}
    for name in store.names():
        if name.startswith(USERS_PREFIX):
            pieces = range(0, len(wanted), _CHUNK)
            count = sum(len(store.retrieve(name, wanted[start : start + _CHUNK])) for start in pieces)
            if count:
                found[name] = count
    return found


def remove_from_collections(store: VectorStore, users: Collection[int]) -> int:
    """Delete their points; returns how many."""
    found = users_in_collections(store, users)
    for name in found:
        store.delete(name, list(users))
    return sum(found.values())
