"""Estimates against a known truth, the naive average against the same, and the arithmetic of a weight."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from eval.offpolicy.candidate import ranked
from eval.offpolicy.estimate import ESTIMATORS, Sample, estimates, overlap
from eval.offpolicy.logged import are_as_logged, read_pools
from eval.offpolicy.sample import make_sample, plan

REPETITIONS = 200

Drawn = Callable[[int, int], Sample]


@pytest.fixture(scope="module")
def repeated(drawn: Drawn) -> list[dict[str, Any]]:
    return [estimates(drawn(400, seed), resamples=400, seed=seed) for seed in range(REPETITIONS)]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_truth_lies_in_the_interval_in_93_of_100_repetitions(world: Any, repeated: list, name: str) -> None:
    truth = world.value(world.candidate)
    found = [one[name] for one in repeated]
    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.93
    # and the mean of all repetitions is the truth, within three of its standard errors
    values = np.array([one.value for one in found])
    assert abs(values.mean() - truth) < 3 * values.std() / REPETITIONS**0.5


def test_the_naive_average_misses_it_nearly_every_time(world: Any, repeated: list) -> None:
    truth = world.value(world.candidate)
    assert np.mean([one["logged"].low <= truth <= one["logged"].high for one in repeated]) < 0.2
    own = world.value(world.logging)  # it is right about the configuration that was logged
    assert np.mean([one["logged"].low <= own <= one["logged"].high for one in repeated]) >= 0.93


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_lift_has_its_own_interval(world: Any, repeated: list, name: str) -> None:
    truth = world.value(world.candidate) - world.value(world.logging)
    assert np.mean([one[name].lift_low <= truth <= one[name].lift_high for one in repeated]) >= 0.93


def test_a_model_and_self_normalising_make_it_more_precise(repeated: list) -> None:
    widths = {name: np.mean([one[name].high - one[name].low for one in repeated]) for name in ESTIMATORS}
    assert widths["dr"] < widths["ips"]
    assert widths["snips"] < widths["ips"]


def test_a_bad_model_does_no_harm_to_dr(world: Any, drawn: Drawn) -> None:
    truth = world.value(world.candidate)
    sample = drawn(20_000, 1)
    # every product is thought to be worth .3 in every slot
    wrong = replace(sample, guess=np.full(sample.reward.shape, 0.3), direct=np.full(len(sample.reward), 4 * 0.3))
    found = estimates(wrong, resamples=200)["dr"]
    assert found.low <= truth <= found.high


def test_the_candidate_that_is_the_log_earns_what_was_earned(drawn: Drawn) -> None:
    sample = drawn(50, 3)
    same = replace(sample, target=sample.logged)
    found = estimates(same, resamples=50)
    assert found["ips"].value == pytest.approx(found["logged"].value)
    assert found["snips"].value == pytest.approx(found["logged"].value)
    assert overlap(same).ess == pytest.approx(len(sample.reward))


def test_clipping_is_counted_and_pulls_ips_down(drawn: Drawn) -> None:
    sample = drawn(500, 4)
    assert overlap(sample, clip=1.0).clipped == pytest.approx((sample.target > sample.logged).mean())
    assert estimates(sample, clip=1.0, resamples=50)["ips"].value < estimates(sample, resamples=50)["ips"].value


def test_real_slates_give_the_same_weights_as_the_world(world: Any) -> None:
    contexts = np.arange(60) % 60
    slates = [world.draw(int(context), seed) for seed, context in enumerate(contexts)]
    pools = read_pools(slates)
    assert are_as_logged(pools).all()
    planned = plan(slates, pools, world.candidate, lambda *_: pytest.fail("there is no MMR here"))
    reward = np.zeros(pools.shown.shape)
    reward[0, 0] = 1.0
    sample, unseen = make_sample(slates, pools, planned, 0.4, reward, np.arange(60), clip=100)
    place = [[world.products[c].tolist().index(item.product_id) for item in slate.items] for c, slate in
             enumerate(slates)]  # fmt: skip
    where = (contexts[:, None], np.arange(4), np.array(place))
    np.testing.assert_allclose(sample.logged, world.shares(world.logging)[where], rtol=1e-5)
    np.testing.assert_allclose(sample.target, world.shares(world.candidate)[where], rtol=1e-5)
    assert unseen < 0.01


def test_a_propensity_that_its_scores_do_not_give_is_noticed(world: Any) -> None:
    slates = [world.draw(0, seed) for seed in range(3)]
    items = slates[1].items
    slates[1] = replace(slates[1], items=(replace(items[0], propensity=items[0].propensity * 0.9), *items[1:]))
    assert are_as_logged(read_pools(slates)).tolist() == [True, False, True]


def test_a_slate_with_a_product_that_was_not_drawn_is_noticed(world: Any) -> None:
    slates = [world.draw(0, seed) for seed in range(2)]
    pinned = replace(slates[0].items[0], product_id=10_000)
    slates[0] = replace(slates[0], items=(pinned, *slates[0].items[1:]))
    assert are_as_logged(read_pools(slates)).tolist() == [False, True]


def test_a_boost_without_a_weight_of_its_own_stays_as_it_was(world: Any) -> None:
    slate = world.draw(0, 1)
    boost = tuple(100.0 if place == 5 else 0.0 for place in range(12))
    draw = replace(slate.draw, contributions={**slate.draw.contributions, "rule": boost})
    ids, scores = ranked(replace(slate, draw=draw), world.candidate, lambda *_: pytest.fail("there is no MMR here"))
    assert ids[0] == slate.draw.products[5]
    assert scores[0] > 90 > scores[1]
