"""What users did, as columns: everything for training, and the recent past of one user for a request.

Shape letters: N interactions, H of them in one user's history.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from service.core.types import EventType, Floats, Ids

EVENT_TYPES = tuple(EventType)
"""What the codes of `types` stand for."""

TYPE_CODES = {str(kind): code for code, kind in enumerate(EVENT_TYPES)}
"""The other way round: ``TYPE_CODES["view"]`` is 0; members of `EventType` are keys as well."""

Codes = NDArray[np.uint8]
Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Behaviour:
    """Interactions with known products, sorted by (users, at); equal times keep the order of arrival.

    Attributes
    ----------
    users : int64[N], internal keys; every anonymous session is a user of its own with a negative number.
    products : int64[N], internal keys. types : uint8[N], index into `EVENT_TYPES`.
    at : float64[N], seconds since 1970 UTC.
    values : float32[N], a rating's stars or the pieces bought; NaN where none was given.
    sessions : int64[N], equal for interactions of one user in one visit: they share a session id, or have none and
        follow each other within half an hour.
    """

    users: Ids
    products: Ids
    types: Codes
    at: Times
    values: Floats
    sessions: Ids

    def __len__(self) -> int:
        return len(self.users)

    def take(self, rows: NDArray[np.bool_] | Ids) -> "Behaviour":
        """Some of the interactions: a mask bool[N] or ascending indices int64[<= N].

        Examples
        --------
        >>> purchases = no_behaviour()
        >>> len(purchases.take(purchases.types == TYPE_CODES["purchase"]))
        0
        """
        return Behaviour(*(getattr(self, field.name)[rows] for field in fields(self)))

    def fingerprint(self) -> str:
        """32 hexadecimal digits, equal for equal interactions: tells what a release was trained on.

        Examples
        --------
        >>> no_behaviour().fingerprint() == no_behaviour().fingerprint()
        True
        """
        whole = blake2b(digest_size=16)
        for field in fields(self):
            column = np.ascontiguousarray(getattr(self, field.name))
            whole.update(f"{field.name} {column.dtype.str} {len(column)}".encode())
            whole.update(column.data.cast("B") if len(column) else b"")
        return whole.hexdigest()


def no_behaviour() -> Behaviour:
    """Nothing has happened yet."""
    ids, codes = np.empty(0, np.int64), np.empty(0, np.uint8)
    return Behaviour(ids, ids, codes, np.empty(0, np.float64), np.empty(0, np.float32), ids)


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The recent past of one user, newest first.

    Attributes
    ----------
    user_id : internal key, None for anonymous and unknown users.
    products : int64[H], internal keys, one per interaction (repeats stay); of products deleted since too.
    types : uint8[H], index into `EVENT_TYPES`. at : float64[H], seconds since 1970 UTC.
    values : float32[H], a rating's stars or the pieces bought; NaN where none was given.
    searches : what was searched for, newest first, without repeats.
    hidden : internal keys of all products the user ever hid, however long ago.
    newest : the moment of the newest interaction, searches too, seconds since 1970 UTC; None where there is none.
    """

    user_id: int | None
    products: Ids
    types: Codes
    at: Times
    values: Floats
    searches: tuple[str, ...] = ()
    hidden: frozenset[int] = frozenset()
    newest: float | None = None

    def with_types(self, types: Iterable[EventType]) -> Ids:
        """Products of the interactions of these types, repeats included, newest first.

        Examples
        --------
        >>> no_history().with_types([EventType.VIEW]).tolist()
        []
        """
        wanted = np.zeros(len(EVENT_TYPES), bool)
        wanted[[TYPE_CODES[kind] for kind in types]] = True
        return self.products[wanted[self.types]]


def distinct(products: Ids) -> Ids:
    """Each product once, in the order of first appearance.

    Examples
    --------
    >>> distinct(np.array([8, 9, 8, 7])).tolist()
    [8, 9, 7]
    """
    _, first = np.unique(products, return_index=True)
    return products[np.sort(first)]


def no_history(user_id: int | None = None) -> History:
    """The past of someone who has done nothing yet.

    Examples
    --------
    >>> len(no_history().products)
    0
    """
    none = no_behaviour()
    return History(user_id, none.products, none.types, none.at, none.values)
