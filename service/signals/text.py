"""Nearest descriptions to the anchor, the query or the mean of recent products; silent when there is none."""

from service.core.types import Query, Vector
from service.signals.signal import Encoders, Signal


def _ask(query: Query, encoders: Encoders) -> Vector | None:
    if query.anchor is not None:
        return query.anchor.vectors.get("text")
    if query.past is not None and not query.text:
        return query.past.profile.get("text")
    return encoders.text.encode_query(query.text) if query.text else None


TEXT = Signal("text", "products", "text", _ask)
