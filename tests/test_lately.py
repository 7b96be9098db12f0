"""The last hour, counted by hand."""

import pytest

from service.lately import Lately, together
from service.observed import Answered, Notes


def answered(
    seconds: float, status: int = 200, surface: str = "home", left_out: str = "", route: str = "/v1/home"
) -> Answered:
    notes = Notes([(surface, "personal", False, False)], {"cf": left_out} if left_out else {})
    return Answered("GET", route, status, 0.0, seconds, notes)


def test_each_minute_is_counted_by_itself_and_an_hour_is_kept() -> None:
    now, refused = [6_000.0], [0]
    lately = Lately(lambda: refused[0], lambda: now[0])
    lately.observe(answered(0.01))
    lately.observe(answered(0.3, status=503, left_out="deadline"))
    lately.observe(answered(9.0, route="/health/ready"))  # machines ask that
    now[0], refused[0] = 6_150.0, 7
    lately.observe(answered(0.01, surface="search"))
    first, silent, last = lately.minutes(3)
    assert [(one.at, one.requests, one.failed, one.refused) for one in (first, silent, last)] == [
        (6_000, 2, 1, 0), (6_060, 0, 0, 0), (6_120, 1, 0, 7),
    ]  # fmt: skip
    assert first.left_out == {("cf", "deadline"): 1}
    whole = together((first, silent, last))
    assert (whole.requests, whole.lists, sorted(whole.surfaces)) == (3, 3, ["home", "search"])
    # 1.9 of two answers: nine tenths of the way from 250 to 350 ms
    assert whole.surfaces["home"].quantile_ms(0.95) == pytest.approx(340)
    now[0] = 6_000.0 + 3_600
    assert [one.requests for one in lately.minutes() if one.requests] == [1]


def test_a_clock_that_is_set_back_loses_nothing() -> None:
    now = [6_000.0]
    lately = Lately(clock=lambda: now[0])
    lately.observe(answered(0.01))
    now[0] = 5_900.0
    lately.observe(answered(0.01))
    now[0] = 6_000.0
    assert lately.minutes(1)[0].requests == 2
