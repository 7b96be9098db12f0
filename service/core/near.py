"""What products are to have in common with another one, or not."""

from dataclasses import asdict, dataclass, replace

from service.core.filters import Condition, Filter, Match, Range, all_of


@dataclass(frozen=True, slots=True)
class Near:
    """How near to a product others are to be, similarity aside; None asks nothing.

    Attributes
    ----------
    price_band : largest difference of the price, as a share of the product's own, above 0.
    same_brand, same_category : True for its own brand or narrowest category, False for any other.
    """

    price_band: float | None = None
    same_brand: bool | None = None
    same_category: bool | None = None

    def over(self, other: "Near") -> "Near":
        """This, and where it asks nothing the other.

        Examples
        --------
        >>> Near(same_brand=True).over(Near(price_band=0.2, same_brand=False))
        Near(price_band=0.2, same_brand=True, same_category=None)
        """
        asked = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(other, **asked)


NOWHERE = Near()


def near_filter(
    near: Near, *, price: float | None, currency: str | None, brand: str | None, category: str | None
) -> tuple[Filter | None, tuple[str, ...]]:
    """What others must meet to be near a product, and what cannot be asked because the product does not have it.

    Parameters
    ----------
    price : of the product, in major units. category : its narrowest path.

    Examples
    --------
    >>> near_filter(Near(price_band=0.25, same_brand=False), price=20.0, currency=None, brand=None, category=None)
    (Filter(must=(Range(field='price', gte=15.0, gt=None, lte=25.0, lt=None),), should=(), must_not=()), ('brand',))
    """
    found: list[Condition | None] = []
    missing: list[str] = []
    for field, value, same in (("brand", brand, near.same_brand), ("category", category, near.same_category)):
        if same is not None and value is None:
            missing.append(field)
        elif same is not None:
            is_its_own = Match(field, (str(value),))
            found.append(is_its_own if same else Filter(must_not=(is_its_own,)))
    if near.price_band is not None and price is None:
        missing.append("price")
    elif near.price_band is not None and price is not None:
        # what is left of a difference of two decimals must not keep a product out that lies right on the border
        low, high = (round(price * (1 + sign * near.price_band), 6) for sign in (-1, 1))
        found += [Range("price", gte=low, lte=high), Match("currency", (currency,)) if currency else None]
    return all_of(*found), tuple(missing)
