"""Nearest pictures to the anchor's picture, to the query's words or to the mean of recent pictures.

CLIP (Radford et al. 2021, arXiv:2103.00020). Silent without an image encoder, when there is no picture, or when its
model knows none of the words.
"""

from service.core.types import Query, Vector
from service.signals.signal import Encoders, Signal


def _ask(query: Query, encoders: Encoders) -> Vector | None:
    if query.anchor is not None:
        return query.anchor.vectors.get("image")
    if query.past is not None and not query.text:
        return query.past.profile.get("image")
    if not query.text or encoders.image is None or not encoders.image.coverage(query.text):
        return None
    return encoders.image.encode_query(query.text)


IMAGE = Signal("image", "products", "image", _ask)
