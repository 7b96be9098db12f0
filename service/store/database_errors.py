"""What a database driver complains about, as an error a user can act on; the one place that knows drivers' words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.core.errors import DependencyUnavailable, InvalidQuery, RecommenderError

_ADVICE = {
    "database is locked": "is locked by another process; wait for it to finish, or stop it",
    "database table is locked": "is locked by another process; wait for it to finish, or stop it",
    "database or disk is full": "cannot grow: the disk is full; free some space and try again",
    "could not extend file": "cannot grow: the disk of the server is full; free some space and try again",
    "no space left on device": "cannot grow: the disk of the server is full; free some space and try again",
    "readonly database": "is read-only; check the permissions of the file and of its folder",
    "read-only transaction": "is read-only; point DATABASE_URL at the primary server",
    "unable to open database file": "cannot be opened; check that the folder exists and may be written to",
    "file is not a database": "is not an SQLite database; choose another file in DATABASE_URL",
    "malformed": "is damaged; restore it from a backup, or move it away and load the products again",
    # also what a full disk is called where SQLite cannot make its shared-memory file
    "disk i/o error": "cannot be read or written: the disk is full or broken; free some space and try again",
    "password authentication failed": "refuses user or password; correct DATABASE_URL",
    "does not exist": "does not exist on this server; create it, or correct DATABASE_URL",
    "too many clients": "has no connection left; raise its max_connections or run fewer processes",
    "no such table": "has no tables yet; load products first",
}
_SILENT = "does not answer; check that the server runs and that DATABASE_URL is right"


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn drivers' errors inside the block into errors with a message; those that are our own mistakes stay.

    Parameters
    ----------
    name : how to call the database in messages: its URL with the password masked.
    """
    try:
        yield
    except PoolTimeout as error:
        raise DependencyUnavailable(f"the database {name} is busy: no connection became free; try again") from error
    except DBAPIError as error:
        meaning = _meaning(name, error)
        if meaning is None:
            raise
        raise meaning from error


def _meaning(name: str, error: DBAPIError) -> RecommenderError | None:
    if isinstance(error, DataError):
        return InvalidQuery("a value cannot be stored: it is too large for its field, or holds a NUL byte")
    if isinstance(error, IntegrityError | ProgrammingError):
        return None
    words = str(error.orig).lower()
    advice = next((advice for sign, advice in _ADVICE.items() if sign in words), None)
    if advice is None and not isinstance(error.orig, sqlite3.Error):
        advice = _SILENT
    return DependencyUnavailable(f"the database {name} {advice}") if advice else None
