"""BM25 of the query's words; silent without query text, or when it holds nothing but stop words."""

from collections.abc import Sequence

import numpy as np

from service.core.types import Query, SparseVector
from service.signals.signal import Encoders, QueryLexicalEncoder, Signal


def _ask(query: Query, encoders: Encoders) -> SparseVector | None:
    if query.words:
        return _together(query.words, encoders.lexical)
    return encoders.lexical.encode_query(query.text) if query.text else None


def _together(words: Sequence[tuple[str, float]], lexical: QueryLexicalEncoder) -> SparseVector | None:
    """All texts as one query: a word that several have counts by its largest weight."""
    found = [(lexical.encode_query(text), weight) for text, weight in words]
    asked = [(vector, weight) for vector, weight in found if vector is not None]
    if len(asked) < 2:
        return asked[0][0] if asked else None
    indices, places = np.unique(np.concatenate([vector.indices for vector, _ in asked]), return_inverse=True)
    values = np.zeros(len(indices), np.float32)
    np.maximum.at(values, places, np.concatenate([vector.values * np.float32(weight) for vector, weight in asked]))
    return SparseVector(indices, values)


LEXICAL = Signal("lexical", "products", "lexical", _ask)
