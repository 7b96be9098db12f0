"""BM25 of the query's words, those not wanted with negative weights; silent when it has no words that are wanted."""

from collections.abc import Sequence

import numpy as np

from service.core.types import Query, SparseVector
from service.signals.signal import Encoders, QueryLexicalEncoder, Signal


def _ask(query: Query, encoders: Encoders) -> SparseVector | None:
    if query.words:
        return _together(query.words, encoders.lexical)
    return encoders.lexical.encode_query(query.text) if query.text else None


def _together(words: Sequence[tuple[str, float]], lexical: QueryLexicalEncoder) -> SparseVector | None:
    """All texts as one query: a word that several want counts by its largest weight, less what others want it away."""
    found = [(lexical.encode_query(text), weight) for text, weight in words]
    asked = [(vector, weight) for vector, weight in found if vector is not None]
    if not any(weight > 0 for _, weight in asked):
        return None  # all that lacks what is not wanted is no answer
    if len(asked) == 1:
        return asked[0][0]
    indices, places = np.unique(np.concatenate([vector.indices for vector, _ in asked]), return_inverse=True)
    weighted = np.concatenate([vector.values * np.float32(weight) for vector, weight in asked])
    wanted, unwanted = np.zeros((2, len(indices)), np.float32)
    np.maximum.at(wanted, places, weighted)
    np.minimum.at(unwanted, places, weighted)
    return SparseVector(indices, wanted + unwanted)


LEXICAL = Signal("lexical", "products", "lexical", _ask)
