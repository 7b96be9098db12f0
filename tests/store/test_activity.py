"""What went on is counted by hand, on both engines."""

from datetime import UTC, datetime, timedelta

from service.core.impression import Impression
from service.core.types import EventType, Interaction, Product
from service.store.activity import DAY_S, HOUR_S, activity, interactions_per_product
from service.store.catalog import upsert_products
from service.store.database import Database
from service.store.events import record_events
from service.store.impressions import write_impressions

NOW = datetime(2026, 5, 3, 12, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def test_lists_people_and_events_are_counted_by_day_and_hour(database: Database) -> None:
    shown = [
        Impression(f"r{number}", "default", "home", None, {}, None, user, None, at, "personal", ())
        for number, (user, at) in enumerate((("anna", NOW), ("anna", NOW), ("bob", NOW), ("anna", NOW - 2 * DAY)))
    ]
    click = Interaction(EventType.CLICK, NOW, user="anna", product="mug")
    told = [
        click,
        Interaction(EventType.CLICK, NOW - timedelta(hours=1), user="bob", product="lamp"),
        Interaction(EventType.VIEW, NOW - 2 * DAY, user="anna", product="mug"),
        Interaction(EventType.HIDE, NOW, user="anna", product="bag"),
        Interaction(EventType.SEARCH, NOW, user="anna", query="mug"),
        Interaction(EventType.CLICK, NOW - 9 * DAY, user="anna", product="mug"),  # too long ago
    ]
    with database.session() as session:
        upsert_products(session, [Product(name, name) for name in ("mug", "lamp", "bag")])
        record_events(session, told, unknown_products="refuse", now=NOW)
        write_impressions(session, shown)
    midnight = NOW.replace(hour=0, minute=0)
    with database.session() as session:
        days = activity(session, "default", since=midnight - 2 * DAY, until=NOW, step_s=DAY_S)
        hours = activity(session, "default", since=NOW - timedelta(minutes=90), until=NOW, step_s=HOUR_S)
        other = activity(session, "other", since=midnight, until=NOW, step_s=DAY_S)
        counts = interactions_per_product(session, "default", NOW - 3 * DAY)
    assert [(one.at.day, one.lists, one.visitors) for one in days] == [(1, 1, 1), (2, 0, 0), (3, 3, 2)]
    assert days[0].events == {EventType.VIEW: 1}
    assert days[2].events == {EventType.CLICK: 2, EventType.HIDE: 1, EventType.SEARCH: 1}
    assert [(one.at.hour, one.events.get(EventType.CLICK, 0)) for one in hours] == [(11, 1), (12, 1)]
    assert [(one.lists, one.events) for one in other] == [(0, {})]
    assert counts == [2, 1]
