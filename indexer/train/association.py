"""Frequently bought together: association rules of baskets by FP-Growth; the only module that imports mlxtend."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.train.matrix import Csr, csr
from service.core.types import Floats

_Itemset = frozenset[int]


@dataclass(frozen=True, slots=True)
class Association:
    """Which rules to keep.

    Parameters
    ----------
    min_count : baskets a set of products must occur in, >= 1. min_confidence : in [0, 1].
    min_lift : 1 is what chance gives. max_length : products of a rule in all, 2 or 3.
    max_basket : a larger basket (a dealer's order, a crawler's session) is left out: its pairs grow with the square and
        say nothing of what belongs together.
    per_antecedent : rules kept for one antecedent, those of the highest lift.
    """

    min_count: int = 10
    min_confidence: float = 0.05
    min_lift: float = 1.5
    max_length: int = 2
    max_basket: int = 100
    per_antecedent: int = 50


@dataclass(frozen=True, slots=True)
class Rules:
    """R rules "who buys the antecedent buys the consequent", by antecedent, then descending lift.

    Attributes
    ----------
    antecedents : R ascending tuples of one or two products. consequents : int32[R].
    support : float32[R], share of baskets with all of the rule's products. confidence : float32[R], share of those with
        the antecedent that have the consequent too. lift : float32[R], confidence / the consequent's own share.
    """

    antecedents: tuple[tuple[int, ...], ...]
    consequents: NDArray[np.int32]
    support: Floats
    confidence: Floats
    lift: Floats

    def __len__(self) -> int:
        return len(self.antecedents)


@dataclass(frozen=True, slots=True)
class _Rule:
    antecedent: tuple[int, ...]
    consequent: int
    support: float
    confidence: float
    lift: float


def association_rules(baskets: NDArray[np.integer], items: NDArray[np.integer], params: Association) -> Rules:
    """Rules of the baskets.

    Parameters
    ----------
    baskets, items : int[N], a line says that this product (0..P-1) was in that basket (any numbers); a product twice
        in a basket counts once.

    Notes
    -----
    Shares are of all baskets with at least one product. Products below `min_count` are left out before the tree is
    built, so time and memory follow the lines of frequent products, not baskets x products.

    References
    ----------
    Han, Pei & Yin 2000, Mining Frequent Patterns without Candidate Generation, SIGMOD, doi:10.1145/342009.335372.

    Examples
    --------
    >>> baskets, items = np.array([1, 1, 2, 2, 3, 4]), np.array([7, 8, 7, 8, 7, 9])
    >>> rules = association_rules(baskets, items, Association(min_count=2, min_lift=1))
    >>> [(a, int(b), round(float(c), 2)) for a, b, c in zip(rules.antecedents, rules.consequents, rules.lift)]
    [((7,), 8, 1.33), ((8,), 7, 1.33)]
    """
    names, index = np.unique(baskets, return_inverse=True)
    if not len(names):
        return _columns([])
    bought = csr(index, items, np.ones(len(items)), (len(names), int(items.max()) + 1))
    sizes = np.diff(bought.indptr)
    bought = bought[sizes <= params.max_basket]
    counts = _frequent(bought, params)
    rules = _rules(counts, max(bought.shape[0], 1), params)
    return _columns(_best(rules, params.per_antecedent))


def _frequent(bought: Csr, params: Association) -> dict[_Itemset, int]:
    """Sets of products that occur often enough, with the number of baskets they occur in.

    mlxtend's tree and growth step are used without its `fpgrowth`, which spreads the table of baskets x products out
    densely: 1,000,000 baskets of 20,000 products would take 20 GB.
    """
    from mlxtend.frequent_patterns.fpcommon import FPTree  # type: ignore[import-untyped,unused-ignore]
    from mlxtend.frequent_patterns.fpgrowth import fpg_step  # type: ignore[import-untyped,unused-ignore]

    totals = np.bincount(bought.indices, minlength=bought.shape[1])
    frequent = np.flatnonzero(totals >= params.min_count)
    ranks = {int(item): rank for rank, item in enumerate(frequent[np.argsort(totals[frequent], kind="stable")])}
    tree = FPTree(ranks)
    for basket in _baskets(bought, frequent):
        # the most frequent first: baskets share their beginnings, the tree stays small
        tree.insert_itemset(sorted(basket, key=ranks.__getitem__, reverse=True))
    found = fpg_step(tree, params.min_count, None, params.max_length, 0)
    return {frozenset(itemset): int(count) for count, itemset in found if count >= params.min_count}


def _baskets(bought: Csr, frequent: NDArray[np.intp]) -> Iterator[list[int]]:
    """The frequent products of each basket."""
    kept = bought[:, frequent]
    for row in range(kept.shape[0]):
        yield frequent[kept.indices[kept.indptr[row] : kept.indptr[row + 1]]].tolist()


def _rules(counts: Mapping[_Itemset, int], baskets: int, params: Association) -> Iterator[_Rule]:
    for itemset, count in counts.items():
        if len(itemset) < 2:
            continue
        for consequent in itemset:
            antecedent = itemset - {consequent}
            confidence = count / counts[antecedent]
            lift = confidence * baskets / counts[frozenset((consequent,))]
            if confidence >= params.min_confidence and lift >= params.min_lift:
                yield _Rule(tuple(sorted(antecedent)), consequent, count / baskets, confidence, lift)


def _best(rules: Iterator[_Rule], per_antecedent: int) -> list[_Rule]:
    """Each antecedent's rules of the highest lift; equal ones by confidence, then by product."""
    kept: list[_Rule] = []
    previous, taken = None, 0
    for rule in sorted(rules, key=lambda rule: (rule.antecedent, -rule.lift, -rule.confidence, rule.consequent)):
        taken = taken + 1 if rule.antecedent == previous else 1
        previous = rule.antecedent
        if taken <= per_antecedent:
            kept.append(rule)
    return kept


def _columns(rules: list[_Rule]) -> Rules:
    return Rules(
        tuple(rule.antecedent for rule in rules),
        np.array([rule.consequent for rule in rules], np.int32),
        np.array([rule.support for rule in rules], np.float32),
        np.array([rule.confidence for rule in rules], np.float32),
        np.array([rule.lift for rule in rules], np.float32),
    )
