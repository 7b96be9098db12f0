"""Nothing of the future gets into training, whatever the order of the file."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.offline.split import SPLITS, Split, global_time, leave_last_out, per_user_time, session_prefix
from service.core.errors import InvalidQuery
from service.core.types import EventType, Interaction

START = datetime(2025, 1, 1, tzinfo=UTC)


def bought(user: str, product: str, hour: int) -> Interaction:
    return Interaction(EventType.PURCHASE, START + timedelta(hours=hour), user=user, product=product)


def week(user: str = "anna") -> list[Interaction]:
    """Seven purchases, a to g."""
    return [bought(user, product, hour) for hour, product in enumerate("abcdefg")]


def products(events: Sequence[Interaction]) -> str:
    return "".join(event.product or "" for event in events)


logs = st.lists(
    st.builds(bought, st.sampled_from("uvw"), st.sampled_from("abcdefghijkl"), st.integers(0, 30)),
    min_size=1,
    max_size=60,
)


@given(logs, st.sampled_from([per_user_time, leave_last_out]))
def test_what_is_foreseen_is_never_older_than_what_is_known_of_that_user(
    events: list[Interaction], cut: Callable[[Sequence[Interaction]], Split]
) -> None:
    try:
        split = cut(events)
    except InvalidQuery:
        return  # too few interactions to ask anybody
    known = [*split.train, *split.later]
    for user, relevant in split.relevant.items():
        past = [event for event in known if event.user == user]
        held_out = [event for event in events if event.user == user and event not in known]
        assert relevant
        assert not relevant & {event.product for event in past}
        assert relevant <= {event.product for event in held_out}
        assert max(event.at for event in past) <= min(event.at for event in held_out)


visitors = st.lists(
    st.builds(
        lambda user, product, minute, session: Interaction(
            EventType.VIEW, START + timedelta(minutes=minute), user=user, session=session, product=product
        ),
        st.sampled_from("uvw"),
        st.sampled_from("abcdefghijkl"),
        st.integers(0, 300),
        st.sampled_from([None, "s1", "s2", "s3", "s4"]),
    ),
    min_size=1,
    max_size=60,
)


@given(visitors, st.sampled_from([global_time, session_prefix]))
def test_nothing_is_trained_on_that_is_as_new_as_what_is_foreseen(
    events: list[Interaction], cut: Callable[[Sequence[Interaction]], Split]
) -> None:
    try:
        split = cut(events)
    except InvalidQuery:
        return
    newest = max(event.at for event in split.train)
    told = {(event.user, event.product) for event in (*split.train, *split.later)}
    last = {event.user: event.at for event in sorted(split.later, key=lambda event: event.at)}
    for user, relevant in split.relevant.items():
        foreseen = [e for e in events if e.product in relevant and e.at > newest and _is_of(e, user)]
        assert {event.product for event in foreseen} == relevant
        assert not {(user, product) for product in relevant} & told
        assert user not in last or last[user] <= max(event.at for event in foreseen)
    assert all(event.at > newest for event in split.later)


def _is_of(event: Interaction, user: str) -> bool:
    """Whether this may be an interaction of that user or visit."""
    return user in (event.user, f"session:{event.session}") or user.startswith(f"user:{event.user}:")


@given(logs, st.sampled_from([per_user_time, leave_last_out]))
def test_every_interaction_is_in_one_part_at_most(
    events: list[Interaction], cut: Callable[[Sequence[Interaction]], Split]
) -> None:
    try:
        split = cut(events)
    except InvalidQuery:
        return
    parts = [id(event) for event in (*split.train, *split.later)]
    assert len(parts) == len(set(parts)) < len(events)


def test_the_newest_fifth_is_foreseen_rounded_down() -> None:
    split = per_user_time(week()[::-1])
    assert products(split.train) == "abcdef"  # a fifth of 7 is 1
    assert split.relevant == {"anna": {"g"}}
    assert not split.later


def test_users_with_fewer_than_five_are_trained_on_but_not_asked() -> None:
    split = per_user_time([*week(), *week("ben")[:4]])
    assert products(split.train) == "abcdefabcd"
    assert set(split.relevant) == {"anna"}


def test_the_second_last_is_told_after_training() -> None:
    split = leave_last_out([*week(), *week("ben")[:2]])
    assert (products(split.train), products(split.later)) == ("abcdeab", "f")
    assert split.relevant == {"anna": {"g"}}


def test_a_product_met_before_cannot_be_foreseen() -> None:
    assert leave_last_out([*week(), *week("ben")[:3], bought("ben", "a", 9)]).relevant == {"anna": {"g"}}


def test_one_cut_for_all_asks_newcomers_too() -> None:
    split = global_time([*week(), *(bought("ben", product, 6) for product in "agh")], share=0.4)
    assert products(split.train) == "abcdef"  # four of ten are the newest: all of hour 6
    assert split.relevant == {"anna": {"g"}, "ben": {"a", "g", "h"}}
    assert split.asked_at == START + timedelta(hours=6)


def test_a_visit_is_told_up_to_its_middle() -> None:
    first = [replace(bought("anna", product, 0), session="s1") for product in "ab"]
    second = [replace(bought("anna", product, 1), session="s2") for product in "bcde"]
    across = [replace(bought("ben", product, hour), session="s3") for hour, product in enumerate("xy")]
    split = session_prefix([*second, *first, *across], share=0.6)
    assert products(split.train) == "ab"
    assert products(split.later) == "bc"
    assert split.relevant == {"session:s2": {"d", "e"}}
    assert {event.user for event in split.train} == {"session:s1"}


def test_without_sessions_silence_ends_a_visit() -> None:
    events = [bought("anna", product, hour) for hour, product in ((0, "a"), (0, "b"), (5, "c"), (5, "d"))]
    split = session_prefix(events, share=0.5)
    assert split.relevant == {"user:anna:2": {"d"}}


@pytest.mark.parametrize("cut", SPLITS.values(), ids=SPLITS)
@pytest.mark.parametrize("events", [[], week()[:2]])
def test_an_empty_split_says_so(events: list[Interaction], cut: Callable[[Sequence[Interaction]], Split]) -> None:
    if events and cut is global_time:
        events = events[:1]
    with pytest.raises(InvalidQuery, match="the split is empty"):
        cut(events)
