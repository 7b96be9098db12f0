"""Rules are kept per tenant and come back as they were given."""

from datetime import UTC, datetime, timedelta

import pytest

from service.core.errors import Conflict, InvalidQuery, NotFound
from service.store import rules as store
from service.store.database import Database

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SALE = {"id": "sale", "condition": {"must": [{"field": "tags", "match": "sale"}]}, "consequence": {"kind": "exclude"}}


def test_a_rule_comes_back_as_it_was_given(database: Database) -> None:
    with database.session() as session:
        store.add_rule(session, "default", SALE, now=NOW)
    with database.session() as session:
        assert store.get_rule(session, "default", "sale") == store.StoredRule("sale", NOW, NOW, SALE)
        assert store.list_rules(session, "other") == []


def test_an_id_is_given_once_and_replaced_on_demand(database: Database) -> None:
    later = NOW + timedelta(hours=1)
    with database.session() as session:
        store.put_rule(session, "default", SALE, now=NOW)
        before = store.rules_version(session, "default")
        with pytest.raises(Conflict, match="'sale' already; PUT replaces it"):
            store.add_rule(session, "default", SALE, now=NOW)
        changed = store.put_rule(session, "default", {**SALE, "name": "Sale"}, now=later)
        assert (changed.made_at, changed.updated_at, changed.data["name"]) == (NOW, later, "Sale")
        assert store.rules_version(session, "default") != before


def test_a_deleted_rule_is_gone_and_an_unknown_one_is_not_found(database: Database) -> None:
    with database.session() as session:
        store.add_rule(session, "default", SALE, now=NOW)
        store.delete_rule(session, "default", "sale")
        for name in ("sale", "no\x00such"):
            with pytest.raises(NotFound):
                store.delete_rule(session, "default", name)


def test_there_is_an_end_to_the_number_of_rules(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_RULES", 1)
    with database.session() as session:
        store.add_rule(session, "default", SALE, now=NOW)
        with pytest.raises(Conflict, match="there are 1 rules"):
            store.put_rule(session, "default", {**SALE, "id": "other"}, now=NOW)
        store.put_rule(session, "default", SALE, now=NOW)


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
def test_what_no_database_holds_is_refused_and_not_the_databases_fault(database: Database, text: str) -> None:
    bad = {**SALE, "condition": {"must": [{"field": "tags", "match": text}]}}
    with pytest.raises(InvalidQuery), database.session() as session:
        store.add_rule(session, "default", bad, now=NOW)
