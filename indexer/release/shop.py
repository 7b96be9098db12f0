"""What training reads: the live products, their users, and what these did, as one numbered whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlmodel import Session

from config.params import Params
from indexer.train.data import TrainingData, latest_per_user, training_data
from indexer.train.factors import Sides
from indexer.train.features import COLUMNS, feature_matrix, product_tokens
from service.core.behaviour import TYPE_CODES, Behaviour
from service.core.errors import InvalidQuery
from service.core.event_weights import event_weights
from service.core.types import Ids
from service.store.behaviour import read_behaviour
from service.store.database import Database
from service.store.events import resolve_products
from service.store.tables import PRODUCT
from service.store.users import user_features

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, eq=False)
class ShopData:
    """Everything a release is made from.

    Attributes
    ----------
    products : int64[P], internal keys, ascending. users : int64[U], likewise; negative ones are anonymous sessions.
    data : interactions by place in `products` and `users`.
    baskets : rows of `data`'s products that were put together, as (basket number int64[B], product place int64[B]).
    behaviour_hash, catalogue_hash : fingerprints of what was read.
    """

    products: Ids
    users: Ids
    data: TrainingData
    sides: Sides
    baskets: tuple[Ids, Ids]
    behaviour_hash: str
    catalogue_hash: str


def read_shop(database: Database, tenant: str, params: Params, now: float) -> ShopData:
    """Read and number everything.

    Age counts from the newest interaction, but never from later than `now` (epoch seconds): a feed that stopped years
    ago teaches as well as one of today, and a wrong clock cannot make all others look old.

    Raises
    ------
    InvalidQuery : there is too little to train on; code ``nothing_to_train_on``.
    """
    training = params.training
    with database.session() as session:
        resolve_products(session, tenant)
    behaviour = read_behaviour(database, tenant, since=None, until=None)
    with database.session() as session:
        products, tokens, catalogue_hash = _products(session, tenant, name_words=training.name_words)
        features = user_features(session, tenant)
    known = np.isin(behaviour.products, products)  # all, unless a product was deleted between the two reads
    behaviour = behaviour if known.all() else behaviour.take(known)
    users = np.unique(np.concatenate([behaviour.users, np.fromiter(features, np.int64, len(features))]))
    data = _numbered(behaviour, products, users, params, now)
    _require_enough(data, training.min_users)
    sides = Sides(
        items=_matrix(tokens, training.feature_columns),
        users=_matrix([list(_user_tokens(features.get(user, {}))) for user in users.tolist()]) if features else None,
    )
    baskets = _baskets(behaviour, products, params)
    return ShopData(products, users, data, sides, baskets, behaviour.fingerprint(), catalogue_hash)


def _products(session: Session, tenant: str, *, name_words: bool) -> tuple[Ids, list[list[str]], str]:
    names = ("id", "name", "brand", "category_path", "tags", "content_hash")
    query = (
        select(*(PRODUCT.c[name] for name in names))
        .where(PRODUCT.c.tenant == tenant, PRODUCT.c.deleted_at.is_(None))
        .order_by(PRODUCT.c.id)
    )
    ids: list[int] = []
    tokens: list[list[str]] = []
    whole = blake2b(digest_size=16)
    for row in session.connection().execute(query):
        ids.append(row.id)
        tokens.append(product_tokens(row.name if name_words else "", row.brand, row.category_path, row.tags))
        whole.update(f"{row.id}:{row.content_hash}\n".encode())
    return np.array(ids, np.int64), tokens, whole.hexdigest()


def _user_tokens(features: Mapping[str, Any]) -> Iterator[str]:
    for name, value in sorted(features.items()):
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str | int | float):
                yield f"{name}={one}"


def _matrix(tokens: list[list[str]], columns: int = COLUMNS) -> Any:
    return feature_matrix(tokens, columns) if any(tokens) else None


def _numbered(behaviour: Behaviour, products: Ids, users: Ids, params: Params, now: float) -> TrainingData:
    newest = min(float(behaviour.at.max()), now) if len(behaviour) else now
    taste = params.events.taste(params.training.events.half_life_days)
    weights = event_weights(behaviour.types, behaviour.values, behaviour.at, newest, taste)
    data = training_data(
        np.searchsorted(users, behaviour.users),
        np.searchsorted(products, behaviour.products),
        weights,
        behaviour.at,
        behaviour.sessions,
        n_users=len(users),
        n_items=len(products),
    )
    return latest_per_user(data.take(data.weights != 0), params.training.max_per_user)


def _require_enough(data: TrainingData, min_users: int) -> None:
    liked = data.weights > 0
    users, products = len(np.unique(data.users[liked])), len(np.unique(data.items[liked]))
    if users < min_users or products < 2:
        raise InvalidQuery(
            f"there is nothing to train on: {users} users liked {products} products in {int(liked.sum())} "
            f"interactions, at least {min_users} users (training.min_users) and 2 products are needed; "
            "load events with `vitrine load events FILE`",
            code="nothing_to_train_on",
        )


def _baskets(behaviour: Behaviour, products: Ids, params: Params) -> tuple[Ids, Ids]:
    """Products put together: by the types that make a basket, or, where these never happen, by liking in one visit."""
    chosen = np.isin(behaviour.types, [TYPE_CODES[kind] for kind in params.training.association.types])
    if not chosen.any():
        chosen = event_weights(behaviour.types, behaviour.values, behaviour.at, 0.0, params.events.taste()) > 0
    return behaviour.sessions[chosen], np.searchsorted(products, behaviour.products[chosen])
