"""What was shown comes back as it was, on both engines."""

from datetime import UTC, datetime, timedelta

from service.core.draw import Draw
from service.core.impression import Impression
from service.core.types import RankedItem
from service.store.database import Database
from service.store.impressions import impressions_of_request, read_impressions, write_impressions

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def shown(request_id: str, hours: float = 0, surface: str = "home", tenant: str = "default") -> Impression:
    items = (
        RankedItem(7, 1, 0.75, {"cf": 0.5, "text": 0.25}, 0.125, "cf", "personal"),
        RankedItem(9, 2, 0.5, {"text": 0.5}, 1.0, "text", "content"),
    )
    at = NOW + timedelta(hours=hours)
    draw = Draw((9, 7, 8), {"cf": (0.0, 0.5, 0.25)}, {"temperature": 0.5})
    return Impression(
        request_id, tenant, surface, None, {"variety": "b"}, "r1", "anna", None, at, "personal", items, draw
    )


def test_a_slate_comes_back_as_it_was_shown(database: Database) -> None:
    one = shown("r-1")
    with database.session() as session:
        write_impressions(session, [one])
    with database.session() as session:
        assert impressions_of_request(session, "default", "r-1") == [one]
        assert impressions_of_request(session, "other", "r-1") == []


def test_they_are_read_by_time_and_surface_oldest_first(database: Database) -> None:
    with database.session() as session:
        write_impressions(session, [shown("late", 2), shown("early", 0), shown("similar", 1, "similar")])
        write_impressions(session, [shown("foreign", 1, tenant="other")])
        write_impressions(session, [])

    def ids(**wanted: object) -> list[str]:
        return [one.request_id for one in read_impressions(database, "default", **wanted)]  # type: ignore[arg-type]

    assert ids() == ["early", "similar", "late"]
    assert ids(surface="home") == ["early", "late"]
    assert ids(since=NOW + timedelta(hours=1), until=NOW + timedelta(hours=2)) == ["similar"]
