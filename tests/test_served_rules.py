"""Rules kept in memory follow the database, and outlive its silence."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.core.fields import PRODUCT_FIELDS
from service.served_rules import LiveRules
from service.store.database import Database, open_database
from service.store.rules import delete_rule, put_rule

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/shop.db")
    yield database
    database.close()


def live(database: Database, refresh_s: float) -> LiveRules:
    return LiveRules(database, PRODUCT_FIELDS, {"home": 100}, refresh_s)


def keep(database: Database, rule_id: str, *, at: datetime = NOW, **also: object) -> None:
    condition = {"must": [{"field": "brand", "match": "Alba"}]}
    rule = {"id": rule_id, "condition": condition, "consequence": {"kind": "exclude"}, **also}
    with database.session() as session:
        put_rule(session, "default", rule, now=at)


def ids(rules: LiveRules, tenant: str = "default") -> list[str]:
    return [rule.id for rule in rules.current(tenant)]


def test_what_another_process_changes_is_noticed_and_ordered(database: Database) -> None:
    rules = live(database, refresh_s=0)
    assert ids(rules) == []
    keep(database, "b")
    keep(database, "a")
    keep(database, "c", priority=1)
    assert ids(rules) == ["c", "a", "b"]
    assert ids(rules, "other") == []
    keep(database, "b", priority=2, at=NOW + timedelta(seconds=1))
    assert ids(rules) == ["b", "c", "a"]
    with database.session() as session:
        delete_rule(session, "default", "c")
    assert ids(rules) == ["b", "a"]


def test_between_two_looks_a_change_counts_only_when_asked_to_look(database: Database) -> None:
    rules = live(database, refresh_s=3600)
    assert ids(rules) == []
    keep(database, "a")
    assert ids(rules) == []
    rules.refresh("default")
    assert ids(rules) == ["a"]
    keep(database, "a", priority=7)  # in the same moment as before
    rules.refresh("default")
    assert rules.current("default")[0].priority == 7


def test_a_rule_that_the_configuration_no_longer_allows_is_left_out(database: Database) -> None:
    keep(database, "old", condition={"must": [{"field": "attributes.gone", "match": "x"}]})
    keep(database, "moon", scope={"surfaces": ["moon"]})
    keep(database, "good")
    assert ids(live(database, 0)) == ["good"]


def test_a_database_that_fails_leaves_the_last_rules_in_force(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = live(database, refresh_s=0)
    keep(database, "a")
    assert ids(rules) == ["a"]
    monkeypatch.setattr("service.served_rules.rules_version", lambda *_: 1 / 0)
    assert ids(rules) == ["a"]
