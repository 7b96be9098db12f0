"""Much off and well rated, for newcomers; silent for whoever has a past, and before the first lists are counted."""

from service.core.types import Query
from service.signals.signal import Encoders, Signal
from service.store.vectors import Hits


def _ask(query: Query, _: Encoders) -> Hits | None:
    if query.past is not None or query.best_value is None or not len(query.best_value[0]):
        return None
    return Hits(*query.best_value)


BEST_VALUE = Signal("best_value", "products", "best_value", _ask)
