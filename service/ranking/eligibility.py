"""The truth check after retrieval: who may be shown, and why the others may not.

The same conditions already went into the Qdrant filters; they are checked again on what SQL says now, because an index
may be a moment behind.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from service.core.filters import Condition, matches

GONE = "gone"
HIDDEN = "hidden"
SOLD_OUT = "sold_out"
FILTERED = "filtered"


def why_not(
    ids: Iterable[int], payloads: Mapping[int, Mapping[str, Any]], wanted: Condition | None, *, in_stock_only: bool
) -> dict[int, str]:
    """The ineligible ones among `ids`, each with its first reason.

    Parameters
    ----------
    payloads : product id -> its fields as the database has them now; a missing id no longer exists.
    wanted : the request's filter.

    Examples
    --------
    >>> shop = {1: {"visible": True, "in_stock": False}, 2: {"visible": True, "in_stock": True}}
    >>> why_not([1, 2, 3], shop, None, in_stock_only=True)
    {1: 'sold_out', 3: 'gone'}
    """
    reasons = {}
    for product_id in ids:
        payload = payloads.get(product_id)
        if payload is None:
            reasons[product_id] = GONE
        elif not payload["visible"]:
            reasons[product_id] = HIDDEN
        elif in_stock_only and not payload["in_stock"]:
            reasons[product_id] = SOLD_OUT
        elif wanted is not None and not matches(wanted, payload, product_id):
            reasons[product_id] = FILTERED
    return reasons
