"""What the recent past says of products, by sums a reader can check."""

import numpy as np

from service.ranking.taste import recent_products


def opinions(products: list[int], weights: list[float], hidden: frozenset[int] = frozenset()) -> dict[int, float]:
    ids, sums = recent_products(np.array(products), np.array(weights, np.float32), hidden, limit=9)
    return dict(zip(ids.tolist(), sums.tolist(), strict=True))


def test_what_was_done_with_a_product_adds_up() -> None:
    assert opinions([7, 8, 7], [1, 1, 3]) == {7: 4.0, 8: 1.0}


def test_a_hidden_product_is_disliked_however_often_it_was_looked_at_or_bought() -> None:
    assert opinions([7, 8, 7, 7], [-5, 1, 1, 5], frozenset({7})) == {7: -5.0, 8: 1.0}


def test_a_product_hidden_before_the_past_that_is_looked_at_says_nothing() -> None:
    assert opinions([7, 8], [5, 1], frozenset({7})) == {8: 1.0}
