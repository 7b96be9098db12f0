"""Receipts of erasures taken from one database into another, as when an older backup takes the place of a shop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Table, insert, select, update

from service.core.errors import InvalidQuery
from service.store.erased import SALT
from service.store.tables import ERASED, ERASURE, PRODUCT, SNAPSHOT, USERS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = 100
_TIMES = frozenset(("begun_at", "done_at", "model_ended_at", "before", "until"))
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Receipts:
    """All that a database knows of who was erased; with the salt, so keep it as you keep the database.

    Attributes
    ----------
    salt : None where nobody ever was. erasures, erased : rows of the tables of these names.
    """

    salt: str | None
    erasures: Rows = ()
    erased: Rows = ()


def read_receipts(connection: Connection) -> Receipts:
    """The receipts of a database."""
    found = connection.execute(select(SNAPSHOT.c.data).where(SNAPSHOT.c.name == SALT)).scalar()
    salt = None if found is None else str(found["salt"])
    return Receipts(salt, _rows(connection, ERASURE), _rows(connection, ERASED))


def marks_of(connection: Connection) -> frozenset[tuple[Any, ...]]:
    """What copies of one shop have in common, and two shops never: the first rows with the moment they were made."""
    return frozenset(
        tuple(row)
        for columns in (PRODUCT.c, USERS.c)
        for row in connection.execute(
            select(columns.id, columns.external_id, columns.created_at).order_by(columns.id).limit(_FIRST)
        )
    )


def put_receipts(connection: Connection, receipts: Receipts) -> int | None:
    """Add those that a database lacks; returns how many, None where they were made with another salt and say nothing.

    What was done before the backup was made stays as the backup has it. Internal keys are not taken along: they may
    be of somebody else here.
    """
    if receipts.salt is None:
        return 0
    there = read_receipts(connection)
    if there.salt is None:
        row = {"name": SALT, "made_at": _EPOCH, "data": {"salt": receipts.salt}}
        connection.execute(insert(SNAPSHOT).values(row))
    elif there.salt != receipts.salt:
        return None
    known = {one["id"]: one for one in there.erasures}
    added = 0
    for one in receipts.erasures:
        values = {**one, "user_key": None}
        if one["id"] not in known:
            connection.execute(insert(ERASURE).values(values))
        elif known[one["id"]]["done_at"] is None and one["done_at"] is not None:
            connection.execute(update(ERASURE).where(ERASURE.c.id == one["id"]).values(values))
        else:
            continue
        added += 1
    hashes = {one["hash"] for one in there.erased}
    if missing := [dict(one) for one in receipts.erased if one["hash"] not in hashes]:
        connection.execute(insert(ERASED), missing)
    return added


def receipts_as_json(receipts: Receipts) -> bytes:
    """The receipts as a file."""
    return orjson.dumps({"salt": receipts.salt, "erasures": receipts.erasures, "erased": receipts.erased})


def receipts_from_json(text: bytes) -> Receipts:
    """The receipts of a file.

    Raises
    ------
    InvalidQuery : it is no such file.
    """
    try:
        read = orjson.loads(text)
        salt = None if read["salt"] is None else bytes.fromhex(read["salt"]).hex()
        return Receipts(salt, *([_timed(row) for row in read[name]] for name in ("erasures", "erased")))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidQuery(
            "that is no file of receipts; `vitrine privacy receipts FILE` writes one", code="invalid_receipts"
        ) from error


def _rows(connection: Connection, table: Table) -> Rows:
    return [dict(row._mapping) for row in connection.execute(select(table))]


def _timed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in _TIMES and value is not None else value
        for name, value in row.items()
    }
