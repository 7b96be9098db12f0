"""What each rule did to a slate."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from service.core.columns import Mask
from service.core.rules import Boost, Pin, Rule, RuleAct
from service.ranking.fuse import Fused


def rule_acts(
    rules: Sequence[Rule],
    slate: Fused,
    matching: Mapping[str, Mask],
    pinned: Mapping[str, int],
    why_not: Mapping[str, list[str]],
) -> tuple[RuleAct, ...]:
    """One entry for each rule in force; a boost that changed no candidate did nothing.

    Parameters
    ----------
    slate : N products. matching : rule with a quota -> bool[N]. pinned : the merchant's id -> internal id.
    why_not : rule -> what could not be done.
    """
    return tuple(_acts(rules, slate, matching, pinned, why_not))


def joined(*complaints: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Rule -> all that is said of it."""
    found: dict[str, list[str]] = {}
    for one in complaints:
        for rule, texts in one.items():
            found.setdefault(rule, []).extend(texts)
    return found


def _acts(
    rules: Sequence[Rule],
    slate: Fused,
    matching: Mapping[str, Mask],
    pinned: Mapping[str, int],
    why_not: Mapping[str, list[str]],
) -> Iterator[RuleAct]:
    ids = slate.ids.tolist()
    touched = _touched(slate)
    for rule in rules:
        products: list[int] = []
        if isinstance(rule.consequence, Boost):
            slots = touched.get(rule.label)
            if slots is None:
                continue
            products = [ids[at] for at in slots]
        elif isinstance(rule.consequence, Pin):
            named = {pinned[name] for _, name in rule.consequence.places if name in pinned}
            products = [product for product in ids if product in named]
        elif rule.id in matching:
            products = slate.ids[matching[rule.id]].tolist()
        yield RuleAct(rule.id, rule.kind, tuple(products), tuple(why_not.get(rule.id, ())))


def _touched(slate: Fused) -> dict[str, list[int]]:
    """Contribution -> slots in which it is not 0; the names of all contributions."""
    found: dict[str, list[int]] = {name: [] for name in slate.signals}
    rows, slots = np.nonzero(slate.contributions)
    for row, slot in zip(rows.tolist(), slots.tolist(), strict=True):
        found[slate.signals[row]].append(slot)
    return found
