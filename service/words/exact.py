"""Products that a query names outright come first: by their id, or by a model number that hardly another one has."""

from collections.abc import Sequence

import numpy as np

from service.ranking.adjust import add_contributions
from service.ranking.fuse import Fused

EXACT = "exact"
_LONGEST, _MOST, _LEAST = 128, 8, 4


def ids_named(text: str) -> list[str]:
    """What of a query may be a merchant's id: all of it, and each word of four signs or more that has a digit.

    Examples
    --------
    >>> ids_named("case for B0BRK-7")
    ['case for B0BRK-7', 'B0BRK-7', 'b0brk-7']
    """
    words = [word for word in text.split() if len(word) >= _LEAST and any(sign.isdigit() for sign in word)]
    whole = text.strip()
    spelt = [form for one in (whole, *words) for form in ([one] if one == whole else [one, one.upper(), one.lower()])]
    if len(whole.split()) == 1:
        spelt += [whole.upper(), whole.lower()]
    return [one for one in dict.fromkeys(spelt) if 0 < len(one) <= _LONGEST][: 3 * _MOST]


def put_first(fused: Fused, exact: Sequence[int], weight: float) -> Fused:
    """The list with `weight` added to the scores of the products named, as a contribution called ``exact``."""
    if not exact or not weight:
        return fused
    is_named = np.isin(fused.ids, list(exact))
    return add_contributions(fused, {EXACT: weight * is_named.astype(np.float64)}) if is_named.any() else fused
