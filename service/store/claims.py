"""Which products of the outbox a worker has in hand, so that no other embeds them meanwhile.

On PostgreSQL a worker claims ranges of ids with advisory locks of one connection of its own. They keep nobody from
changing a product, and they end with the connection: what a killed worker had in hand is free at once, and what a
machine that vanished had, after a minute. On SQLite nothing is claimed: there one process indexes; were there two,
both would embed the same products, which costs time and harms nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Connection, text

from service.store.database import Database
from service.store.database_errors import translated

RANGE = 64
"""Ids claimed together, whoever of them is stale."""

_SPACE = 0x56495452  # of advisory locks, which other applications of the database may use as well
# a server learns of a machine that vanished only if it asks; the system's own patience is two hours
_ASK_OFTEN = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
_TAKE = text(
    "SELECT part FROM (SELECT part, pg_try_advisory_lock(:space, part) AS is_mine"
    " FROM unnest(CAST(:parts AS integer[])) AS part OFFSET 0) AS asked WHERE is_mine"
)
_RELEASE = text("SELECT pg_advisory_unlock(:space, part) FROM unnest(CAST(:parts AS integer[])) AS part")


class Claims(Protocol):
    """What one worker has in hand; for one thread."""

    def take(self, ids: Sequence[int]) -> list[int]:
        """Those of `ids` that nobody else has in hand: they are this worker's until it gives them back.

        Each call is to be followed by one `give_back` of what it returned.

        Raises
        ------
        DependencyUnavailable : the database does not answer; what was in hand may be another's by now.
        """

    def give_back(self, ids: Sequence[int]) -> None:
        """What was to be done with them is committed, or left to whoever takes them next."""


class Unshared:
    """`Claims` of a worker that is the only one.

    Examples
    --------
    >>> Unshared().take([3, 1])
    [3, 1]
    """

    def take(self, ids: Sequence[int]) -> list[int]:
        """See `Claims.take`."""
        return list(ids)

    def give_back(self, ids: Sequence[int]) -> None:
        """See `Claims.give_back`."""


class AdvisoryClaims:
    """`Claims` by advisory locks.

    Parameters
    ----------
    connection : in autocommit mode, used for nothing else; the locks are this session's, so a pooler between here and
        the server must not share sessions (PgBouncer: `pool_mode = session`).
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, ids: Sequence[int]) -> list[int]:
        """See `Claims.take`."""
        asked = sorted({one // RANGE for one in ids})
        mine = set(self._connection.execute(_TAKE, {"space": _SPACE, "parts": asked}).scalars())
        return [one for one in ids if one // RANGE in mine]

    def give_back(self, ids: Sequence[int]) -> None:
        """See `Claims.give_back`."""
        parts = sorted({one // RANGE for one in ids})
        self._connection.execute(_RELEASE, {"space": _SPACE, "parts": parts})


@contextmanager
def open_claims(database: Database) -> Iterator[Claims]:
    """The claims of one run; whatever is in hand at the end is given back.

    Raises
    ------
    DependencyUnavailable : the database does not answer.
    """
    if database.dialect != "postgresql":
        yield Unshared()
        return
    with translated(database.name), database.engine.connect() as pooled:
        connection = pooled.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text(_ASK_OFTEN))
        try:
            yield AdvisoryClaims(connection)
        finally:
            # closed, not returned to the pool: no statement that could fail is needed to be rid of all locks
            connection.invalidate()
