"""Nothing of the future gets into training, whatever the order of the file."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.offline.split import Split, leave_last_out, per_user_time
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


@pytest.mark.parametrize("events", [[], week()[:2]])
def test_an_empty_split_says_so(events: list[Interaction]) -> None:
    with pytest.raises(InvalidQuery, match="the split is empty"):
        leave_last_out(events)
