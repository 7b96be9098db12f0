"""A shop that is opened, filled, indexed and counted: what most tests of a whole service begin with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from config.settings import Settings
from indexer.sync import index_stale
from service.core.types import Product
from service.runtime import Runtime, open_runtime
from service.store.catalog import upsert_products


@contextmanager
def open_shop(settings: Settings, products: Sequence[Product]) -> Iterator[Runtime]:
    """The runtime of a shop with these products, all of them searchable, and its popular lists."""
    with open_runtime(settings) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, products)
        index_stale(runtime.outbox)
        runtime.count_popular()
        yield runtime
