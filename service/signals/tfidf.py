"""Products with the words of the anchor's name and narrowest category, the rarer the better; silent without an anchor.

TF-IDF as BM25 has it: the index of word search weighs how often a product has a word, and Qdrant how rare the word is.
"""

from service.core.types import Product, Query, SparseVector, Vector
from service.signals.signal import Encoders, QueryLexicalEncoder, Signal


def own_words(product: Product, lexical: QueryLexicalEncoder) -> dict[str, SparseVector]:
    """The words a product is compared by, by the name of their slot; none where its name says nothing."""
    found = lexical.encode_query(" ".join((product.name, *product.category[-1:])))
    return {} if found is None else {"lexical": found}


def _ask(query: Query, _: Encoders) -> Vector | None:
    return None if query.anchor is None else query.anchor.vectors.get("lexical")


TFIDF = Signal("tfidf", "products", "lexical", _ask)
