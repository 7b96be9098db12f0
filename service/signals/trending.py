"""What is popular now: time-decayed events, in the user's categories if known; silent before the first are counted."""

from service.core.types import Query
from service.signals.signal import Encoders, Signal
from service.store.vectors import Hits


def _ask(query: Query, _: Encoders) -> Hits | None:
    return Hits(*query.trending) if query.trending is not None and len(query.trending[0]) else None


TRENDING = Signal("trending", "products", "trending", _ask)
