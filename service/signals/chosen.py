"""What others took after they had searched for the same; silent where too few did."""

from service.core.types import Query
from service.signals.signal import Encoders, Signal
from service.store.vectors import Hits


def _ask(query: Query, _: Encoders) -> Hits | None:
    return Hits(*query.chosen) if query.chosen is not None and len(query.chosen[0]) else None


CHOSEN = Signal("chosen", "products", "chosen", _ask)
