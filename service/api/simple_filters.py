"""The common filters as plain query parameters, for links and for people."""

from typing import Annotated

from fastapi import Depends, Query

from service.core.filters import Condition, Filter, Match, Range, all_of

_Names = Annotated[list[str] | None, Query(max_length=100)]
_Amount = Annotated[float | None, Query(ge=0, lt=1e12, allow_inf_nan=False)]


async def _simple_filter(
    brand: _Names = None,
    category: Annotated[list[str] | None, Query(max_length=100, description="'Home' or 'Home > Kitchen'")] = None,
    tag: _Names = None,
    min_price: _Amount = None,
    max_price: _Amount = None,
    min_rating: Annotated[float | None, Query(ge=0, le=5)] = None,
    in_stock: bool | None = None,
) -> Filter | None:
    """All of the given ones; several values of one parameter mean any of them."""
    conditions: list[Condition | None] = [
        Match(field, tuple(values)) if values else None
        for field, values in (("brand", brand), ("category", category), ("tags", tag))
    ]
    if min_price is not None or max_price is not None:
        conditions.append(Range("price", gte=min_price, lte=max_price))
    if min_rating is not None:
        conditions.append(Range("rating", gte=min_rating))
    if in_stock is not None:
        conditions.append(Match("in_stock", (in_stock,)))
    return all_of(*conditions)


SimpleFilter = Annotated[Filter | None, Depends(_simple_filter)]
