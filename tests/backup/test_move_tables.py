"""Tables that go from one engine to the other and back are the tables they were, numbers of the next rows included."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, null, select, text
from sqlalchemy.engine import Connection

from service.backup.move import move_tables
from service.backup.numbering import last_number
from service.backup.rows import TableReader, all_tables, plain_numbers
from service.backup.sync import check_tables, commit_page, is_filled, reading, sync_tables, writing
from service.core.errors import Conflict, InvalidQuery
from service.store.database import Database, open_database
from service.store.tables import IMPRESSION, INTERACTION, JOB, PRODUCT, RELEASE, SNAPSHOT, USERS

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
ANY_INTEGER = st.integers(-(2**63), 2**63 - 1)
ANY_FLOAT = st.floats(allow_nan=False, allow_infinity=False)
ANY_MOMENT = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | ANY_FLOAT | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
ANY_MAPPING = st.dictionaries(ANY_TEXT, ANY_JSON, max_size=3)


def any_rows() -> st.SearchStrategy[dict[str, list[dict[str, Any]]]]:
    """Rows of the tables with the most awkward columns."""
    user = st.fixed_dictionaries(
        {
            "id": ANY_INTEGER, "external_id": ANY_TEXT, "tenant": ANY_TEXT, "created_at": ANY_MOMENT,
            "last_seen_at": st.none() | ANY_MOMENT, "preferences": ANY_MAPPING, "features": ANY_MAPPING,
        }
    )  # fmt: skip
    shown = st.fixed_dictionaries(
        {
            "id": ANY_INTEGER, "tenant": ANY_TEXT, "at": ANY_MOMENT, "surface": ANY_TEXT, "shelf": st.none() | ANY_TEXT,
            "level": ANY_TEXT, "release": st.none(), "request_id": ANY_TEXT, "user": st.none() | ANY_TEXT,
            "session": st.none() | ANY_TEXT, "arms": ANY_MAPPING, "slots": ANY_MAPPING, "draw": st.none() | ANY_MAPPING,
            "asked": st.none(),
        }
    )  # fmt: skip
    event = st.fixed_dictionaries(
        {
            "id": ANY_INTEGER, "tenant": ANY_TEXT, "type": ANY_TEXT, "user_id": st.none(),
            "value": st.none() | ANY_FLOAT,
            "session_key": st.none() | ANY_INTEGER, "product_id": st.none() | ANY_INTEGER, "at": ANY_MOMENT,
            "received_at": ANY_MOMENT, "position": st.none() | ANY_INTEGER, "event_id": st.none(),
            "session": st.none() | ANY_TEXT, "product_ref": st.none() | ANY_TEXT, "query": st.none() | ANY_TEXT,
            "request_id": st.none() | ANY_TEXT,
        }
    )  # fmt: skip
    snapshot = st.fixed_dictionaries({"name": ANY_TEXT, "made_at": ANY_MOMENT, "data": ANY_MAPPING})
    return st.fixed_dictionaries(
        {
            "users": st.lists(
                user, max_size=4, unique_by=(lambda r: r["id"], lambda r: (r["tenant"], r["external_id"]))
            ),
            "impression": st.lists(shown, max_size=4, unique_by=lambda r: r["id"]),
            "interaction": st.lists(event, max_size=4, unique_by=lambda r: r["id"]),
            "snapshot": st.lists(snapshot, max_size=4, unique_by=lambda r: r["name"]),
        }
    )  # fmt: skip


def replace_rows(database: Database, rows: dict[str, list[dict[str, Any]]]) -> None:
    with database.engine.begin() as connection:
        for table in reversed(all_tables()):
            connection.execute(delete(table))
        for name, values in rows.items():
            table = next(table for table in all_tables() if table.name == name)
            if values:
                connection.execute(insert(table), values)
        if rows["users"]:
            connection.execute(INTERACTION.update().values(user_id=rows["users"][0]["id"]))


@pytest.fixture(scope="module")
def three(in_memory: Path, fresh_postgres: Callable[[], str]) -> Iterator[list[Database]]:
    """SQLite, PostgreSQL, and another SQLite."""
    urls = (f"sqlite:///{in_memory}/one.db", fresh_postgres(), f"sqlite:///{in_memory}/two.db")
    databases = [open_database(url) for url in urls]
    yield databases
    for database in databases:
        database.close()


@given(rows=any_rows())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
def test_rows_come_back_as_they_were_whatever_the_target_held_before(
    rows: dict[str, list[dict[str, Any]]], three: list[Database], stored_rows: Callable[[Connection], Any]
) -> None:
    first, middle, last = three
    replace_rows(first, rows)
    move_tables(first, middle)
    move_tables(middle, last)
    found = []
    for database in three:
        with reading(database) as connection:
            found.append(
                (
                    plain_numbers(stored_rows(connection)),
                    {t.name: TableReader.of(t).count(connection) for t in all_tables()},
                )
            )
    assert found[0] == found[1] == found[2]


def test_numbers_go_on_after_the_largest_that_was_ever_given(three: list[Database]) -> None:
    first, middle, last = three
    with first.engine.begin() as connection:
        for table in reversed(all_tables()):
            connection.execute(delete(table))
        values = {"name": "x", "status": "done", "scheduled_for": datetime(2025, 1, 1, tzinfo=UTC), "attempts": 0}
        connection.execute(insert(JOB).values(id=41, progress=0.0, **values))
        connection.execute(insert(JOB).values(id=77, progress=0.0, **values | {"name": "y"}))
        connection.execute(delete(JOB).where(JOB.c.id == 77))
    move_tables(first, middle)
    move_tables(middle, last)
    for database in (middle, last):
        with database.engine.begin() as connection:
            assert last_number(connection, JOB) == 77
            connection.execute(insert(JOB).values(progress=0.0, **values | {"name": "z"}))
            assert connection.execute(select(func.max(JOB.c.id))).scalar() == 78


def test_null_and_jsons_null_remain_two_things(three: list[Database]) -> None:
    first, middle, last = three
    with first.engine.begin() as connection:
        connection.execute(delete(IMPRESSION))
        common = {
            "tenant": "t", "at": datetime(2025, 1, 1, tzinfo=UTC), "surface": "s", "level": "l", "request_id": "r",
            "arms": {}, "slots": {},
        }  # fmt: skip
        connection.execute(insert(IMPRESSION).values(id=1, draw=null(), **common))
        connection.execute(insert(IMPRESSION).values(id=2, draw=None, **common))
    move_tables(first, middle)
    move_tables(middle, last)
    for database in three:
        with reading(database) as connection:
            found = connection.execute(text("SELECT id, draw IS NULL FROM impression ORDER BY id")).all()
            assert [(id, bool(is_null)) for id, is_null in found] == [(1, True), (2, False)]


def test_what_is_unique_may_have_moved_to_a_row_that_comes_earlier(three: list[Database]) -> None:
    first, middle, _ = three
    moments = {"created_at": datetime(2025, 1, 1, tzinfo=UTC), "manifest": {}, "metrics": {}}
    ids = [f"r{number:05}" for number in range(2500)]
    for live in (ids[-1], ids[3], ids[2000]):
        with first.engine.begin() as connection:
            connection.execute(delete(RELEASE))
            rows = [{"id": id, "status": "live" if id == live else "retired", **moments} for id in ids]
            connection.execute(insert(RELEASE), rows)
        move_tables(first, middle)
        with reading(middle) as connection:
            assert connection.execute(select(RELEASE.c.id).where(RELEASE.c.status == "live")).scalar() == live


def test_a_row_that_the_target_cannot_hold_is_named(three: list[Database]) -> None:
    first, middle, _ = three
    with first.engine.begin() as connection:
        connection.execute(insert(SNAPSHOT).values(name="a\0b", made_at=datetime(2025, 1, 1, tzinfo=UTC), data={}))
    try:
        with pytest.raises(InvalidQuery, match=r"(?s)table snapshot between \('a\\x00b',\).*NUL"):
            move_tables(first, middle)
    finally:
        with first.engine.begin() as connection:
            connection.execute(delete(SNAPSHOT))


def test_a_difference_is_noticed(three: list[Database], fill: Callable[..., None]) -> None:
    first, middle, _ = three
    with first.engine.begin() as connection:
        for table in reversed(all_tables()):
            connection.execute(delete(table))
    with first.engine.connect() as connection:
        fill(connection)
    with reading(first) as source, writing(middle) as target:
        counted = sync_tables(source, target)
        target.execute(text("UPDATE product SET price = price + 0.01 WHERE id = 7"))
        with pytest.raises(Conflict, match=r"table product of the copy has 3 rows with checksum \w+, and 3 with"):
            check_tables(target, counted)


def test_a_copy_that_is_not_committed_leaves_nothing(folder: Path, fill: Callable[..., None]) -> None:
    source, target = (open_database(f"sqlite:///{folder}/{name}.db") for name in ("source", "target"))
    with source.engine.connect() as connection:
        fill(connection)
    with reading(source) as rows, writing(target) as written:
        sync_tables(rows, written)
    with reading(target) as connection:
        assert not is_filled(connection)
    source.close()
    target.close()


def test_readers_see_one_moment_while_others_write(database: Database, fill: Callable[..., None]) -> None:
    with database.engine.connect() as connection:
        fill(connection)
    with reading(database) as connection:
        before = TableReader.of(PRODUCT).count(connection)
        with database.engine.begin() as other:
            other.execute(text("UPDATE product SET stock = 0"))
        assert TableReader.of(PRODUCT).count(connection) == before
    with reading(database) as connection:
        assert TableReader.of(PRODUCT).count(connection) != before


MOVE = """
import sys
from service.backup.move import move_tables
from service.store.database import open_database
move_tables(*map(open_database, sys.argv[1:]))
"""


def test_a_move_that_is_killed_goes_on_where_it_was(
    folder: Path, fresh_postgres: Callable[[], str], stored_rows: Callable[[Connection], Any]
) -> None:
    source, target = open_database(f"sqlite:///{folder}/shop.db"), open_database(fresh_postgres())
    moments = {"created_at": datetime(2025, 1, 1, tzinfo=UTC), "preferences": {}, "features": {}}
    with source.engine.begin() as connection:
        rows = [{"id": n, "external_id": f"u{n}", "tenant": "t", **moments} for n in range(1, 20_001)]
        connection.execute(insert(USERS), rows)
    url = target.engine.url.render_as_string(hide_password=False)
    reached = [0]
    while len(reached) < 3:
        process = subprocess.Popen([sys.executable, "-c", MOVE, f"sqlite:///{folder}/shop.db", url])
        while (count := rows_of(target)) < reached[-1] + 4000 and process.poll() is None:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        reached.append(count)
        assert rows_of(target) >= count
    looked: list[int] = []
    with reading(source) as read, writing(target) as written:
        there = rows_of(target)
        counted = sync_tables(read, written, on_rows=lambda _, n: looked.append(n), after_page=commit_page)
        check_tables(written, counted)
    assert there < 20_000
    assert sum(looked) == rows_of(target) == 20_000
    source.close()
    target.close()


def rows_of(database: Database) -> int:
    with reading(database) as connection:
        return int(connection.execute(select(func.count()).select_from(USERS)).scalar() or 0)
