"""Who was in which variant and what they did, one row per visitor."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.attribution_log import Credited
from eval.resampling import sums_per
from eval.rewards import currencies_of, slot_rewards

Values = NDArray[np.float64]

OUT = -1


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """The variant of each slate, int64[I], or OUT; `mixed` visitors met several and are left out altogether."""

    variant: NDArray[np.int64]
    mixed: int


@dataclass(frozen=True, slots=True, eq=False)
class VisitorTable:
    """V visitors of one or all surfaces.

    Attributes
    ----------
    variant : int64[V]. slates, slots, clicks, buys : float64[V]; clicks are of slots clicked, buys of slots bought.
    revenue : currency -> float64[V], major units.
    """

    variant: NDArray[np.int64]
    slates: Values
    slots: Values
    clicks: Values
    buys: Values
    revenue: dict[str, Values]


def members(credited: Credited, experiment: str, variants: Sequence[str]) -> Members:
    """Who counts: slates that carry an arm of the experiment, of visitors who met one variant only."""
    slates = credited.slates
    by_arms = [
        variants.index(arms[experiment]) if arms.get(experiment) in variants else OUT for arms in slates.all_arms
    ]
    variant = np.array(by_arms, np.int64)[slates.arms] if by_arms else np.empty(0, np.int64)
    is_in = variant != OUT
    visitors = int(slates.visitor.max(initial=-1)) + 1
    lowest, highest = np.full(visitors, len(variants)), np.full(visitors, OUT)
    np.minimum.at(lowest, slates.visitor[is_in], variant[is_in])
    np.maximum.at(highest, slates.visitor[is_in], variant[is_in])
    is_mixed = (highest != OUT) & (lowest != highest)
    return Members(np.where(is_mixed[slates.visitor], OUT, variant), int(is_mixed.sum()))


def visitor_table(credited: Credited, found: Members, surface: str | None = None) -> VisitorTable:
    """What the members did on a surface, or on all that the experiment touches."""
    slates, shown = credited.slates, credited.shown
    counts = found.variant != OUT
    if surface is not None:
        counts = counts & (slates.surface == slates.surfaces.index(surface))
    ids, rows = np.unique(slates.visitor[counts], return_inverse=True)
    variant = np.zeros(len(ids), np.int64)
    variant[rows] = found.variant[counts]
    row_of_slate = np.full(len(counts), OUT)
    row_of_slate[counts] = rows
    of_slot = row_of_slate[shown.impression]
    is_in = of_slot != OUT
    currencies = currencies_of(credited)
    columns = [
        np.ones(len(shown.impression)),
        *(slot_rewards(credited, name).values for name in ("click", "purchase")),
        *(slot_rewards(credited, "revenue", currency).values for currency in currencies),
    ]
    sums = sums_per(of_slot[is_in], np.stack(columns, axis=1)[is_in], len(ids))
    seen = np.bincount(rows, minlength=len(ids)).astype(np.float64)
    revenue = {currency: sums[:, 3 + place] for place, currency in enumerate(currencies)}
    return VisitorTable(variant, seen, sums[:, 0], sums[:, 1], sums[:, 2], revenue)


def ratios_of(table: VisitorTable) -> dict[str, tuple[Values, Values]]:
    """Metric -> what is above and below the line, per visitor.

    * ctr = slots clicked / slots shown
    * conversion = visitors who bought / visitors
    * revenue_XXX = money of currency XXX / visitors
    """
    ones = np.ones(len(table.variant))
    found = {"ctr": (table.clicks, table.slots), "conversion": ((table.buys > 0).astype(np.float64), ones)}
    return found | {f"revenue_{currency}": (money, ones) for currency, money in table.revenue.items()}
