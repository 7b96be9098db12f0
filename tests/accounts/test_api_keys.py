"""API keys: good for what they were made for and as long, and found at once among a hundred thousand."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from config.settings import Settings
from service.accounts.caller import EVERYTHING, Scope
from service.accounts.key_desk import make_key
from service.accounts.opaque import hash_of
from service.accounts.proof import Proofs
from service.accounts.secret import Keyring
from service.core.errors import InvalidQuery, NotAuthenticated, NotFound
from service.store.api_keys import find_key, list_keys, revoke_key
from service.store.database import Database

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def at() -> list[datetime]:
    return [NOW]


@pytest.fixture
def proofs(database: Database, tmp_path: Path, at: list[datetime]) -> Proofs:
    return Proofs(database, Keyring(Settings.model_construct(data_dir=tmp_path)), lambda: at[0], 60)


def made(database: Database, *scopes: str, tenant: str = "default", days: float | None = None) -> str:
    with database.session() as session:
        return make_key(session, tenant, "a key", scopes or ("read",), days=days, now=NOW).text


def test_a_key_may_do_what_it_was_made_for(database: Database, proofs: Proofs) -> None:
    caller = proofs.check(made(database, "read", "events", tenant="shoes"))
    assert (caller.tenant, caller.scopes) == ("shoes", {Scope.READ, Scope.EVENTS})
    assert proofs.check(made(database, "admin")).scopes == EVERYTHING


def test_a_key_ends_with_its_days_also_where_it_is_remembered(
    database: Database, proofs: Proofs, at: list[datetime]
) -> None:
    key = made(database, days=2)
    proofs.check(key)
    at[0] += timedelta(days=2, seconds=-1)
    assert proofs.known(key) is not None
    at[0] += timedelta(seconds=1)
    assert proofs.known(key) is None
    with pytest.raises(NotAuthenticated, match="expired"):
        proofs.check(key)


def test_a_revoked_key_is_void_and_stays_in_the_list(database: Database, proofs: Proofs) -> None:
    key = made(database)
    proofs.check(key)
    with database.session() as session:
        (stored,) = list_keys(session, "default")
        assert revoke_key(session, "default", stored.id, NOW).revoked_at == NOW
        assert revoke_key(session, "default", stored.id, NOW + timedelta(1)).revoked_at == NOW
        with pytest.raises(NotFound):
            revoke_key(session, "other", stored.id, NOW)
    proofs.forget()
    with pytest.raises(NotAuthenticated):
        proofs.check(key)


def test_when_a_key_was_used_is_noted_now_and_then(database: Database, proofs: Proofs, at: list[datetime]) -> None:
    key = made(database)
    for minutes, noted in ((0, 0), (4, 0), (6, 6)):
        at[0] = NOW + timedelta(minutes=minutes)
        proofs.forget()
        proofs.check(key)
        with database.session() as session:
            assert list_keys(session, "default")[0].last_used_at == NOW + timedelta(minutes=noted)


@pytest.mark.parametrize("key", ["", "vk_", "vk_x", "vk_" + "x" * 43, "vk_" + "x" * 10_000, "vk_\x00" + "x" * 42,
                                 "vk_' OR 1=1 --", "vr_" + "x" * 43, "Bearer", "\ud800"])  # fmt: skip
def test_what_is_no_key_is_refused(proofs: Proofs, key: str) -> None:
    with pytest.raises(NotAuthenticated):
        proofs.check(key)


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [("", ["read"], None), ("x" * 101, ["read"], None), ("a\nb", ["read"], None), ("a", [], None), ("a", ["all"], None),
     ("a", ["read"], 0), ("a", ["read"], -1), ("a", ["read"], float("nan")), ("a", ["read"], 1e9)],
)  # fmt: skip
def test_keys_that_make_no_sense_are_not_made(
    database: Database, name: str, scopes: list[str], days: float | None
) -> None:
    with database.session() as session, pytest.raises(InvalidQuery):
        make_key(session, "default", name, scopes, days=days, now=NOW)


def test_a_key_is_found_among_a_hundred_thousand_by_its_index(database: Database) -> None:
    packed = int(NOW.timestamp()) * 10**6 if database.dialect == "sqlite" else NOW
    many = {
        "sqlite": "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) "
        "INSERT INTO api_key (tenant, name, hash, hint, scopes, created_at) "
        "SELECT 'default', 'n', printf('%064x', i), 'vk_', '[\"read\"]', :now FROM n",
        "postgresql": "INSERT INTO api_key (tenant, name, hash, hint, scopes, created_at) "
        "SELECT 'default', 'n', lpad(to_hex(i), 64, '0'), 'vk_', '[\"read\"]', :now "
        "FROM generate_series(0, 99999) AS i",
    }
    with database.session() as session:
        session.connection().execute(text(many[database.dialect]), {"now": packed})
    key = made(database)
    with database.session() as session:
        find_key(session, "warm")
        start = time.perf_counter()
        found = find_key(session, hash_of(key) or "")
        took = time.perf_counter() - start
        assert found is not None
        assert found.id == 100_001
        assert took < 0.05  # milliseconds; reading all of them takes a tenth of a second and more
        explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
        session.connection().execute(text("ANALYZE api_key"))
        plan = str(session.connection().execute(text(f"{explain} SELECT id FROM api_key WHERE hash = 'x'")).all())
        assert "uq_api_key_hash" in plan or "sqlite_autoindex_api_key_1" in plan
        assert [key.id for key in list_keys(session, "default", limit=2, before=50)] == [49, 48]
