"""What came next: sparse directed transitions from the last few products. Silent without a release or a history."""

from service.core.types import Query, SparseVector
from service.signals.signal import Encoders, Signal, history_query


def _ask(query: Query, _: Encoders) -> SparseVector | None:
    return history_query(query, "sequence")


SEQUENCE = Signal("sequence", "behaviour", "sequence", _ask)
