"""Words to sparse BM25 vectors, by the tokenizer and stemmer of Qdrant's own BM25 model.

Document weights carry term frequency and length; Qdrant multiplies query weights by inverse document frequency.
Besides each word, every two neighbours count as one more word, joined: "t shirt" so finds "tshirt", and words in the
same order count for more than the same words scattered.
"""

import re
import unicodedata
from itertools import pairwise

import numpy as np

from service.core.types import SparseVector

_WORD = re.compile(r"\w+")


class LexicalEncoder:
    """BM25 term weights (Robertson & Zaragoza 2009); the IDF half is the collection's `idf` modifier.

    Parameters
    ----------
    k1, b, average_length : see ``[encoders.bm25]`` in recommender.toml.

    Examples
    --------
    >>> encoder = LexicalEncoder(k1=1.2, b=0.75, average_length=20)
    >>> mug, mugs = encoder.encode_query("red mug"), encoder.encode_query("Red MUGS")
    >>> bool((mug.indices == mugs.indices).all())
    True
    """

    def __init__(self, k1: float, b: float, average_length: float) -> None:
        from qdrant_edge import Bm25, Bm25Config

        self.name = f"bm25-pairs-{k1:g}-{b:g}-{average_length:g}"
        self._bm25 = Bm25(Bm25Config(k=k1, b=b, avg_len=average_length, language="english", ascii_folding=True))

    def encode(self, text: str) -> SparseVector:
        """A product's words with their BM25 document weights."""
        return _sparse(self._bm25.embed_document(words_and_pairs(text)))

    def encode_query(self, text: str) -> SparseVector | None:
        """A query's distinct words, each with weight 1; None if nothing but stop words and signs is left."""
        if not self._bm25.embed_query(_plain(text)).indices:
            return None  # two joined stop words are none any more, but say as little
        return _sparse(self._bm25.embed_query(words_and_pairs(text)))


def words_and_pairs(text: str) -> str:
    """The words of a text, then its neighbouring words joined.

    Measured on Amazon-Google product search: hit@1 of BM25 alone rises from .759 to .785 (README, figures).

    Examples
    --------
    >>> words_and_pairs("Red T-Shirt, 8GB")
    'red t shirt 8gb redt tshirt shirt8gb'
    """
    words = _WORD.findall(_plain(text))
    return " ".join([*words, *map("".join, pairwise(words))])


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _sparse(vector: object) -> SparseVector:
    indices = np.asarray(vector.indices, dtype=np.uint32)  # type: ignore[attr-defined]
    return SparseVector(indices, np.asarray(vector.values, dtype=np.float32))  # type: ignore[attr-defined]
