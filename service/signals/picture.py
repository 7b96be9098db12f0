"""Nearest pictures to a shopper's own picture; silent without one, and without an image encoder.

Words beside it ("this, but in blue") draw it towards them, as far as the model knows them.
"""

from service.core.types import Floats, Query
from service.encode.mixed import beside, of_words
from service.signals.signal import Encoders, Signal, picture_words


def _ask(query: Query, encoders: Encoders) -> Floats | None:
    if query.picture is None or encoders.image is None:
        return None
    words = picture_words(query, encoders)
    if not words:
        return query.picture
    return beside(query.picture, of_words(words, encoders.image.encode_query), encoders.words_share)


PICTURE = Signal("picture", "products", "image", _ask)
