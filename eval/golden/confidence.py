"""How sure a search can be of its answers: whether any product has the words, and how near the nearest meaning is."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.core.filters import Match, all_of
from service.core.types import SparseVector
from service.store.spaces import PRODUCTS
from service.store.vectors import VectorQuery, VectorStore

if TYPE_CHECKING:
    from indexer.embed import ProductEncoders

WORDS = 0.5
COSINE = 0.45  # of all-MiniLM-L6-v2 on Amazon India: real queries .46 to .77, nonsense .20 to .44
_LOOKED_AT = 10
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Confidence:
    """What speaks for a query's answers.

    Attributes
    ----------
    words : share of the query's words that the best of its ten best word hits has, 0-1; 0 where it has none.
    cosine : of the query and the nearest product text, -1 to 1.
    """

    words: float
    cosine: float

    def is_low(self, cosine: float = COSINE) -> bool:
        """Whether no product has more than half of the words, nor a text nearer than `cosine`.

        Examples
        --------
        >>> Confidence(words=0.5, cosine=0.3).is_low(), Confidence(words=1.0, cosine=0.3).is_low()
        (True, False)
        """
        return self.words <= WORDS and self.cosine < cosine


def rule(cosine: float) -> str:
    """The rule in words."""
    return f"no product has more than {WORDS:.0%} of the query's words, and none a text cosine of {cosine:g} or more"


def confidence(store: VectorStore, encoders: "ProductEncoders", tenant: str, query: str) -> Confidence:
    """Look at the two legs of a query, among the products that may be shown."""
    shown = all_of(Match("tenant", (tenant,)), Match("visible", (True,)), Match("in_stock", (True,)))
    lexical = encoders.lexical.encode_query(query)
    asked = [VectorQuery("text", encoders.text.encode_query(query), 1, shown)]
    if lexical is not None:
        asked.append(VectorQuery("lexical", lexical, _LOOKED_AT, shown))
    text, *words = store.search(PRODUCTS, asked)
    known = _words_held(store, encoders, query, words[0].ids.tolist()) if words else 0.0
    return Confidence(known, float(text.scores[0]) if len(text.scores) else 0.0)


def _words_held(store: VectorStore, encoders: "ProductEncoders", query: str, ids: list[int]) -> float:
    single = [encoders.lexical.encode_query(word) for word in _WORD.findall(query)]
    wanted = np.unique(np.concatenate([np.empty(0, np.uint32), *(v.indices for v in single if v is not None)]))
    records = store.retrieve(PRODUCTS, ids, vectors=("lexical",)).values()
    vectors = [record.vectors["lexical"] for record in records if "lexical" in record.vectors]
    shares = [np.isin(wanted, v.indices).mean() for v in vectors if isinstance(v, SparseVector) and len(wanted)]
    return float(max(shares, default=0.0))
