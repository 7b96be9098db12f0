"""Nearest descriptions to the anchor, the query or the mean of recent products; silent when there is none.

Words beside an anchor draw it towards them.
"""

from service.core.types import Query, SparseVector, Vector
from service.encode.mixed import beside, of_words
from service.signals.signal import Encoders, Signal, is_wanting, terms_of


def _ask(query: Query, encoders: Encoders) -> Vector | None:
    terms = terms_of(query)
    if query.anchor is not None:
        own = query.anchor.vectors.get("text")
        if not terms or own is None or isinstance(own, SparseVector):
            return own
        return beside(own, of_words(terms, encoders.text.encode_query), encoders.words_share)
    if query.past is not None and not query.text:
        return query.past.profile.get("text")
    return of_words(terms, encoders.text.encode_query) if is_wanting(terms) else None


TEXT = Signal("text", "products", "text", _ask)
