"""Text-to-image retrieval: do words find the pictures they describe?

recall@k = |top k ∩ relevant| / min(k, |relevant|), averaged over the queries that have a relevant picture.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from service.core.types import Floats

Relevance = NDArray[np.bool_]


class Encoder(Protocol):
    """What is measured: anything that puts pictures and texts in one space."""

    def encode_images(self, pictures: Sequence[Image.Image]) -> Floats:
        """Unit vectors float32[P, D]."""

    def encode_texts(self, texts: Sequence[str]) -> Floats:
        """Unit vectors float32[Q, D]."""


def text_to_image_recall(
    encoder: Encoder, pictures: Iterable[Image.Image], queries: Sequence[str], relevant: Relevance, k: int = 10
) -> float:
    """recall@k of the pictures nearest to each query among all pictures.

    Parameters
    ----------
    pictures : P pictures; read once, in batches.
    queries : Q texts.
    relevant : bool[Q, P].
    """
    return recall_at_k(encoder.encode_texts(queries) @ gallery_vectors(encoder, pictures).T, relevant, k)


def recall_at_k(scores: Floats, relevant: Relevance, k: int = 10) -> float:
    """recall@k of rankings given as scores, larger is better; equal scores rank in gallery order.

    Parameters
    ----------
    scores : float32[Q, P]. relevant : bool[Q, P]; queries without a relevant picture are left out.

    Returns
    -------
    0 to 1; NaN if no query has a relevant picture.

    Examples
    --------
    >>> scores = np.array([[0.9, 0.5, 0.1], [0.1, 0.2, 0.3]], dtype=np.float32)
    >>> wanted = np.array([[True, False, True], [False, False, True]])
    >>> recall_at_k(scores, wanted, k=1), recall_at_k(scores, wanted, k=2)
    (1.0, 0.75)
    """
    asked = relevant.any(axis=1)
    if not asked.any():
        return float("nan")
    top = np.argsort(-scores[asked], axis=1, kind="stable")[:, :k]
    found = np.take_along_axis(relevant[asked], top, axis=1).sum(axis=1)
    return float(np.mean(found / np.minimum(k, relevant[asked].sum(axis=1))))


def chance_recall(relevant: Relevance, k: int = 10) -> float:
    """The expected recall@k of a random order.

    Examples
    --------
    >>> chance_recall(np.eye(200, dtype=bool))  # 10 of 200 places
    0.05
    """
    wanted = relevant.sum(axis=1)
    wanted = wanted[wanted > 0]
    depth = min(k, relevant.shape[1])
    return float(np.mean(depth * wanted / relevant.shape[1] / np.minimum(k, wanted))) if len(wanted) else float("nan")


def gallery_vectors(encoder: Encoder, pictures: Iterable[Image.Image], batch: int = 128) -> Floats:
    """Vectors of a stream of pictures, float32[P, D]; holds one batch of pictures at a time."""
    parts, waiting = [], []
    for picture in pictures:
        waiting.append(picture)
        if len(waiting) == batch:
            parts.append(encoder.encode_images(waiting))
            waiting = []
    if waiting or not parts:
        parts.append(encoder.encode_images(waiting))
    return np.concatenate(parts)


def same(queried: Sequence[Any], shown: Sequence[Any]) -> Relevance:
    """Which shown things equal which queried things, bool[Q, P].

    Examples
    --------
    >>> same(["a", "b"], ["b", "a", "b"]).astype(int).tolist()
    [[0, 1, 0], [1, 0, 1]]
    """
    numbers: dict[Any, int] = {}
    rows, columns = ([numbers.setdefault(thing, len(numbers)) for thing in side] for side in (queried, shown))
    return np.equal(np.array(rows, dtype=np.int64)[:, None], np.array(columns, dtype=np.int64)[None, :], dtype=np.bool_)


def figures(recall: float, relevant: Relevance, k: int = 10) -> dict[str, float]:
    """One measured figure beside chance and the sizes it depends on."""
    return {
        f"recall@{k}": round(recall, 4),
        "chance": round(chance_recall(relevant, k), 4),
        "queries": int(relevant.any(axis=1).sum()),
        "pictures": relevant.shape[1],
    }
