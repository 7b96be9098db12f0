"""What a page shows before any script runs: the shop's departments, and a few new products."""

from typing import Any

from service.api.products_io import shown
from service.context import Request
from service.core.fields import CATEGORY_SEPARATOR
from service.core.filters import matches
from service.core.popular import Popular
from service.rules_for import rules_for
from service.runtime import Runtime
from service.store.catalog import get_products
from service.store.payload import is_in_stock, product_payload

_DEPARTMENTS = 10
_LOOKED_AT = 24


def departments(popular: Popular | None) -> tuple[str, ...]:
    """The broadest categories, the most popular first."""
    paths = popular.categories if popular is not None else ()
    return tuple(dict.fromkeys(path.split(CATEGORY_SEPARATOR)[0] for path in paths))[:_DEPARTMENTS]


def showcase(runtime: Runtime, tenant: str, request_id: str, n: int) -> tuple[dict[str, Any], ...]:
    """What is new, as cards show it, one product per department; nothing where nothing was counted yet.

    At most a quarter of what is new: the shelves below repeat none of it, and a small shop needs its products there.
    """
    popular = runtime.services.popular(tenant)
    if popular is None:
        return ()
    required = rules_for(runtime.services, Request("trending", request_id, tenant)).filter
    ids = popular.newest.ids.tolist()[:_LOOKED_AT]
    with runtime.database.session() as session:
        found = get_products(session, ids)
    chosen: dict[str, dict[str, Any]] = {}
    for key in ids:
        product = found[key].product if key in found else None
        if product is None or not product.visible or not product.image or not is_in_stock(product.stock):
            continue
        department = product.category[0] if product.category else ""
        if department not in chosen and matches(required, product_payload(product), key):
            chosen[department] = {"id": product.external_id, **shown(product)}
    return tuple(chosen.values())[: min(n, max(1, len(ids) // 4))]
