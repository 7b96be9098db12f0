"""Who is asked, what is known of them and what they are going to choose, as matrices over the trained catalogue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from eval.offline.shop import Trained
from eval.offline.split import Split
from indexer.train.matrix import Csr, csr
from service.core.errors import InvalidQuery
from service.core.types import DEFAULT_TENANT, Ids, Interaction

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """U users and P products, the latter in the order of ``trained.data.products``.

    Attributes
    ----------
    users : external ids. products : external ids.
    known, relevant : csr[U, P], 1 for each product met before being asked, and for each to be foreseen.
    moments : float64[U], when each is asked, epoch seconds.
    rows : int64[U], place among the users that models were trained with; -1 for a stranger.
    known_by : int64[P], users who had met each product by the end of training. trained_users : how many there were.
    first_seen : float64[P], epoch seconds of each product's first interaction in training; infinite without any.
    trained_until, trained_since : epoch seconds of the newest and oldest interaction in training.
    """

    users: tuple[str, ...]
    products: tuple[str, ...]
    known: Csr
    relevant: Csr
    moments: Values
    rows: Ids
    known_by: Ids
    trained_users: int
    first_seen: Values
    trained_since: float
    trained_until: float


def ask_whom(trained: Trained, split: Split, users: Sequence[str]) -> Asked:
    """Gather what is known of these users.

    Raises
    ------
    InvalidQuery : nothing they are going to choose is in the catalogue.
    """
    row_of = {user: row for row, user in enumerate(users)}
    place_of = _places(trained)
    shape = (len(users), len(place_of))
    known = _pairs(((e.user, e.product) for e in (*split.train, *split.later)), row_of, place_of)
    relevant = _pairs(((user, p) for user in users for p in split.relevant[user]), row_of, place_of)
    if not len(relevant):
        raise InvalidQuery("no product to be foreseen is in the catalogue; check its ids", code="empty_split")
    everybody = {user: row for row, user in enumerate(dict.fromkeys(e.user for e in split.train if e.user))}
    met = _pairs(((event.user, event.product) for event in split.train), everybody, place_of)
    times = [event.at.timestamp() for event in split.train]
    return Asked(
        tuple(users),
        tuple(place_of),
        _matrix(known, shape),
        _matrix(relevant, shape),
        np.array([moment.timestamp() for moment in _moments(split, users)]),
        _trained_rows(trained, users),
        np.bincount(met[:, 1], minlength=len(place_of)),
        len(everybody),
        _first_seen(split.train, place_of),
        min(times),
        max(times),
    )


def _places(trained: Trained) -> dict[str, int]:
    """External ids in the order of the trained products, with their places."""
    names = {key: external_id for external_id, key in trained.keys.items()}
    return {names[key]: place for place, key in enumerate(trained.data.products.tolist())}


def _pairs(
    pairs: Iterable[tuple[str | None, str | None]], row_of: dict[str, int], place_of: dict[str, int]
) -> NDArray[np.int64]:
    """Distinct (row, place), int64[N, 2], sorted; what is not in both is left out."""
    found = {(row_of[user], place_of[p]) for user, p in pairs if user in row_of and p in place_of}
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def _matrix(pairs: NDArray[np.int64], shape: tuple[int, int]) -> Csr:
    return csr(pairs[:, 0], pairs[:, 1], np.ones(len(pairs)), shape)


def _moments(split: Split, users: Sequence[str]) -> list[datetime]:
    last: dict[str, datetime] = {}
    for event in (*split.train, *split.later):
        if event.user is not None:
            last[event.user] = max(event.at, last.get(event.user, event.at))
    return [split.asked_at or last[user] for user in users]


def _first_seen(events: Sequence[Interaction], place_of: dict[str, int]) -> Values:
    first = np.full(len(place_of), np.inf)
    for event in events:
        if event.product in place_of:
            place = place_of[event.product]
            first[place] = min(first[place], event.at.timestamp())
    return first


def _trained_rows(trained: Trained, users: Sequence[str]) -> Ids:
    from service.store.users import user_ids

    with trained.runtime.database.session() as session:
        keys = user_ids(session, DEFAULT_TENANT, users)
    wanted = np.array([keys.get(user, 0) for user in users], np.int64)
    places = np.searchsorted(trained.data.users, wanted)
    places[places == len(trained.data.users)] = 0
    return np.where(trained.data.users[places] == wanted, places, -1)
