"""Products nearest to the user's vector, or to the anchor's, in the space of the factoriser (LightFM by default).

Silent without a release, and for users and anchors that have no vector in it.
"""

from service.core.types import Query, Vector
from service.signals.signal import Encoders, Signal


def _ask(query: Query, _: Encoders) -> Vector | None:
    if query.anchor is not None:
        return query.anchor.vectors.get("cf")
    return query.past.user if query.past is not None else None


CF = Signal("cf", "behaviour", "cf", _ask)
