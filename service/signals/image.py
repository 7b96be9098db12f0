"""Nearest pictures to the anchor's picture, to the query's words or to the mean of recent pictures.

CLIP (Radford et al. 2021, arXiv:2103.00020). Silent without an image encoder, when there is no picture, or when its
model knows none of the words. Words beside an anchor draw its picture towards them.
"""

from service.core.types import Query, SparseVector, Vector
from service.encode.mixed import beside, of_words
from service.signals.signal import Encoders, Signal, is_wanting, picture_words


def _ask(query: Query, encoders: Encoders) -> Vector | None:
    if query.anchor is not None:
        own = query.anchor.vectors.get("image")
        words = picture_words(query, encoders)
        if not words or own is None or encoders.image is None or isinstance(own, SparseVector):
            return own
        return beside(own, of_words(words, encoders.image.encode_query), encoders.words_share)
    if query.past is not None and not query.text:
        return query.past.profile.get("image")
    words = picture_words(query, encoders)
    if encoders.image is None or not is_wanting(words):
        return None
    return of_words(words, encoders.image.encode_query)


IMAGE = Signal("image", "products", "image", _ask)
