"""Users are made once, and what is known about them is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from service.core.errors import InvalidQuery, NotFound
from service.core.types import EventType, Interaction
from service.store.database import Database
from service.store.events import record_events
from service.store.users import (
    ensure_users,
    external_user_ids,
    find_user,
    get_user,
    put_user,
    user_features,
    user_ids,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_what_is_told_about_a_user_is_kept_and_replaced(database: Database) -> None:
    with database.session() as session:
        made = put_user(session, "default", "anna", preferences={"brands": ["Alba"]}, features={"age": "30s"}, now=NOW)
        assert (made.external_id, made.created_at, made.last_seen_at) == ("anna", NOW, None)
    with database.session() as session:
        later = put_user(session, "default", "anna", preferences={}, now=NOW + timedelta(days=1))
        assert (later.id, later.created_at) == (made.id, NOW)
        assert (later.preferences, later.features) == ({}, {"age": "30s"})
        put_user(session, "default", "ben", now=NOW)
        assert user_features(session, "default") == {made.id: {"age": "30s"}}


def test_an_unknown_user_is_not_found(database: Database) -> None:
    with database.session() as session:
        for name in ("nobody", "", "\x00", "\ud800"):
            assert find_user(session, "default", name) is None
            with pytest.raises(NotFound, match="there is no user with id"):
                get_user(session, "default", name)
        put_user(session, "default", "anna", now=NOW)
        assert find_user(session, "other", "anna") is None


@pytest.mark.parametrize("name", ["", "x" * 129, "a\x00", "\ud800"])
def test_an_id_that_cannot_be_stored_is_refused(database: Database, name: str) -> None:
    with database.session() as session, pytest.raises(InvalidQuery, match="a user id must have 1 to 128 characters"):
        put_user(session, "default", name, now=NOW)


def test_ids_are_found_both_ways(database: Database) -> None:
    with database.session() as session:
        made = ensure_users(session, "default", {"anna": NOW, "ben": NOW}, now=NOW)
        assert ensure_users(session, "default", {"ben": NOW, "carl": NOW}, now=NOW)["ben"] == made["ben"]
        assert user_ids(session, "default", ["anna", "ben", "nobody", "\x00"]) == made
        assert external_user_ids(session, [*made.values(), 10**9]) == {made["anna"]: "anna", made["ben"]: "ben"}
        assert ensure_users(session, "default", {}, now=NOW) == {}


def test_a_user_was_last_seen_at_the_newest_interaction_to_the_hour(database: Database) -> None:
    def seen_after(at: datetime) -> datetime | None:
        with database.session() as session:
            event = Interaction(EventType.SEARCH, at, user="anna", query="mug")
            record_events(session, [event], unknown_products="refuse", now=NOW)
            return get_user(session, "default", "anna").last_seen_at

    day, hour = timedelta(days=1), timedelta(hours=1)
    assert seen_after(NOW - day) == NOW - day
    assert seen_after(NOW - 2 * day) == NOW - day  # an older one loaded later
    assert seen_after(NOW - day + hour / 2) == NOW - day
    assert seen_after(NOW - day + hour) == NOW - day + hour
    assert seen_after(NOW + day) == NOW  # a clock that is ahead: nobody was seen in the future
