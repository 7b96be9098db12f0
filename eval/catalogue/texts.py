"""Texts that the encoders do not read to their end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from service.core.types import Ids, Product
from service.encode.document import product_text

_WHOLE = 10**9
_BATCH = 1000


class PieceCounter(Protocol):
    """A text encoder, as far as its reading goes."""

    max_pieces: int | None

    def count_pieces(self, texts: Sequence[str]) -> Ids:
        """Word pieces of each text, int64[P]."""


@dataclass(frozen=True, slots=True)
class Texts:
    """How much of the products' texts is read.

    Attributes
    ----------
    products : looked at. max_chars, max_pieces : the two limits; None where the model has none.
    cut_by_chars, cut_by_pieces : products whose text goes on after the limit; the second after the first has cut.
    unread : share of all word pieces that the model leaves out, 0-1.
    """

    products: int
    max_chars: int
    cut_by_chars: int
    max_pieces: int | None
    cut_by_pieces: int
    unread: float
    longest: tuple[str, ...]


def truncated(
    products: Sequence[Product],
    encoder: PieceCounter,
    max_chars: int,
    *,
    examples: int = 10,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Texts:
    """Count the texts that are cut, and name those that lose most."""
    by_chars = sum(len(product_text(product, _WHOLE)) > max_chars for product in products)
    if encoder.max_pieces is None or not products:
        return Texts(len(products), max_chars, by_chars, encoder.max_pieces, 0, 0.0, ())
    counted = []
    for start in range(0, len(products), _BATCH):
        some = products[start : start + _BATCH]
        counted.append(encoder.count_pieces([product_text(product, max_chars) for product in some]))
        on_progress(len(some))
    counts = np.concatenate(counted)
    over = np.maximum(counts - encoder.max_pieces, 0)
    worst = [places for places in np.argsort(-over, kind="stable")[:examples] if over[places]]
    return Texts(
        len(products), max_chars, by_chars, encoder.max_pieces, int((over > 0).sum()),
        float(over.sum() / counts.sum()), tuple(products[place].external_id for place in worst),
    )  # fmt: skip
