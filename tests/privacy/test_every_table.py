"""No table that can hold anything of a person is forgotten by exports and erasures."""

import io
import json
from typing import Any

from sqlalchemy import Table
from sqlmodel import SQLModel

from config.params import load_params
from service.privacy.export import Exporter
from service.privacy.personal import HELD, OF_NOBODY, PERSONAL_NAMES
from service.store import tables

OURS = {table.name for table in vars(tables).values() if isinstance(table, Table)}


def test_every_table_says_whether_it_holds_anything_of_a_person() -> None:
    known = {name for name in SQLModel.metadata.tables if name in OURS}
    assert known == OURS
    told = set(HELD) | set(OF_NOBODY)
    assert told == known, f"say in service/privacy/personal.py what these hold: {sorted(told ^ known)}"
    assert not set(HELD) & set(OF_NOBODY)


def test_every_column_that_speaks_of_a_person_is_listed() -> None:
    for name in sorted(OURS):
        table = SQLModel.metadata.tables[name]
        people = {
            column.name
            for column in table.columns
            if column.name in PERSONAL_NAMES
            or any(key.column.table.name in ("users", "account") for key in column.foreign_keys)
        }
        listed = HELD[name].columns if name in HELD else OF_NOBODY[name].columns
        assert people == set(listed), f"{name}: cover {sorted(people ^ set(listed))} in export and erasure, and list it"
        reason = HELD[name].why if name in HELD else OF_NOBODY[name].why
        assert reason or (HELD[name].exported and HELD[name].erased), name


def test_every_table_that_is_listed_is_exported_column_by_column_and_erased(shop: Any) -> None:
    file = io.BytesIO()
    Exporter(shop.database, load_params(), None).write("default", "ann", file, now=shop.now())
    document = json.loads(file.getvalue())
    erased = shop.eraser().erase("default", "ann").counts
    for name, holds in HELD.items():
        if holds.exported is not None:
            part = document[holds.exported]
            row = part[0] if isinstance(part, list) else part
            columns = {column.name for column in SQLModel.metadata.tables[name].columns}
            missing = columns - set(row) - set(holds.kept_back)
            assert not missing, f"{name}: export {sorted(missing)}, or list them as kept back"
        if holds.erased:
            assert erased[name] > 0, name
