"""Step 2, hydrate: fetch everything known about a request, so that later steps need no look-ups of their own."""

from service.core.errors import IndexNotReady
from service.core.types import Anchor, Query
from service.encode.document import product_text
from service.signals import Encoders
from service.store import catalog
from service.store.database import Database
from service.store.spaces import PRODUCTS
from service.store.vectors import VectorStore


def hydrate(
    database: Database,
    store: VectorStore,
    encoders: Encoders,
    tenant: str,
    *,
    text: str | None,
    product: str | None,
    exclude: tuple[str, ...],
) -> tuple[Query, frozenset[int]]:
    """The query with its anchor's vectors, and the internal ids of the excluded products (unknown ones are ignored).

    Raises
    ------
    NotFound : there is no such anchor product.
    """
    with database.session() as session:
        stored = catalog.get_product(session, tenant, product) if product is not None else None
        excluded = frozenset(catalog.product_ids(session, tenant, exclude).values()) if exclude else frozenset()
    if stored is None:
        return Query(text), excluded
    slots = ("text",) if encoders.image is None else ("text", "image")
    record = store.retrieve(PRODUCTS, [stored.id], vectors=slots).get(stored.id)
    # a product saved a moment ago has no point yet: its words are enough for a first answer
    vectors = record.vectors if record else {"text": encoders.text.encode_query(product_text(stored.product))}
    if not vectors:
        raise IndexNotReady(f"product {product!r} has no vectors yet; run `vitrine index` or try again in a moment")
    return Query(text, Anchor(stored.id, vectors)), excluded
