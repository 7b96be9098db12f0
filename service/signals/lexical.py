"""BM25 of the query's words; silent without query text, or when it holds nothing but stop words."""

from service.core.types import Query, SparseVector
from service.signals.signal import Encoders, Signal


def _ask(query: Query, encoders: Encoders) -> SparseVector | None:
    return encoders.lexical.encode_query(query.text) if query.text else None


LEXICAL = Signal("lexical", "products", "lexical", _ask)
