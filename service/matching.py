"""Which products match a query: a set to count, sort and page through; ranking itself knows only nearer and farther.

Every product is more or less near to any query, so a line is drawn: a product matches if one of the signals of the
query's own words scores it at least a stated share of that signal's best score in the whole shop, and by meaning not
below ``[search] floor``: nonsense matches nothing. The filter has no part in that line. What passes a narrower filter
is so always a part of what passes a wider one, and counts fit together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from config.params import Retrieval
from config.search import Search
from service.core.filters import Filter, all_of
from service.retrieve import Questions
from service.signals import SIGNALS
from service.store.spaces import PRODUCTS
from service.store.vectors import Hits, VectorQuery, VectorStore


@dataclass(frozen=True, slots=True)
class Matched:
    """The products found, each with how near it comes to the best (up to 1) and the signal that says so.

    Attributes
    ----------
    is_complete : no signal could have found more.
    """

    products: Mapping[int, tuple[float, str]]
    is_complete: bool

    @property
    def ids(self) -> frozenset[int]:
        """Their internal ids."""
        return frozenset(self.products)

    def only(self, ids: Iterable[int]) -> "Matched":
        """These of them."""
        return Matched({product: self.products[product] for product in ids}, self.is_complete)


class Matching:
    """The products of one query under any filter.

    Parameters
    ----------
    questions : what each signal looks for. everywhere : what every product must meet, the filter of the request aside.
    retrieval, params : as configured. named : internal ids of products that the query names outright.
    """

    def __init__(
        self, store: VectorStore, questions: Questions, everywhere: Filter | None, retrieval: Retrieval, params: Search,
        named: Iterable[int] = (),
    ) -> None:  # fmt: skip
        self._store = store
        self._most = {str(name): most for name, most in params.match_most.items()}
        vectors, shares = questions.vectors, {str(name): share for name, share in params.match_shares.items()}
        self._vectors = {name: vectors[name][1] for name in shares if name in vectors}
        self._everywhere = everywhere
        self._ef = retrieval.ef
        self._named = tuple(named)
        self.degraded = {name: why for name, why in questions.degraded.items() if name in shares}
        found = self._ask(None)
        self._best = {name: float(hits.scores[0]) for name, hits in found.items() if len(hits.ids)}
        self._lines = {name: shares[name] * self._best[name] for name in shares if name in self._best}
        if "text" in self._lines:
            self._lines["text"] = max(self._lines["text"], params.floor)
            if self._best["text"] < params.floor and "lexical" not in self._lines:
                self._lines.pop("image", None)  # pictures have neighbours for nonsense too, at no lesser score
        self._all = self._matched(found)

    def within(self, wanted: Filter | None) -> Matched:
        """At least those products that match under a filter; the filter must be applied to them still."""
        if self._all.is_complete or wanted is None:
            return self._all
        return self._matched(self._ask(wanted))

    def _ask(self, wanted: Filter | None) -> dict[str, Hits]:
        if not self._vectors:
            return {}
        indexed = all_of(self._everywhere, wanted)
        queries = [
            VectorQuery(SIGNALS[name].slot, vector, self._most[name], indexed, ef=self._ef)
            for name, vector in self._vectors.items()
        ]
        return dict(zip(self._vectors, self._store.search(PRODUCTS, queries), strict=True))

    def _matched(self, found: Mapping[str, Hits]) -> Matched:
        products = dict.fromkeys(self._named, (1.0, "lexical"))
        is_complete = not self.degraded
        for name, hits in found.items():
            line = self._lines.get(name, 0.0)
            if line <= 0:
                continue
            passed = int(np.count_nonzero(hits.scores >= line))
            is_complete = is_complete and passed < self._most[name]
            for product, score in zip(hits.ids[:passed].tolist(), hits.scores[:passed].tolist(), strict=True):
                nearness = score / self._best[name]
                if nearness > products.get(product, (0.0, ""))[0]:
                    products[product] = (nearness, name)
        return Matched(products, is_complete)
