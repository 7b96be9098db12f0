"""What came next: sparse directed transitions from the last few products. Silent without a release or a history."""

from service.core.types import Query, SparseVector
from service.signals.signal import Encoders, Signal, history_query

NEWEST = 10  # transitions from longer ago say little; the window of training is no longer


def _ask(query: Query, _: Encoders) -> SparseVector | None:
    return history_query(query, NEWEST)


SEQUENCE = Signal("sequence", "behaviour", "sequence", _ask)
