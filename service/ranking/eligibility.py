"""The truth check after retrieval: who may be shown, and why the others may not.

The same conditions already went into the Qdrant filters; they are checked again on what SQL says now, because an index
may be a moment behind.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from service.core.filters import Condition, matches

GONE = "gone"
HIDDEN = "hidden"
SOLD_OUT = "sold_out"
FILTERED = "filtered"
EXCLUDED = "excluded"


class State(Protocol):
    """What decides whether a product may be shown, as the database has it now."""

    @property
    def visible(self) -> bool:
        """Whether the merchant shows it."""

    @property
    def in_stock(self) -> bool:
        """Whether it can be bought."""

    def payload(self) -> Mapping[str, Any]:
        """Its fields as filters see them."""


def why_not(
    ids: Iterable[int], states: Mapping[int, State], wanted: Condition | None, *, in_stock_only: bool
) -> dict[int, str]:
    """The ineligible ones among `ids`, each with its first reason.

    Parameters
    ----------
    states : by product id; a missing one no longer exists. wanted : the request's filter.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> shop = {1: SimpleNamespace(visible=True, in_stock=False), 2: SimpleNamespace(visible=True, in_stock=True)}
    >>> why_not([1, 2, 3], shop, None, in_stock_only=True)
    {1: 'sold_out', 3: 'gone'}
    """
    reasons = {}
    for product_id in ids:
        state = states.get(product_id)
        if state is None:
            reasons[product_id] = GONE
        elif not state.visible:
            reasons[product_id] = HIDDEN
        elif in_stock_only and not state.in_stock:
            reasons[product_id] = SOLD_OUT
        elif wanted is not None and not matches(wanted, state.payload(), product_id):
            reasons[product_id] = FILTERED
    return reasons
