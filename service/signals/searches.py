"""Nearest descriptions to what was searched for lately; silent for those who searched for nothing.

A search counts as soon as its vector is known: at once where it was searched for here, else a moment later, because a
feed does not wait for a model.
"""

import numpy as np

from service.core.types import Floats, Query
from service.signals.signal import Encoders, Signal


def _ask(query: Query, encoders: Encoders) -> Floats | None:
    if query.anchor is not None or query.past is None or not query.past.searches:
        return None
    known = [encoders.text.known_query(words) for words in query.past.searches]
    found = [vector for vector in known if vector is not None]
    if not found:
        return None
    vectors = np.stack(found)
    weights = 0.5 ** (np.arange(len(vectors)) / query.past.half_lives["searches"])
    mean = weights @ vectors
    return np.asarray(mean / (np.linalg.norm(mean) or 1.0), dtype=np.float32)


SEARCHES = Signal("searches", "products", "text", _ask)
