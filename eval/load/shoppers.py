"""Who asks for what, drawn from what the shop knows: users by activity, products by popularity, words once searched."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from sqlalchemy import desc, func, select

from service.core.errors import NotFound
from service.core.types import DEFAULT_TENANT
from service.store.database import Database
from service.store.tables import INTERACTION, PRODUCT, USERS

_ZIPF = 1.0
_MOST_WORDS = 3
_MOST_SEARCHES = 50_000

Did = Literal["view", "click", "cart", "purchase"]
_DID: tuple[Did, ...] = ("view", "click", "cart", "purchase")
_OFTEN = (0.65, 0.25, 0.07, 0.03)


@dataclass(frozen=True, slots=True, eq=False)
class Shoppers:
    """A shop's public.

    Attributes
    ----------
    products : external ids, most popular first. names : of those products.
    users : external id -> what they did so far. searches : words -> how often they were searched for.
    """

    products: Sequence[str]
    names: Sequence[str]
    users: Mapping[str, int] = field(default_factory=dict)
    searches: Mapping[str, int] = field(default_factory=dict)


def shoppers_of(database: Database, tenant: str = DEFAULT_TENANT) -> Shoppers:
    """What a shop's database knows.

    Raises
    ------
    NotFound : it has no product that can be shown.
    """
    done = func.count(INTERACTION.c.id)
    products = (
        select(PRODUCT.c.external_id, PRODUCT.c.name)
        .outerjoin(INTERACTION, INTERACTION.c.product_id == PRODUCT.c.id)
        .where(PRODUCT.c.tenant == tenant, PRODUCT.c.deleted_at.is_(None), PRODUCT.c.visible)
        .group_by(PRODUCT.c.id)
        .order_by(desc(done), PRODUCT.c.id)
    )
    users = (
        select(USERS.c.external_id, done)
        .join(INTERACTION, INTERACTION.c.user_id == USERS.c.id)
        .where(USERS.c.tenant == tenant)
        .group_by(USERS.c.id)
        .order_by(USERS.c.id)
    )
    searches = (
        select(INTERACTION.c.query)
        .where(INTERACTION.c.tenant == tenant, INTERACTION.c.type == "search", INTERACTION.c.query.is_not(None))
        .order_by(INTERACTION.c.id.desc())
        .limit(_MOST_SEARCHES)
    )
    with database.session() as session:
        connection = session.connection()
        found = connection.execute(products).all()
        active = {name: int(count) for name, count in connection.execute(users)}
        words = Counter(query.strip() for query in connection.execute(searches).scalars() if query.strip())
    if not found:
        raise NotFound("the shop has no product that can be shown: load products first", code="no_products")
    return Shoppers([row[0] for row in found], [row[1] for row in found], active, words)


class Draw:
    """Random shoppers; the same seed gives the same ones.

    Parameters
    ----------
    newcomers : share of those whom nobody knows. fresh : every search is new, so that no answer to it is kept.
    """

    def __init__(self, shoppers: Shoppers, seed: int, *, newcomers: float = 0.0, fresh: bool = False) -> None:
        self._shoppers = shoppers
        self._rng = np.random.default_rng(seed)
        self._newcomers = newcomers
        self._users = list(shoppers.users)
        self._user_odds = _odds(np.array(list(shoppers.users.values()), np.float64))
        self._product_odds = _odds(1 / np.arange(1, len(shoppers.products) + 1) ** _ZIPF)
        self._searches = [] if fresh else list(shoppers.searches)
        self._search_odds = _odds(np.array(list(shoppers.searches.values()), np.float64))
        self._fresh, self._asked = fresh, set[str]()

    def user(self) -> str | None:
        """Somebody known, the more active the likelier; None: a newcomer."""
        if not self._users or self._rng.random() < self._newcomers:
            return None
        return self._users[self._place(self._user_odds)]

    def product(self) -> str:
        """The product at popularity rank r with a probability proportional to 1 / r."""
        return self._shoppers.products[self._place(self._product_odds)]

    def words(self) -> str:
        """What somebody once searched for, or else some words of a product's name."""
        if self._searches:
            return self._searches[self._place(self._search_odds)]
        words = self._of_names(1)
        for more in range(10) if self._fresh else ():
            if words not in self._asked:
                break
            words = self._of_names(1 + more // 2)
        if self._fresh and words in self._asked:
            words = f"{words} {len(self._asked)}"
        self._asked.add(words)
        return words

    def type(self) -> Did:
        """What they do with a product."""
        return _DID[self._rng.choice(len(_DID), p=_OFTEN)]

    def surface(self, shares: Mapping[str, float], count: int) -> list[str]:
        """Surfaces of that many requests."""
        return [str(name) for name in self._rng.choice(list(shares), count, p=list(shares.values()))]

    def _of_names(self, products: int) -> str:
        words: list[str] = []
        for _ in range(products):
            name = self._shoppers.names[self._place(self._product_odds)].split()
            if name:
                first = int(self._rng.integers(len(name)))
                words += name[first : first + int(self._rng.integers(1, _MOST_WORDS + 1))]
        return " ".join(words)[:200] or "gift"

    def _place(self, odds: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> int:
        return min(int(odds.searchsorted(self._rng.random(), side="right")), len(odds) - 1)


def _odds(weights: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Cumulated shares."""
    total = weights.cumsum()
    return total / total[-1] if len(total) else total
