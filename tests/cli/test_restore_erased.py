"""An older backup brings nobody back who was erased: receipts outlive the database they were written in."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.core.types import EventType, Interaction
from service.store.database import open_database
from service.store.events import merge_session, record_events

Vitrine = Callable[..., Any]
EARLY = datetime.now(UTC) - timedelta(days=2)


def recorded(folder: Path, *events: Interaction) -> list[str]:
    database = open_database(f"sqlite:///{folder}/vitrine.db")
    try:
        with database.session() as session:
            done = record_events(session, events, unknown_products="keep", now=datetime.now(UTC))
        return [one.status.value for one in done]
    finally:
        database.close()


def seen(user: str | None, session: str | None = None) -> Interaction:
    return Interaction(EventType.VIEW, EARLY, user, session, "p1")


def people(folder: Path) -> tuple[list[str], int]:
    """Users, and events of nobody known."""
    database = open_database(f"sqlite:///{folder}/vitrine.db")
    try:
        with database.session() as session:
            run = session.connection().exec_driver_sql
            names = [row[0] for row in run("SELECT external_id FROM users ORDER BY 1")]
            return names, run("SELECT count(*) FROM interaction WHERE user_id IS NULL").scalar_one()
    finally:
        database.close()


@pytest.fixture
def shop(vitrine: Vitrine, tmp_path: Path) -> Path:
    """A shop with three people and a visitor, and a backup of it beside it; then ann was erased, and carl too."""
    folder, file = tmp_path / "shop", tmp_path / "p.csv"
    file.write_text("id,name\np1,Mug\n")
    assert vitrine("--data-dir", folder, "load", "products", file).code == 0
    for user in ("ann", "bob", "carl"):
        recorded(folder, seen(user, f"tab-{user}"))
    recorded(folder, seen(None, "phone"), seen(None, "somebody"))
    assert vitrine("--data-dir", folder, "backup", tmp_path / "backup").code == 0
    database = open_database(f"sqlite:///{folder}/vitrine.db")
    with database.session() as session:  # only after the backup she signed in on her phone
        assert merge_session(session, "default", "ann", "phone") == 1
    database.close()
    return folder


def test_whoever_was_erased_after_the_backup_is_erased_again_by_the_receipt_they_have(
    vitrine: Vitrine, shop: Path, tmp_path: Path
) -> None:
    told = vitrine("--data-dir", shop, "privacy", "erase", "ann", "--json").json
    assert people(shop) == (["bob", "carl"], 1)
    restored = vitrine("--data-dir", shop, "restore", tmp_path / "backup", "--force", "--json")
    assert restored.code == 0, restored.err
    assert any("1 receipts of erasures after the backup are kept; 1 people and 1 rows" in one for one in
               restored.json["notes"])  # fmt: skip
    assert people(shop) == (["bob", "carl"], 1)  # the stranger's; what her phone did is gone although nobody is named
    assert recorded(shop, seen("ann"), seen("bob")) == ["refused", "recorded"]
    checked = vitrine("--data-dir", shop, "privacy", "check", told["receipt"], "--json")
    assert (checked.code, checked.json["verdict"]) == (0, "clean")
    assert checked.json["erased"]["users"] == 2  # twice
    again = vitrine("--data-dir", shop, "privacy", "recheck", "--json")
    assert (again.code, again.json) == (0, {"again": [], "erased": False})


def test_on_another_machine_a_file_of_receipts_does_the_same(vitrine: Vitrine, shop: Path, tmp_path: Path) -> None:
    vitrine("--data-dir", shop, "privacy", "erase", "ann")
    assert vitrine("--data-dir", shop, "privacy", "receipts", tmp_path / "receipts.json").code == 0
    assert (tmp_path / "receipts.json").stat().st_mode & 0o077 == 0
    assert "ann" not in (tmp_path / "receipts.json").read_text()
    other = ("--data-dir", tmp_path / "other")
    restored = vitrine(*other, "restore", tmp_path / "backup", "--json")
    assert any("--receipts" in one for one in restored.json["notes"])
    assert people(tmp_path / "other") == (["ann", "bob", "carl"], 2)
    options = ("privacy", "recheck", "--receipts", tmp_path / "receipts.json")
    looked = vitrine(*other, *options, "--json")
    assert looked.code == 1
    assert sorted(one["where"] for one in looked.json["again"]) == ["interaction", "users"]
    assert "Erase them" in vitrine(*other, *options).out
    assert vitrine(*other, *options, "--erase").code == 0
    assert people(tmp_path / "other") == (["bob", "carl"], 1)
    (tmp_path / "none.json").write_text(json.dumps({"salt": 1}))
    for bad in (tmp_path / "none.json", tmp_path / "missing.json", tmp_path):
        outcome = vitrine(*other, "privacy", "recheck", "--receipts", bad)
        assert (outcome.code, bool(outcome.complaint)) == (1, True)


def test_receipts_of_one_shop_erase_nobody_of_another(vitrine: Vitrine, shop: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    recorded(other, seen("bob"), seen("zoe"))
    vitrine("--data-dir", other, "privacy", "erase", "bob")
    outcome = vitrine("--data-dir", other, "restore", tmp_path / "backup", "--force", "--json")
    assert any("another shop" in one for one in outcome.json["notes"])
    assert people(other) == (["ann", "bob", "carl"], 2)
