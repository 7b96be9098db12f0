"""A bandit's draws: what they average to, what they depend on, and that they find the best arm."""

import numpy as np

from service.core.arms import STRENGTH, Arms, uniform
from service.core.exposure import Exposure
from service.core.popular import Kinds, TopList, no_kinds

PATHS = ("Bags", "Home > Kitchen", "Home > Lighting")
KINDS = Kinds(np.array([1, 2, 3, 4]), np.array([0, 1, 2, -1]), PATHS)
NOTHING = TopList(np.empty(0, np.int64), np.empty(0, np.float32))


def exposure(shown: list[float], clicked: list[float]) -> Exposure:
    ids = np.arange(1, len(shown) + 1)
    return Exposure(ids, np.array(shown), np.array(clicked), np.full(len(ids), 0.1), 0.1)


def arms(seed: int = 1, known: Exposure | None = None, context: tuple[str, ...] = (), trend: TopList = NOTHING) -> Arms:
    return Arms(np.arange(1, 5), known, trend, KINDS, context, seed)


def mean(products: np.ndarray, **of: object) -> np.ndarray:
    draws = [arms(seed * 7919, **of).draws(products) for seed in range(4000)]  # type: ignore[arg-type]
    return np.mean(draws, axis=0)


def test_a_draw_is_on_average_what_is_believed() -> None:
    known = exposure([0.0, 80.0], [0.0, 40.0])
    # prior .1 x .5, as nothing trends: 1 of 20 views; then 40 clicks of 80 views on top
    expected = [0.05, (0.05 * STRENGTH + 40) / (STRENGTH + 80)]
    assert np.allclose(mean(np.array([1, 2]), known=known), expected, atol=0.004)


def test_what_trends_is_believed_to_be_clicked_more() -> None:
    trend = TopList(np.array([3, 1]), np.array([8.0, 4.0], np.float32))
    assert np.allclose(mean(np.array([1, 2, 3]), trend=trend, known=exposure([], [])), [0.1, 0.05, 0.15], atol=0.004)


def test_what_was_shown_often_varies_less() -> None:
    known = exposure([0.0, 2000.0], [0.0, 100.0])
    draws = np.array([arms(seed, known).draws(np.array([1, 2])) for seed in range(0, 300_000, 1000)])
    assert draws[:, 0].std() > 5 * draws[:, 1].std()


def test_a_draw_is_repeatable_and_does_not_depend_on_who_else_is_asked_for() -> None:
    everybody = arms(5).draws(np.array([1, 2, 3, 99]))
    assert np.array_equal(arms(5).draws(np.array([3, 1, 99, 2])), everybody[[2, 0, 3, 1]])
    assert not np.array_equal(arms(6).draws(np.array([1, 2, 3, 99])), everybody)


def test_what_is_looked_at_now_counts_in_full_and_the_rest_less() -> None:
    products = np.array([1, 2, 3, 4, 99])
    ratio = arms(context=("Home > Kitchen",)).draws(products) / arms().draws(products)
    assert np.allclose(ratio, [0.5, 1.0, 0.75, 0.5, 0.5])


def test_nothing_known_at_all_still_gives_draws() -> None:
    bare = Arms(np.empty(0, np.int64), None, NOTHING, no_kinds(), ("Home",), 1)
    assert len(bare.draws(np.empty(0, np.int64))) == 0
    assert ((bare.draws(np.array([7, 8])) > 0) & (bare.draws(np.array([7, 8])) < 1)).all()


def test_more_clicks_than_views_are_no_crash() -> None:
    assert np.isfinite(arms(known=exposure([1.0], [5.0])).draws(np.array([1]))).all()


def test_the_best_arm_is_found() -> None:
    """Four products clicked 2, 4, 6 and 12 % of the times: of 30 rounds of 200 visitors the last belong to the best."""
    truth, shown, clicked = np.array([0.02, 0.04, 0.06, 0.12]), np.zeros(4), np.zeros(4)
    random, products, share = np.random.default_rng(2), np.arange(1, 5), 0.0
    for step in range(30):
        known = Exposure(products, shown, clicked, np.full(4, 0.05), 0.05)
        seeds = random.integers(0, 2**62, 200)
        chosen = np.array([arms(int(seed), known).draws(products).argmax() for seed in seeds])
        share = float((chosen == 3).mean())
        if step == 0:
            assert np.bincount(chosen, minlength=4).min() > 25  # in the beginning everybody is tried
        shown, clicked = shown.copy(), clicked.copy()
        np.add.at(shown, chosen, 1.0)
        np.add.at(clicked, chosen, (random.random(200) < truth[chosen]).astype(float))
    assert share > 0.9


def test_the_numbers_behind_the_draws_are_spread_evenly() -> None:
    numbers = uniform(np.arange(1, 20_001), 12345)
    assert abs(np.histogram(numbers, 20, (0, 1))[0] - 1000).max() < 130
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.03
