"""Products with the words of a name and its narrowest category, the rarer the better: the anchor's, or those liked.

Silent for words of a search, and for those of whom no liked product and no category is known.

TF-IDF as BM25 has it: the index of word search weighs how often a product has a word, and Qdrant how rare the word is.
"""

from service.core.types import Product, Query, SparseVector, Vector
from service.signals.signal import Encoders, QueryLexicalEncoder, Signal


def own_words(product: Product, lexical: QueryLexicalEncoder) -> dict[str, SparseVector]:
    """The words a product is compared by, by the name of their slot; none where its name says nothing."""
    found = lexical.encode_query(" ".join((product.name, *product.category[-1:])))
    return {} if found is None else {"lexical": found}


def _ask(query: Query, _: Encoders) -> Vector | None:
    if query.anchor is not None:
        return query.anchor.vectors.get("lexical")
    return None if query.text else query.liked_words


TFIDF = Signal("tfidf", "products", "lexical", _ask)
