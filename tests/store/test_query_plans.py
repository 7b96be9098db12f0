"""How SQLite finds a few products among many: by their ids, not by reading the catalogue."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from service.core.filters import Match, all_of
from service.store.database import open_database
from service.store.lookup import get_products
from service.store.row_counts import read_rows
from service.store.serving import serving_rows


@pytest.mark.parametrize(
    "read",
    [
        lambda session: serving_rows(session, "default", [1, 2, 3]),
        lambda session: read_rows(session, "default", [1, 2, 3], ["brand"], all_of(Match("tenant", ("default",)))),
        lambda session: get_products(session, [1, 2, 3]),
    ],
    ids=["serving_rows", "read_rows", "get_products"],
)
def test_products_are_read_by_their_ids(read: Callable[[Session], Any], tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/shop.db")
    asked: list[tuple[str, Any]] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    with database.session() as session:
        read(session)
        statement, values = asked[-1]
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    database.close()
    assert "USING INTEGER PRIMARY KEY" in plan[0][3], plan
