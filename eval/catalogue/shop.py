"""Opening a shop to look at it: nothing is made, marked, recorded or indexed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import select

from config.params import load_params
from config.settings import Settings
from service.context import Services
from service.core.errors import ConfigurationError, IndexNotReady, NotFound
from service.core.types import DEFAULT_TENANT, Product
from service.loading import load_encoders
from service.runtime import open_database_only, open_vectors_only
from service.served_popular import LivePopular
from service.served_release import LiveRelease
from service.signals import SIGNALS, Encoders
from service.store.catalog import all_indexed, get_products
from service.store.database import Database
from service.store.spaces import PRODUCTS
from service.store.tables import USERS
from service.store.users import external_user_ids
from service.store.vector_cache import VectorCache

if TYPE_CHECKING:
    from service.encode.text import TextEncoder

_PAGE = 1000
_ONCE_S = 1e8  # one release and one set of popular lists for the whole examination


@dataclass(frozen=True, slots=True)
class Seen:
    """A product and what the index knows of it."""

    product: Product
    is_indexed: bool
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class Shop:
    """What examining needs of a shop; its `services` record nothing."""

    settings: Settings
    services: Services
    text: "TextEncoder"


@contextmanager
def open_to_look(settings: Settings) -> Iterator[Shop]:
    """Open a shop without changing it.

    Raises
    ------
    ConfigurationError : there is no shop, or `vitrine serve` holds its embedded store.
    IndexNotReady : it was never indexed.
    """
    check_there_is_a_shop(settings)
    params = load_params(*settings.overlays, signals=frozenset(SIGNALS))
    with open_database_only(settings) as database, open_vectors_only(settings) as store:
        if PRODUCTS not in store.names():
            raise IndexNotReady("this shop has no index yet; run `vitrine index`")
        # lists of products and users need no words turned into pictures: their vectors lie in the index
        encoders = load_encoders(settings.model_copy(update={"image_model": "none"}), params)
        release = LiveRelease(database, store, refresh_s=_ONCE_S)
        popular = LivePopular(database, refresh_s=_ONCE_S)
        yield Shop(
            settings,
            Services(
                database,
                store,
                VectorCache(store, params.retrieval.vector_cache, None),
                Encoders(encoders.text, encoders.lexical, None),
                params,
                record=lambda *_: None,
                release=release.current,
                popular=popular.current,
            ),
            encoders.text,
        )


def check_there_is_a_shop(settings: Settings) -> None:
    """See to it that looking at a shop does not make an empty one.

    Raises
    ------
    ConfigurationError : the folder of an embedded shop holds no database.
    """
    if settings.embedded and not (settings.data_dir / "vitrine.db").exists():
        raise ConfigurationError(
            f"there is no shop in {settings.data_dir}: make one with `vitrine load products FILE`, or name another "
            "with --data-dir"
        )


def all_products(database: Database, tenant: str = DEFAULT_TENANT) -> dict[int, Seen]:
    """Every product of a tenant by internal key, ascending.

    Raises
    ------
    NotFound : there is none.
    """
    found = dict(each_product(database, tenant))
    if not found:
        raise NotFound("the catalogue is empty: there is nothing to examine; load products first", code="no_products")
    return found


def each_product(database: Database, tenant: str = DEFAULT_TENANT) -> Iterator[tuple[int, Seen]]:
    """Every product of a tenant with its internal key, ascending, read page by page."""
    after: int | None = 0
    while after is not None:
        with database.session() as session:
            rows = all_indexed(session, after, _PAGE)
            products = get_products(session, [row.id for row in rows if not row.deleted])
        for row in rows:
            stored = products.get(row.id)
            if stored is not None and stored.product.tenant == tenant:
                yield row.id, Seen(stored.product, row.indexed_hash is not None, row.stale)
        after = rows[-1].id if len(rows) == _PAGE else None


def some_users(database: Database, tenant: str, count: int, seed: int) -> tuple[int, Sequence[str]]:
    """How many users were ever seen doing something, and the ids of at most `count` of them, drawn at random."""
    query = select(USERS.c.id).where(USERS.c.tenant == tenant, USERS.c.last_seen_at.is_not(None)).order_by(USERS.c.id)
    with database.session() as session:
        keys = np.array(session.connection().execute(query).scalars().all(), np.int64)
        drawn = np.random.default_rng(seed).choice(keys, min(count, len(keys)), replace=False)
        names = external_user_ids(session, drawn.tolist())
    return len(keys), [names[key] for key in sorted(names)]
