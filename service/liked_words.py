"""The words of what somebody likes, for the signal that compares names and categories."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from service.context import Services
from service.core.fields import CATEGORY_SEPARATOR
from service.core.types import Past, SparseVector
from service.signals.tfidf import own_words
from service.store.catalog import get_products


def liked_words(services: Services, past: Past | None, categories: tuple[str, ...]) -> SparseVector | None:
    """Names and narrowest categories of the liked products, each a unit vector of its words, in sum by their weights.

    Rocchio 1971, Relevance feedback in information retrieval, without the disliked. Categories that are looked at now
    count together as much as the most liked product. None where there are no words.
    """
    words: dict[int, float] = defaultdict(float)
    most = 1.0
    if past is not None:
        liked = np.flatnonzero(past.opinions > 0)[: services.params.history.profile_products]
        weights = past.weights("tfidf")
        most = float(weights[liked].max(initial=0.0)) or 1.0
        with services.database.session() as session:
            stored = get_products(session, past.products[liked].tolist())
        for place in liked.tolist():
            if (known := stored.get(int(past.products[place]))) is not None:
                _add(words, own_words(known.product, services.encoders.lexical).values(), float(weights[place]))
    names = [path.rsplit(CATEGORY_SEPARATOR, 1)[-1] for path in categories]
    said = [found for name in names if (found := services.encoders.lexical.encode_query(name)) is not None]
    _add(words, said, most / max(1, len(said)))
    if not words:
        return None
    indices = np.array(sorted(words), np.uint32)
    return SparseVector(indices, np.array([words[index] for index in indices.tolist()], np.float32))


def _add(words: dict[int, float], vectors: Iterable[SparseVector], weight: float) -> None:
    for vector in vectors:
        share = weight / float(np.linalg.norm(vector.values))
        for index, value in zip(vector.indices.tolist(), vector.values.tolist(), strict=True):
            words[index] += share * value
