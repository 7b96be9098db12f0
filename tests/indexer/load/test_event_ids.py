"""Events without an id get one that is the same at every load."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from indexer.load.event_ids import EventIds
from service.core.types import EventType, Interaction

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


def view(product: str = "P1", user: str = "anna", at: datetime = NOON, **more: object) -> Interaction:
    return Interaction(EventType.VIEW, at, user, product=product, **more)


def test_loading_the_same_file_twice_changes_nothing(shop):
    content = "user,type,product,at\nu,view,P1,2025-01-01\nu,view,P1,2025-01-01\nu,view,P2,2025-01-01\n,view,P2,1\n"
    first, second = shop.load_events(content), shop.load_events(content)
    assert (first.loaded, first.duplicates, first.rejected) == (3, 0, 1)
    assert (second.loaded, second.duplicates, second.rejected) == (0, 3, 1)
    assert len(shop.events) == 3


def test_a_longer_edition_of_a_file_adds_only_what_is_new(shop):
    content = "user,type,product,at\nu,view,P1,2025-01-01\nu,view,P1,2025-01-01\n"
    shop.load_events(content)
    longer = shop.load_events(content + "u,view,P1,2025-01-01\nu,view,P1,2025-01-02\n")
    assert (longer.duplicates, longer.loaded) == (2, 2)


def test_the_size_of_a_batch_makes_no_difference(shop):
    content = "user,type,product,at\n" + "u,view,P1,2025-01-01\nu,cart,P1,2025-01-01\n" * 5
    assert shop.load_events(content, batch=3).loaded == 10
    assert shop.load_events(content, batch=4).duplicates == 10


def test_an_id_of_the_shop_stays():
    (event,) = EventIds().fill([view(event_id="e1")])
    assert event.event_id == "e1"


def test_an_id_stands_for_who_what_and_when_and_not_for_the_zone_it_is_written_in():
    other_zone = NOON.astimezone(timezone(timedelta(hours=5)))
    first, same, later, other = EventIds().fill(
        [view(), view(at=other_zone, position=3), view(at=NOON + timedelta(seconds=1)), view(user="bert")]
    )
    assert same.event_id == f"{first.event_id}-2"
    assert len({first.event_id, later.event_id, other.event_id}) == 3


def test_a_user_and_a_session_of_the_same_name_are_two():
    user = Interaction(EventType.VIEW, NOON, user="7", product="P1")
    session = Interaction(EventType.VIEW, NOON, session="7", product="P1")
    first, second = EventIds().fill([user, session])
    assert first.event_id != second.event_id.removesuffix("-2")


@given(st.lists(st.lists(st.integers(0, 5), max_size=8), max_size=30))
def test_equal_rows_are_numbered_from_one_whatever_the_batches(batches):
    ids, filled = EventIds(), []
    for batch in batches:
        filled += ids.fill([view(f"P{number}") for number in batch])
    counts: Counter[str] = Counter()
    for event in filled:
        counts[event.product] += 1
        number = counts[event.product]
        assert event.event_id.endswith(f"-{number}") or (number == 1 and event.event_id.count("-") == 1)
    assert len({event.event_id for event in filled}) == len(filled)
