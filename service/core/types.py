"""The words of the service as frozen dataclasses; scores point up everywhere.

Shape letters: P products, C candidates, D dimensions, S signals, N slots.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.core.draw import Draw
from service.core.evidence import Evidence
from service.core.rules import RuleAct
from service.core.understood import Understood

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]

Scalar = str | int | float | bool
AttributeValue = Scalar | tuple[str, ...]

DEFAULT_TENANT = "default"


@dataclass(frozen=True, slots=True)
class Product:
    """What is recommended, as the merchant describes it.

    Parameters
    ----------
    external_id : the merchant's id, 1-128 characters, unique per tenant.
    category : path from broad to narrow, ``("Home", "Kitchen", "Mugs")``.
    price_minor, original_price_minor : integer minor units of `currency` (cents, paise), >= 0, or None if unknown.
    rating : 0 to 5, or None. review_count : >= 0.
    image : file path, ``data:`` or http(s) URL.
    stock : pieces left; None means stock is not tracked and the product counts as available.
    """

    external_id: str
    name: str
    description: str = ""
    brand: str | None = None
    category: tuple[str, ...] = ()
    price_minor: int | None = None
    original_price_minor: int | None = None
    currency: str | None = None
    rating: float | None = None
    review_count: int = 0
    image: str | None = None
    link: str | None = None
    stock: int | None = None
    visible: bool = True
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    tenant: str = DEFAULT_TENANT
    created_at: datetime | None = None


class EventType(StrEnum):
    """What a user can do."""

    VIEW = "view"
    CLICK = "click"
    CART = "cart"
    WISHLIST = "wishlist"
    PURCHASE = "purchase"
    RATING = "rating"
    SEARCH = "search"
    HIDE = "hide"


@dataclass(frozen=True, slots=True)
class Interaction:
    """Something a user did.

    Parameters
    ----------
    at : UTC.
    user, session : external ids, 1-128 characters; at least one is given. A session without a user is anonymous.
    product : external id; needed by every type but ``search``, which needs `query`.
    value : a rating's stars, or the pieces bought.
    event_id : unique per tenant; the same again is the same interaction.
    request_id, position : the slate and the slot (1 is the first) that led here.
    """

    type: EventType
    at: datetime
    user: str | None = None
    session: str | None = None
    product: str | None = None
    query: str | None = None
    value: float | None = None
    event_id: str | None = None
    request_id: str | None = None
    position: int | None = None
    tenant: str = DEFAULT_TENANT


@dataclass(frozen=True, slots=True)
class SparseVector:
    """A vector given by its non-zero entries: indices uint32[nnz] (unique), values float32[nnz]."""

    indices: NDArray[np.uint32]
    values: Floats


Vector = Floats | SparseVector


@dataclass(frozen=True, slots=True)
class Anchor:
    """The product an answer should resemble: its internal id and its vectors by slot name."""

    product_id: int
    vectors: Mapping[str, Vector]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture that products should look like.

    Attributes
    ----------
    vector : float32[D] of length 1, in the space of the products' pictures. digest : of the file, to tell it by.
    """

    vector: Floats
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What a user did lately, ready for signals.

    Attributes
    ----------
    products : int64[H], distinct, newest first. opinions : float64[H], event weights; negative for a dislike.
    half_lives : signal -> after how many newer products one counts half (`weights`).
    wanted : int64[W], the products in a cart, on a wishlist or bought, newest first.
    profile : slot of the products collection -> weighted mean of the history's vectors.
    user : float32[D], the user in the space of the behaviour collection; None without a release or a history in it.
    searches : what was searched for, newest first.
    """

    products: Ids
    opinions: NDArray[np.float64]
    half_lives: Mapping[str, float]
    wanted: Ids
    profile: Mapping[str, Floats]
    user: Floats | None
    searches: tuple[str, ...] = ()

    def weights(self, signal: str) -> NDArray[np.float64]:
        """``opinion * 0.5 ** (place / half_life)``, float64[H], as far back as that signal looks."""
        return self.opinions * 0.5 ** (np.arange(len(self.opinions)) / self.half_lives[signal])


class Triable(Protocol):
    """What a bandit may try, see `core.arms.Arms`."""

    @property
    def ids(self) -> Ids:
        """int64[A], those worth a try by themselves."""

    def draws(self, products: Ids) -> Floats:
        """A click rate drawn for each of these products, float32[C] in 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What signals look at: everything known about one request, nothing to be fetched any more.

    Attributes
    ----------
    past : of the user or session; None for who has none, and on surfaces that do not look at it.
    behaviour : the collection of the release in force; None before the first training.
    words : texts with weights for word search, where it looks for more than `text`.
    trending, best_value : ids int64[C] and scores float32[C] of what is popular now and of what is good value, where
        they are asked for.
    terms : several texts, each with how much it is wanted, below 0 for what is not; `text` is all that is wanted.
    picture : float32[D] of length 1, of a picture that products should look like.
    chosen : ids int64[C] and scores float32[C] of what others took after they had searched for the same.
    arms : the products as those of a bandit. liked_words : of the names of what is liked, with weights.
    """

    text: str | None = None
    anchor: Anchor | None = None
    past: Past | None = None
    behaviour: str | None = None
    trending: tuple[Ids, Floats] | None = None
    best_value: tuple[Ids, Floats] | None = None
    words: tuple[tuple[str, float], ...] = ()
    terms: tuple[tuple[str, float], ...] = ()
    picture: Floats | None = None
    chosen: tuple[Ids, Floats] | None = None
    arms: Triable | None = None
    liked_words: SparseVector | None = None


@dataclass(frozen=True, slots=True)
class RankedItem:
    """One slot of a slate.

    Attributes
    ----------
    rank : 1 for the first slot. score : the sum of `contributions`.
    contributions : signal (or adjustment) -> its share of the score.
    propensity : probability of showing this product in this slot, in (0, 1].
    source : the signal that contributed most. level : what that signal builds on: personal, session, content,
        category or global.
    guest : the list that chance gave the slot to although others scored higher: balance, serendipity, explore.
    """

    product_id: int
    rank: int
    score: float
    contributions: Mapping[str, float]
    propensity: float
    source: str
    level: str
    guest: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """Where every candidate of a request ended, so that "why is it not there?" has an answer.

    Attributes
    ----------
    retrieved : signal -> number of candidates it scored.
    dropped : product id -> why it was not eligible. outranked : the others that are not in the slate.
    step_ms : step -> milliseconds. rules : the business rules that acted, the one first that has its way.
    by_score : the pool by its scores, before variety and pins.
    """

    retrieved: Mapping[str, int]
    dropped: Mapping[int, str]
    outranked: tuple[int, ...]
    step_ms: Mapping[str, float]
    rules: tuple[RuleAct, ...] = ()
    by_score: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Slate:
    """The ordered answer to one request.

    Attributes
    ----------
    variant : the experiment arms whose parameters made it, in one word. arms : the same by experiment.
    release : the release it was made with, if any.
    level : what the whole answer can build on. fallback : why not on the user's own past, or None.
    draw : what its slots were drawn from, where chance had a part. evidence : of each product shown, if asked for.
    understood : how the words of a search were read. unknown : of what the request told, what the shop does not have.
    degraded : signal -> why it did not take part. shortfall : why there are fewer items than asked for, or None.
    """

    request_id: str
    surface: str
    variant: str
    release: str | None
    level: str
    fallback: str | None
    items: tuple[RankedItem, ...]
    degraded: Mapping[str, str]
    shortfall: str | None
    trace: Trace
    arms: Mapping[str, str] = field(default_factory=dict)
    draw: Draw | None = None
    evidence: Mapping[int, Evidence] = field(default_factory=dict)
    understood: Understood | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """One row of a page that shows several lists.

    Attributes
    ----------
    name : what it is, one of `config.surface.SHELVES`. category : the path it is about, or None.
    """

    name: str
    category: str | None
    slate: Slate
