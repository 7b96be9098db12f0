"""Metrics beyond accuracy equal naive double loops, and keep their laws."""

from itertools import combinations
from math import isnan, log, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from eval.beyond import (
    coverage,
    exposure,
    gini,
    kind_diversity,
    miscalibration,
    novelty,
    personalisation,
    popularity_lift,
    slot_means,
    vector_diversity,
)

P, N = 9, 5  # products, slots
LISTS = st.lists(st.lists(st.integers(0, P - 1), unique=True, max_size=N), min_size=2, max_size=7)
SEEDS = st.integers(0, 1000)


def padded(lists: list[list[int]]) -> NDArray[np.int64]:
    return np.array([row + [-1] * (N - len(row)) for row in lists])


def same(ours: float, naive: float) -> bool:
    return (isnan(ours) and isnan(naive)) or ours == pytest.approx(naive, abs=1e-6)


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


@given(LISTS)
def test_coverage_and_gini_are_what_counting_gives(lists: list[list[int]]) -> None:
    counts = [sum(product in row for row in lists) for product in range(P)]
    shown = exposure(padded(lists), P)
    assert shown.tolist() == counts
    assert coverage(shown) == sum(count > 0 for count in counts) / P
    if sum(counts):
        apart = sum(abs(a - b) for a in counts for b in counts)  # the mean difference, which needs no sorting
        assert gini(shown) == pytest.approx(apart / (2 * P * sum(counts)))
    else:
        assert isnan(gini(shown))


@given(LISTS, SEEDS)
def test_novelty_is_the_mean_of_bits(lists: list[list[int]], seed: int) -> None:
    known_by = np.random.default_rng(seed).integers(0, 20, P)
    for row, value in zip(lists, novelty(padded(lists), known_by, users=20), strict=True):
        assert same(value, mean([-log2((known_by[product] + 1) / 21) for product in row]))


@given(LISTS, SEEDS)
def test_text_diversity_looks_at_every_pair_that_has_vectors(lists: list[list[int]], seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(P, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[seed % P] = 0
    for row, value in zip(lists, vector_diversity(padded(lists), vectors), strict=True):
        pairs = combinations([product for product in row if product != seed % P], 2)
        cosines = [float(vectors[a] @ vectors[b]) for a, b in pairs]
        assert same(value, 1 - mean(cosines))


@given(LISTS, SEEDS)
def test_kind_diversity_looks_at_every_pair_of_known_kind(lists: list[list[int]], seed: int) -> None:
    kinds = np.random.default_rng(seed).random((P, 3)) < 0.4
    for row, value in zip(lists, kind_diversity(padded(lists), kinds), strict=True):
        pairs = combinations([product for product in row if kinds[product].any()], 2)
        assert same(value, mean([float(not (kinds[a] & kinds[b]).any()) for a, b in pairs]))


@given(LISTS)
def test_personalisation_looks_at_every_pair_of_users(lists: list[list[int]]) -> None:
    overlaps = [len(set(a) & set(b)) / N for a, b in combinations(lists, 2)]
    assert personalisation(padded(lists), P) == pytest.approx(1 - mean(overlaps))


@given(LISTS, SEEDS)
def test_popularity_lift_compares_means_of_means(lists: list[list[int]], seed: int) -> None:
    popularity = np.random.default_rng(seed).random(P) + 0.1
    pasts = [[(seed + user) % P, (seed + 2 * user + 1) % P] for user in range(len(lists))]
    own = [mean([popularity[product] for product in past]) for past in pasts]
    pairs = [(mean([popularity[p] for p in row]), past) for row, past in zip(lists, own, strict=True) if row]
    wanted = mean([a for a, _ in pairs]) / mean([b for _, b in pairs]) - 1 if pairs else float("nan")
    assert same(popularity_lift(padded(lists), np.array(own), popularity), wanted)


@given(LISTS, SEEDS)
def test_miscalibration_is_the_sum_over_kinds(lists: list[list[int]], seed: int) -> None:
    random = np.random.default_rng(seed)
    shares, tastes = (random.dirichlet([0.5] * 3, size) for size in (P, len(lists)))
    for row, taste, value in zip(lists, tastes, miscalibration(tastes, padded(lists), shares), strict=True):
        shown = [mean([float(shares[p][g]) for p in row]) for g in range(3)]
        terms = [p * log(p / (0.99 * q + 0.01 * p)) for p, q in zip(taste, shown, strict=True) if p > 0]
        assert same(value, max(sum(terms), 0.0) if row else float("nan"))


def test_everybody_seeing_the_same_is_not_personal_and_all_is_one_products() -> None:
    lists = np.array([[0], [0], [0]])
    assert personalisation(lists, P) == 0
    assert gini(exposure(lists, P)) == pytest.approx((P - 1) / P)


def test_showing_what_one_never_chose_is_bounded_by_alpha() -> None:
    mug, lamp = [1.0, 0.0], [0.0, 1.0]
    found = miscalibration(np.array([mug]), np.array([[0]]), np.array([lamp, mug]))
    assert found.tolist() == pytest.approx([-log(0.01)])


def test_an_empty_list_has_no_mean() -> None:
    assert np.isnan(slot_means(np.array([[-1, -1]]), np.ones(P))).all()
