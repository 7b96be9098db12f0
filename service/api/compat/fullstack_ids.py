"""Products by number, as the fullstack API names them.

A number is the product whose own id is that number in decimal, or else the product with that internal id whose own id
is no number. Where both are there, the second one goes by its internal id with a minus, so that a number in an answer
always comes back to the product it was given for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from sqlmodel import Session

from service.store.catalog import get_products, product_ids
from service.store.product_rows import StoredProduct

LARGEST = 2**53 - 1
"""Beyond this JavaScript cannot tell numbers apart; longer ids are names."""

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,15}")


def own_number(external_id: str) -> int | None:
    """The number that a shop's own id is; None where it is a name.

    Examples
    --------
    >>> own_number("42"), own_number("0"), own_number("007"), own_number("mug-1"), own_number(str(2**53))
    (42, 0, None, None, None)
    """
    if _DECIMAL.fullmatch(external_id) is None or int(external_id) > LARGEST:
        return None
    return int(external_id)


def ids_of(session: Session, tenant: str, numbers: Iterable[int]) -> dict[int, str]:
    """Number -> the shop's own id; numbers that no product has are left out."""
    wanted = set(numbers)
    named = product_ids(session, tenant, [str(number) for number in wanted if number >= 0])
    found = {number: str(number) for number in wanted if str(number) in named}
    stored = get_products(session, [abs(number) for number in wanted if number not in found])
    for number in wanted - found.keys():
        one = stored.get(abs(number))
        if one is not None and one.product.tenant == tenant and own_number(one.product.external_id) is None:
            found[number] = one.product.external_id
    return found


def numbers_of(session: Session, tenant: str, products: Sequence[StoredProduct]) -> Mapping[int, int]:
    """Internal id -> the number each of these products goes by."""
    names = [stored.id for stored in products if own_number(stored.product.external_id) is None]
    taken = product_ids(session, tenant, map(str, names))
    return {stored.id: _number(stored, taken) for stored in products}


def _number(stored: StoredProduct, taken: Mapping[str, int]) -> int:
    own = own_number(stored.product.external_id)
    if own is not None:
        return own
    return -stored.id if str(stored.id) in taken else stored.id
