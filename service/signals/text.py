"""Nearest descriptions to the anchor or the query; silent when there is neither."""

from service.core.types import Query, Vector
from service.signals.signal import Encoders, Signal
from service.store.spaces import PRODUCTS


def _vector(query: Query, encoders: Encoders) -> Vector | None:
    if query.anchor is not None:
        return query.anchor.vectors.get("text")
    return encoders.text.encode_query(query.text) if query.text else None


TEXT = Signal("text", PRODUCTS, "text", _vector)
