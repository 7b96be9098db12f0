"""The products collection as the encoders need it, and everything embedded again where it holds nothing of use."""

from indexer.embed import ProductEncoders
from service.core.fields import FieldKind
from service.store.database import Database
from service.store.outbox import has_other_vectors, is_anything_indexed, mark_all_stale
from service.store.spaces import PRODUCTS, products_space
from service.store.vectors import VectorStore


def prepare_index(
    database: Database,
    store: VectorStore,
    encoders: ProductEncoders,
    fields: dict[str, FieldKind],
    *,
    rebuild: bool,
) -> None:
    """Make the products collection as these encoders and fields need it; what they did not make is embedded again.

    Parameters
    ----------
    rebuild : throw the collection away first.

    Raises
    ------
    ConfigurationError : there is a collection that cannot hold these vectors.
    """
    space = products_space(encoders.text.size, encoders.image.size if encoders.image else None, fields)
    if rebuild:
        store.drop(space.name)
    is_new = space.name not in store.names()
    if not is_new:
        store.create(space)  # refuses what the collection cannot hold before anything is marked
    with database.session() as session:
        # an empty collection, or vectors by other encoders, are no match for new queries: embed everything again.
        # Marked before the collection is made, so that being killed in between leaves nothing that looks done
        if is_new or has_other_vectors(session, encoders.fingerprint):
            mark_all_stale(session, forget_vectors=True)
    if is_new:
        store.create(space)


def refill_index(
    database: Database, store: VectorStore, encoders: ProductEncoders, fields: dict[str, FieldKind]
) -> bool:
    """Have everything embedded again if the index holds nothing of what it should; whether that was so."""
    if is_new := PRODUCTS not in store.names():
        prepare_index(database, store, encoders, fields, rebuild=False)
        return is_new
    with database.session() as session:
        if store.count(PRODUCTS) or not is_anything_indexed(session):
            return False
        mark_all_stale(session, forget_vectors=True)
    return True
