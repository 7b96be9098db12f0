"""Indexing against the bare text encoder, on the same rows in the same run."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from indexer.sync import index_stale
from service.encode.document import product_text
from service.store.database import open_database
from service.store.edge import EdgeStore
from service.store.outbox import take_stale
from service.store.spaces import PRODUCTS, products_space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.core.types import Product
    from service.runtime import Runtime


@dataclass(frozen=True, slots=True)
class IndexSpeed:
    """Rows per second of both, and their ratio."""

    rows: int
    encoder_rows_per_s: float
    index_rows_per_s: float
    ratio: float
    pictures: int

    def as_dict(self) -> dict[str, float]:
        """For ``--json``."""
        return asdict(self)


def index_speed(runtime: "Runtime", products: "Sequence[Product]", say: Callable[[str], None]) -> IndexSpeed:
    """Encode alone, index everything from SQL to a built search graph, encode alone again; the mean of both is the bar.

    Everything indexing does is counted: reading SQL, words, pictures, writing points, marking rows, building the graph.
    """
    texts = [product_text(product, runtime.encoders.max_text_chars) for product in products]
    first = _encode_s(runtime, texts)
    say(f"text encoder alone: {len(texts) / first:,.0f} rows/s")
    indexing, pictures = _index_s(runtime, products)
    say(f"indexing: {len(texts) / indexing:,.0f} rows/s")
    second = _encode_s(runtime, texts)
    say(f"text encoder alone, again: {len(texts) / second:,.0f} rows/s")
    encoder = 2 * len(texts) / (first + second)
    return IndexSpeed(len(texts), encoder, len(texts) / indexing, len(texts) / indexing / encoder, pictures)


def _encode_s(runtime: "Runtime", texts: "Sequence[str]") -> float:
    start = time.monotonic()
    runtime.encoders.text.encode(texts)
    return time.monotonic() - start


def _index_s(runtime: "Runtime", products: "Sequence[Product]") -> tuple[float, int]:
    from service.store.catalog import upsert_products

    image = runtime.encoders.image
    with (
        TemporaryDirectory(prefix="vitrine-index-speed-") as folder,
        closing(open_database(f"sqlite:///{folder}/shop.db")) as database,
        closing(EdgeStore(Path(folder) / "vectors")) as store,
    ):
        store.create(products_space(runtime.encoders.text.size, image.size if image else None, runtime.fields))
        with database.session() as session:
            upsert_products(session, products)
        outbox = replace(runtime.outbox, database=database, store=store)
        start = time.monotonic()
        report = index_stale(outbox)
        store.optimize(PRODUCTS)
        seconds = time.monotonic() - start
        with database.session() as session:
            left = take_stale(session, limit=1)
    if left or report.embedded != len(products):
        raise RuntimeError(f"indexed {report.embedded} of {len(products)} rows: the measurement is void")
    return seconds, report.pictures
