"""A trained release as files: written in one step, read again by whoever publishes it.

::

    <data dir>/releases/<id>/arrays.npz      vectors, weights, rules, held-out tail
    <data dir>/releases/<id>/popular.json    what is popular as of its data
    <data dir>/releases/<id>/manifest.json   how it was made, and what it reached
    <data dir>/releases/<id>.new/            left by a process that was killed
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from indexer.release.model import SLOTS, Model
from indexer.release.tail import Tail
from indexer.train.matrix import Csr, from_parts
from service.core.errors import NotFound
from service.core.types import Floats, Ids

_ARRAYS, _POPULAR, _MANIFEST, _UNFINISHED = "arrays.npz", "popular.json", "manifest.json", ".new"


@dataclass(frozen=True, slots=True, eq=False)
class RuleTable:
    """R rules between two products, by antecedent, then descending lift; products are places in the model."""

    antecedents: NDArray[np.int32]
    consequents: NDArray[np.int32]
    support: Floats
    confidence: Floats
    lift: Floats


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable:
    """What places a product that training did not see.

    Attributes
    ----------
    tokens : float32[F, D], what each hashed feature column adds to a product's vector, see `train.features`.
    name_words : whether words of the name are features. products : int64[K], internal keys of the release's own.
    """

    tokens: Floats
    name_words: bool
    products: Ids


@dataclass(frozen=True, slots=True)
class PopularSnapshot:
    """The popular lists as of a training, see `indexer.popular.popular_lists`."""

    made_at: datetime
    lists: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Artifacts:
    """A trained release.

    Attributes
    ----------
    users : int64[U], internal keys. user_vectors : float32[U, D].
    features : None where nothing is known of any product but its behaviour.
    popular : None in releases made before it was kept.
    manifest : parameters, seed, data hash, counts … metrics : what it reached on the tail.
    """

    id: str
    model: Model
    users: Ids
    user_vectors: Floats
    rules: RuleTable
    tail: Tail
    features: FeatureTable | None
    popular: PopularSnapshot | None
    manifest: Mapping[str, Any]
    metrics: Mapping[str, Any]


def save_artifacts(folder: Path, artifacts: Artifacts) -> None:
    """Write a release below `folder`; it is there as a whole or not at all."""
    final = folder / artifacts.id
    unfinished = folder / f"{artifacts.id}{_UNFINISHED}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with (unfinished / _ARRAYS).open("wb") as file:
        np.savez(file, allow_pickle=False, **_arrays(artifacts))
        _to_disk(file)
    if artifacts.popular is not None:
        popular = {"made_at": artifacts.popular.made_at.isoformat(), "lists": artifacts.popular.lists}
        _write_json(unfinished / _POPULAR, popular)
    _write_json(unfinished / _MANIFEST, {"manifest": artifacts.manifest, "metrics": artifacts.metrics})
    unfinished.rename(final)
    _sync_folder(folder)


def load_artifacts(folder: Path, release_id: str) -> Artifacts:
    """Read a release.

    Raises
    ------
    NotFound : it is not on this machine, or its files are damaged.
    """
    with _reading(folder, release_id) as path:
        told = json.loads((path / _MANIFEST).read_text("utf-8"))
        with np.load(path / _ARRAYS, allow_pickle=False) as stored:
            return _artifacts(release_id, dict(stored), _load_popular(path / _POPULAR), told)


def load_features(folder: Path, release_id: str) -> FeatureTable | None:
    """Read only what places new products; None where the release has no such thing.

    Raises
    ------
    NotFound : see `load_artifacts`.
    """
    with _reading(folder, release_id) as path, np.load(path / _ARRAYS, allow_pickle=False) as stored:
        return _features(stored)


@contextmanager
def _reading(folder: Path, release_id: str) -> Iterator[Path]:
    try:
        yield folder / release_id
    except FileNotFoundError as error:
        raise NotFound(f"the files of release {release_id} are not in {folder}; train again") from error
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise NotFound(f"the files of release {release_id} in {folder} are damaged ({error}); train again") from error


def stored_releases(folder: Path) -> list[str]:
    """Ids of the releases whose files are complete, sorted."""
    return sorted(path.parent.name for path in folder.glob(f"*/{_MANIFEST}") if path.parent.suffix != _UNFINISHED)


def remove_artifacts(folder: Path, release_id: str) -> None:
    """Remove the files of a release; missing ones are fine."""
    final, going = folder / release_id, folder / f"{release_id}{_UNFINISHED}"
    if final.exists():
        shutil.rmtree(going, ignore_errors=True)
        final.rename(going)
    shutil.rmtree(going, ignore_errors=True)


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes left; nobody may be training meanwhile."""
    for path in folder.glob(f"*{_UNFINISHED}"):
        shutil.rmtree(path, ignore_errors=True)


def _arrays(artifacts: Artifacts) -> dict[str, NDArray[Any]]:
    model, tail, rules = artifacts.model, artifacts.tail, artifacts.rules
    arrays: dict[str, NDArray[Any]] = {
        "products": model.products,
        "items": model.items,
        "fold": model.fold,
        "biased": np.array(model.biased),
        "users": artifacts.users,
        "user_vectors": artifacts.user_vectors,
        "tail_targets": tail.targets,
        "tail_products": tail.products,
    }
    matrices = {**model.weights, "tail_history": tail.history, "tail_seen": tail.seen}
    if artifacts.features is not None:
        arrays |= {
            "feature_tokens": artifacts.features.tokens,
            "feature_words": np.array(artifacts.features.name_words),
        }
    arrays |= {f"{name}_{part}": array for name, matrix in matrices.items() for part, array in _parts(matrix)}
    return arrays | {f"rules_{field}": getattr(rules, field) for field in RuleTable.__slots__}


def _artifacts(
    release_id: str, arrays: Mapping[str, Any], popular: PopularSnapshot | None, told: Mapping[str, Any]
) -> Artifacts:
    def matrix(name: str) -> Csr:
        return from_parts(*(arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr", "shape")))

    weights = {slot: matrix(slot) for slot in SLOTS}
    return Artifacts(
        release_id,
        Model(arrays["products"], arrays["items"], arrays["fold"], bool(arrays["biased"]), weights),
        arrays["users"],
        arrays["user_vectors"],
        RuleTable(**{field: arrays[f"rules_{field}"] for field in RuleTable.__slots__}),
        Tail(arrays["tail_targets"], arrays["tail_products"], matrix("tail_history"), matrix("tail_seen")),
        _features(arrays),
        popular,
        told["manifest"],
        told["metrics"],
    )


def _features(arrays: Mapping[str, Any]) -> FeatureTable | None:
    if "feature_tokens" not in arrays:
        return None
    return FeatureTable(arrays["feature_tokens"], bool(arrays["feature_words"]), arrays["products"])


def _load_popular(path: Path) -> PopularSnapshot | None:
    if not path.exists():
        return None
    stored = json.loads(path.read_text("utf-8"))
    return PopularSnapshot(datetime.fromisoformat(stored["made_at"]), stored["lists"])


def _parts(matrix: Csr) -> Iterator[tuple[str, NDArray[Any]]]:
    for part in ("data", "indices", "indptr"):
        yield part, getattr(matrix, part)
    yield "shape", np.array(matrix.shape, np.int64)


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as text:
        json.dump(data, text)
        _to_disk(text)


def _to_disk(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
