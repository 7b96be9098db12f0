"""What is done now and then so that an index stays what the database says: compared, repaired, tidied up."""

from collections.abc import Iterator

import numpy as np
from sqlalchemy import select

from indexer.check import check_index, repair_index
from indexer.sync import Outbox
from service.encode.document import product_words
from service.encode.lexical import words_and_pairs
from service.store.catalog import get_products
from service.store.spaces import PRODUCTS, release_of
from service.store.tables import PRODUCT

_PAGE = 1000


def reconcile(outbox: Outbox) -> str:
    """Compare every product with its point, put back what differs, and place what a release does not know.

    Products are embedded as they change and people are folded in as they ask: this finds what went wrong in between.

    Returns
    -------
    str : what came of it. What was put back is embedded by the indexing loop.
    """
    report = check_index(outbox.database, outbox.store)
    if not report.agrees:
        repair_index(outbox.database, outbox.store, report)
    added = 0
    if outbox.newcomers is not None:
        added = sum(outbox.newcomers.fill(release) for release in filter(None, map(release_of, outbox.also())))
    wrong = len(report.missing) + len(report.outdated) + len(report.orphans)
    says = f"{wrong} of {report.products} products put right" if wrong else f"{report.products} products agree"
    return f"{says}; {added} placed in the release" if added else says


def tidy_content(outbox: Outbox, average_length: float) -> str:
    """Drop what deleted products left in the index, build its graph, and measure what word search takes as given.

    Parameters
    ----------
    average_length : of a document in words, as ``[encoders.bm25]`` says.
    """
    outbox.store.optimize(PRODUCTS)
    lengths = np.array(list(_lengths(outbox)))
    if not len(lengths):
        return "there are no products"
    told = f"encoders.bm25.average_length is {average_length:g}"
    return f"{len(lengths)} products, {lengths.mean():.0f} words each, stop words included; {told}"


def _lengths(outbox: Outbox) -> Iterator[int]:
    """Words of each product's document, pairs included, as word search counts them."""
    after, limit = 0, outbox.encoders.max_text_chars
    while True:
        query = select(PRODUCT.c.id).where(PRODUCT.c.id > after, PRODUCT.c.deleted_at.is_(None))
        with outbox.database.session() as session:
            page = session.connection().execute(query.order_by(PRODUCT.c.id).limit(_PAGE)).scalars().all()
            stored = get_products(session, page)
        if not page:
            return
        after = page[-1]
        yield from (len(words_and_pairs(product_words(one.product, limit)).split()) for one in stored.values())
