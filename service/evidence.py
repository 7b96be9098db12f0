"""Gather why each product of a slate is there; only where it is asked for, because it costs about as much again."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from config.surface import Surface
from service.candidates import Candidates
from service.context import Request, Services
from service.core.behaviour import EVENT_TYPES, History
from service.core.evidence import Evidence, Said
from service.core.types import EventType, Ids, SparseVector
from service.hydrate import Hydrated
from service.ranking.evidence import confidence, loudest, said_of
from service.ranking.fuse import ScoredList
from service.ranking.normalize import NORMALIZERS
from service.signals.tfidf import own_words
from service.store.catalog import get_products
from service.store.spaces import PRODUCTS
from service.variety import Diversified

_ITEM_ITEM = ("covisit", "sequence", "association")
_NEAR = ("text", "image", "cf")
_BY_WORDS = ("tfidf",)
# of several things done with a product the one that says most
_TELLING = (
    EventType.PURCHASE, EventType.CART, EventType.WISHLIST, EventType.RATING, EventType.CLICK, EventType.VIEW,
)  # fmt: skip


def gather_evidence(
    services: Services, request: Request, known: Hydrated, candidates: Candidates, surface: Surface,
    drawn: Diversified,
) -> dict[int, Evidence]:  # fmt: skip
    """The evidence for each product of the slate."""
    shown = drawn.fused.ids[: len(drawn.propensities)]
    said = _said(candidates, surface, shown)
    asked = {name: surface.weights.get(name, 0.0) for name in candidates.retrieved.lists}
    places = {product: place for place, product in enumerate(candidates.fused.ids.tolist(), 1)}
    reasons = _Reasons(services, request, known)
    found = {}
    for slot, product in enumerate(shown.tolist()):
        source = max(said[product], key=lambda name: said[product][name].contribution, default=None)
        because = reasons.because(product, source)
        row = candidates.rows.get(product)
        found[product] = Evidence(
            said[product],
            places.get(product),
            confidence(said[product], asked, drawn.guests[slot]),
            because,
            _did(known.history, because),
            row.category_path if row is not None and source == "trending" and known.level == "category" else None,
            reasons.query(product, source),
        )
    return found


def _said(candidates: Candidates, surface: Surface, shown: Ids) -> dict[int, dict[str, Said]]:
    lists = {
        name: ScoredList(hits.ids, hits.scores.astype(np.float64)) for name, hits in candidates.retrieved.lists.items()
    }
    normalize = NORMALIZERS[surface.normalize]
    normalised = {name: normalize(scored.scores) for name, scored in lists.items()}
    return said_of(shown, lists, normalised, surface.weights, surface.rrf_k if surface.fuse == "rrf" else None)


class _Reasons:
    """What of the past speaks loudest for a product; looks up each product's vectors once per signal."""

    def __init__(self, services: Services, request: Request, known: Hydrated) -> None:
        self._services = services
        self._request = request
        self._known = known
        self._words: dict[int, SparseVector | None] = {}

    def because(self, product: int, source: str | None) -> int | None:
        """Internal id of the product that led to this one; None where none did."""
        query = self._known.query
        if source is None or source not in (*_ITEM_ITEM, *_NEAR, *_BY_WORDS):
            return None
        if query.anchor is not None:
            return query.anchor.product_id
        if query.past is None or query.text or not len(query.past.products):
            return None
        look = self._item_item if source in _ITEM_ITEM else self._near if source in _NEAR else self._by_words
        parts = look(product, source)
        # a product of the past may come up again, but not because of itself
        place = loudest(np.where(query.past.products == product, 0.0, parts) if len(parts) else parts)
        return None if place is None else int(query.past.products[place])

    def query(self, product: int, source: str | None) -> str | None:
        """The words that led to this product; None where none did."""
        past = self._known.query.past
        if source == "searches" and past is not None and past.searches:
            words = np.stack([self._services.encoders.text.encode_query(search) for search in past.searches])
            vectors, _ = self._services.vectors.vectors(PRODUCTS, "text", np.array([product]))
            return past.searches[int((words @ vectors[0]).argmax())] if len(vectors) else past.searches[0]
        return self._request.text if source in ("lexical", "text", "image", "chosen", "cross_encoder") else None

    def _item_item(self, product: int, slot: str) -> NDArray[np.float64]:
        """Weight x opinion of each product of the past, float64[H]."""
        past, behaviour = self._known.query.past, self._known.query.behaviour
        if past is None or behaviour is None:
            return np.empty(0)
        record = self._services.store.retrieve(behaviour, [product], vectors=(slot,)).get(product)
        stored = record.vectors.get(slot) if record else None
        if not isinstance(stored, SparseVector):
            return np.empty(0)
        weight = dict(zip(stored.indices.tolist(), stored.values.tolist(), strict=True))
        opinions = past.weights(slot) if slot in past.half_lives else np.ones(len(past.products))
        return np.asarray(opinions * np.array([weight.get(one, 0.0) for one in past.products.tolist()]))

    def _near(self, product: int, slot: str) -> NDArray[np.float64]:
        """Likeness x opinion of each product of the past, float64[H]."""
        past, behaviour = self._known.query.past, self._known.query.behaviour
        collection = behaviour if slot == "cf" else PRODUCTS
        if past is None or collection is None:
            return np.empty(0)
        own, _ = self._services.vectors.vectors(collection, slot, np.array([product]))
        vectors, places = self._services.vectors.vectors(collection, slot, past.products)
        parts = np.zeros(len(past.products))
        if len(own):
            parts[places] = past.weights(slot)[places] * (vectors @ own[0])
        return parts

    def _by_words(self, product: int, signal: str) -> NDArray[np.float64]:
        """Share of common words x opinion of each product of the past, float64[H]."""
        past = self._known.query.past
        if past is None:
            return np.empty(0)
        names = self._names(past.products.tolist())
        own = self._names([product])
        shares = [_shared(own.get(product), names.get(one)) for one in past.products.tolist()]
        return np.asarray(past.weights(signal) * np.array(shares))

    def _names(self, products: Sequence[int]) -> Mapping[int, SparseVector]:
        """Words of the names of these products; each is looked up once."""
        if missing := [one for one in products if one not in self._words]:
            with self._services.database.session() as session:
                known = get_products(session, missing)
            lexical = self._services.encoders.lexical
            self._words |= {one: own_words(stored.product, lexical).get("lexical") for one, stored in known.items()}
        return {one: words for one in products if (words := self._words.get(one)) is not None}


def _shared(one: SparseVector | None, other: SparseVector | None) -> float:
    """Share of the words of two names that both have (Ochiai 1957), 0 to 1."""
    if one is None or other is None:
        return 0.0
    common = len(np.intersect1d(one.indices, other.indices))
    return float(common / np.sqrt(len(one.indices) * len(other.indices)))


def _did(history: History, product: int | None) -> str | None:
    """What the user did with a product, the most telling of it."""
    if product is None:
        return None
    done = {EVENT_TYPES[code] for code in history.types[history.products == product].tolist()}
    return next((str(kind) for kind in _TELLING if kind in done), None)
