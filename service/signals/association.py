"""Often bought with: FP-Growth rules of the anchor or of what is wanted, by lift. Silent without a rule to look for."""

import numpy as np

from service.core.types import Query, SparseVector
from service.signals.signal import Encoders, Signal

NEWEST = 20  # products of a cart or of recent orders


def _ask(query: Query, _: Encoders) -> SparseVector | None:
    if query.anchor is not None:
        products = np.array([query.anchor.product_id])
    elif query.past is not None and len(query.past.wanted):
        products = query.past.wanted[:NEWEST]
    else:
        return None
    return SparseVector(products.astype(np.uint32), np.ones(len(products), np.float32))


ASSOCIATION = Signal("association", "behaviour", "association", _ask)
