"""What the loader's tests share: a file made of text or bytes, and a store that remembers."""

import functools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.load import EventReport, LoadReport, load_events, load_products
from service.core.types import Interaction, Product
from service.store.catalog import Outcome, upsert_products
from service.store.database import open_database
from service.store.events import EventOutcome, record_events

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
SHARED = Path(__file__).parents[4] / "shared" / "data"


class Shop:
    """A real store in a file, every product that was handed to it, and every event that it recorded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = open_database(f"sqlite:///{folder / 'shop.db'}")
        self.products: dict[str, Product] = {}
        self.batches: list[int] = []
        self.events: list[Interaction] = []
        self.unknown_products = "keep"

    def write(self, products: Sequence[Product]) -> list[Outcome]:
        self.batches.append(len(products))
        self.products |= {product.external_id: product for product in products}
        with self.database.session() as session:
            return upsert_products(session, products)

    def file(self, content: str | bytes, name: str = "feed.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(self, content: str | bytes | Path, name: str = "feed.csv", **options: object) -> LoadReport:
        path = content if isinstance(content, Path) else self.file(content, name)
        report = load_products(path, self.write, report_folder=self.folder / "reports", **options)
        assert report.rows == report.loaded + report.rejected + report.duplicates
        assert report.loaded == report.created + report.updated + report.unchanged
        assert report.repaired <= report.loaded
        return report

    def write_events(self, events: Sequence[Interaction]) -> list[EventOutcome]:
        with self.database.session() as session:
            outcomes = record_events(session, events, unknown_products=self.unknown_products, now=NOW)
        self.events += [e for e, outcome in zip(events, outcomes, strict=True) if outcome.status == "recorded"]
        return outcomes

    def load_events(self, content: str | bytes | Path, name: str = "events.csv", **options: object) -> EventReport:
        path = content if isinstance(content, Path) else self.file(content, name)
        options = {"report_folder": self.folder / "reports", "now": NOW} | options
        report = load_events(path, self.write_events, **options)
        assert report.rows == report.loaded + report.rejected + report.duplicates
        assert sum(report.types.values()) == report.loaded
        assert report.repaired <= report.loaded
        return report


@pytest.fixture
def shop(tmp_path: Path):
    shop = Shop(tmp_path)
    yield shop
    shop.database.close()


@functools.cache
def shared_file(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"../shared/data/{name} is not on this machine")
    return path


@pytest.fixture
def shared() -> Callable[[str], Path]:
    return shared_file
