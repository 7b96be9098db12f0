"""Products that go with those of the past: sparse item-item weights times the decayed history.

A click counts in the very next request. Silent without a release or a history.
"""

from service.core.types import Query, SparseVector
from service.signals.signal import Encoders, Signal, history_query


def _ask(query: Query, _: Encoders) -> SparseVector | None:
    return history_query(query, "covisit")


COVISIT = Signal("covisit", "behaviour", "covisit", _ask)
