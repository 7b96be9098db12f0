"""A shop with stand-in encoders, so that the outbox can be tested by the thousand: real database, real vector store."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.embed import ProductEncoders
from indexer.picture_source import PictureSource
from indexer.sync import Outbox, SyncReport, index_stale
from service.core.fields import with_attributes
from service.core.types import Product
from service.encode.lexical import LexicalEncoder
from service.encode.pictures import BadPicture
from service.store.catalog import StoredProduct, get_product, upsert_products
from service.store.database import Database, open_database
from service.store.edge import EdgeStore
from service.store.spaces import products_space
from service.store.vectors import VectorStore


@dataclass
class StandInText:
    """A text encoder that is quick, always says the same of the same text, and keeps what it was asked."""

    name: str = "stand-in"
    size: int = 8
    seen: list[str] = field(default_factory=list)
    while_encoding: Callable[[], None] = lambda: None

    def encode(self, texts: Sequence[str], batch: int = 64) -> np.ndarray:
        self.seen += texts
        self.while_encoding()
        return np.array([self.encode_query(text) for text in texts])

    def encode_query(self, text: str) -> np.ndarray:
        digest = hashlib.blake2b(f"{self.name}:{text}".encode(), digest_size=self.size).digest()
        vector = np.frombuffer(digest, np.uint8).astype(np.float32) + 1
        return vector / np.linalg.norm(vector)


@dataclass
class StandInImage:
    """An image encoder whose "pictures" are numbers."""

    name: str = "stand-in-image"
    size: int = 4

    def encode_images(self, pictures: Sequence[float]) -> np.ndarray:
        return np.array([np.full(self.size, picture) for picture in pictures], np.float32)


@dataclass
class Shop:
    """One outbox with everything around it, and short words for what tests do to it."""

    database: Database
    store: VectorStore
    text: StandInText
    outbox: Outbox

    def put(self, *products: Product) -> None:
        with self.database.session() as session:
            upsert_products(session, products)

    def get(self, external_id: str) -> StoredProduct:
        with self.database.session() as session:
            return get_product(session, "default", external_id)

    def index(self, **options: Any) -> SyncReport:
        return index_stale(self.outbox, **options)

    def point(self, external_id: str) -> Any:
        slots = ("text", "lexical", "image") if self.outbox.encoders.image else ("text", "lexical")
        key = self.get(external_id).id
        return self.store.retrieve("products", [key], payload=True, vectors=slots).get(key)

    def with_encoders(self, **encoders: Any) -> "Shop":
        return replace(self, outbox=replace(self.outbox, encoders=replace(self.outbox.encoders, **encoders)))

    def with_outbox(self, **parts: Any) -> "Shop":
        return replace(self, outbox=replace(self.outbox, **parts))


def load_number(source: str) -> float:
    """The picture loader of the stand-in shop: pictures are numbers."""
    try:
        return float(source)
    except ValueError as error:
        raise BadPicture(f"{source!r} is not a picture") from error


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is room: most of a small index run is waiting for the disk."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or shutil.disk_usage(memory).free < 2**30:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="outbox-", dir=memory) as made:
        yield Path(made)


@pytest.fixture
def open_shop() -> Iterator[Callable[..., Shop]]:
    """Opens a shop in a folder: SQLite, the embedded engine, batches of four."""
    opened: list[Shop] = []

    def open_in(folder: Path, *, batch: int = 4, image: bool = False) -> Shop:
        database, store, text = (
            open_database(f"sqlite:///{folder}/shop.db"),
            EdgeStore(folder / "vectors"),
            StandInText(),
        )
        lexical = LexicalEncoder(k1=1.2, b=0.75, average_length=20)
        encoders = ProductEncoders(text, lexical, StandInImage() if image else None, 2000)  # type: ignore[arg-type]
        store.create(products_space(text.size, 4 if image else None, with_attributes(("colour",))))
        outbox = Outbox(database, store, encoders, lambda: PictureSource(load_number, 2, 3), batch)  # type: ignore[arg-type]
        opened.append(Shop(database, store, text, outbox))
        return opened[-1]

    yield open_in
    for shop in opened:
        shop.store.close()
        shop.database.close()


@pytest.fixture
def shop(open_shop: Callable[..., Shop], quick_folder: Path) -> Shop:
    """An empty shop."""
    return open_shop(quick_folder)
