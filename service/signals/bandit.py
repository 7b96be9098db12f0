"""What is worth a try: a click rate drawn for each product from what was shown and clicked (Thompson sampling).

Whoever asks gets the same draw until the lists are counted anew (`[popular]`), so pages stay as they are, while
different visitors try different products. Given the draw nothing is left to chance: the share it adds to a score is
logged with the slate, and a slot's propensity is the probability given these scores. Silent before the first count.
"""

import numpy as np

from service.core.types import Query
from service.signals.signal import Encoders, Open, Signal
from service.store.vectors import Hits


def _ask(query: Query, _: Encoders) -> Open | None:
    arms = query.arms
    if arms is None or not len(arms.ids):
        return None
    rates = arms.draws(arms.ids)
    order = np.argsort(-rates, kind="stable")
    return Open(Hits(arms.ids[order], rates[order]), arms.draws)


BANDIT = Signal("bandit", "products", "bandit", _ask)
