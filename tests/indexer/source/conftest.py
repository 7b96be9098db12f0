"""A shop's own database on both engines, and ours beside it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.params import load_params
from indexer.source.sync import SourceReport, sync_source
from service.store.database import Database, open_database
from tests.shop_database import ShopDatabase


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> ShopDatabase:
    """An empty shop."""
    if request.param == "sqlite":
        return ShopDatabase(f"sqlite:///{tmp_path}/shop.db")
    return ShopDatabase(request.getfixturevalue("fresh_postgres")())


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Database]:
    """Our own database."""
    database = open_database(f"sqlite:///{tmp_path}/vitrine.db")
    yield database
    database.close()


@pytest.fixture
def sync(shop: ShopDatabase, ours: Database) -> Callable[..., SourceReport]:
    """Take over what is new."""

    def run(now: datetime | None = None, **changes: Any) -> SourceReport:
        source = load_params().source.model_copy(update=changes)
        return sync_source(ours, shop.url, source, now=now or datetime.now(UTC))

    return run
