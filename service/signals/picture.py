"""Nearest pictures to a shopper's own picture; silent without one, and without an image encoder."""

from service.core.types import Floats, Query
from service.signals.signal import Encoders, Signal


def _ask(query: Query, encoders: Encoders) -> Floats | None:
    return query.picture if encoders.image is not None else None


PICTURE = Signal("picture", "products", "image", _ask)
