"""Rules by hand arithmetic, and by a naive count of all sets."""

from itertools import combinations

import numpy as np
import pytest

from indexer.train.association import Association, Rules, association_rules

LOOSE = Association(min_count=1, min_confidence=0.0, min_lift=0.0, max_length=3)


def rules_of(baskets: list[list[int]], params: Association) -> Rules:
    lines = [(number, item) for number, basket in enumerate(baskets) for item in basket]
    names, items = zip(*lines, strict=True) if lines else ((), ())
    return association_rules(np.array(names, int), np.array(items, int), params)


def as_dict(rules: Rules) -> dict[tuple[tuple[int, ...], int], tuple[float, float, float]]:
    numbers = zip(rules.support.tolist(), rules.confidence.tolist(), rules.lift.tolist(), strict=True)
    return dict(zip(zip(rules.antecedents, rules.consequents.tolist(), strict=True), numbers, strict=True))


def test_support_confidence_and_lift_are_the_textbooks() -> None:
    # of 4 baskets: cup in 3, saucer in 2, both in 2
    found = as_dict(rules_of([[1, 2], [1, 2], [1], [3]], LOOSE))
    assert found[(1,), 2] == pytest.approx((2 / 4, 2 / 3, (2 / 3) / (2 / 4)))
    assert found[(2,), 1] == pytest.approx((2 / 4, 2 / 2, (2 / 2) / (3 / 4)))
    assert len(found) == 2


def test_all_rules_equal_a_naive_count() -> None:
    random = np.random.default_rng(3)
    baskets = [sorted(set(random.integers(0, 7, random.integers(1, 6)).tolist())) for _ in range(60)]
    params = Association(min_count=4, min_confidence=0.2, min_lift=1.0, max_length=3)

    def count(*items: int) -> int:
        return sum(set(items) <= set(basket) for basket in baskets)

    expected = {}
    for size in (2, 3):
        for itemset in combinations(range(7), size):
            for consequent in itemset:
                antecedent = tuple(item for item in itemset if item != consequent)
                together, before = count(*itemset), count(*antecedent)
                if together >= 4 and together / before >= 0.2 and together * 60 >= before * count(consequent):
                    lift = together / before * 60 / count(consequent)
                    expected[antecedent, consequent] = (together / 60, together / before, lift)
    found = as_dict(rules_of(baskets, params))
    assert found.keys() == expected.keys()
    assert len(found) > 10
    for rule, numbers in expected.items():
        assert found[rule] == pytest.approx(numbers, rel=1e-6)


def test_a_product_twice_in_a_basket_counts_once() -> None:
    assert as_dict(rules_of([[1, 1, 2], [3]], LOOSE)) == as_dict(rules_of([[1, 2], [3]], LOOSE))


def test_rare_sets_are_left_out() -> None:
    baskets = [[1, 2]] * 5 + [[1, 3]] * 4 + [[4]]
    found = as_dict(rules_of(baskets, Association(min_count=5, min_confidence=0, min_lift=0)))
    assert found.keys() == {((1,), 2), ((2,), 1)}


def test_a_dealers_order_is_left_out() -> None:
    baskets = [[1, 2], [1, 2], [*range(200)]]
    params = Association(min_count=2, min_confidence=0, min_lift=0, max_basket=100)
    found = as_dict(rules_of(baskets, params))
    assert found[(1,), 2] == pytest.approx((2 / 2, 1.0, 1.0))


def test_each_antecedent_keeps_its_rules_of_highest_lift_best_first() -> None:
    baskets = [[1, 2, 3]] * 2 + [[1, 2], [3], [3], [4]]
    rules = rules_of(baskets, Association(min_count=1, min_confidence=0, min_lift=0, per_antecedent=1))
    found = as_dict(rules)
    assert ((1,), 2) in found  # lift 2, against 3/2 * 2/3 ... for 3, which is bought without 1 as often
    assert ((1,), 3) not in found
    assert len(set(rules.antecedents)) == len(rules.antecedents)


@pytest.mark.parametrize("baskets", [[], [[1]], [[1], [2]], [[1, 2]]])
def test_no_baskets_or_lonely_products_make_no_rules(baskets: list[list[int]]) -> None:
    assert len(rules_of(baskets, Association())) == 0


def test_many_equal_baskets_of_many_products_stay_small() -> None:
    found = rules_of([[*range(60)]] * 30, Association(min_count=10, min_lift=0.0, per_antecedent=5))
    assert len(found) == 60 * 5
