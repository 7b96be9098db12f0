"""The API over HTTP, with its indexing loop running."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from config.settings import Settings
from indexer.sync import index_stale
from service.app import create_app
from service.runtime import Runtime, open_runtime
from service.store.catalog import upsert_products
from tests import small_release


@pytest.fixture(scope="session")
def reading(runtime: Runtime) -> Iterator[TestClient]:
    """A client of the shared shop; only for tests that change nothing."""
    with TestClient(create_app(runtime), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def own_shop(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings], small_shop: Callable[[], list]
) -> Iterator[Runtime]:
    """A small shop of this module's own, indexed."""
    with open_runtime(settings_for(tmp_path_factory.mktemp("own"))) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, small_shop())
        index_stale(runtime.outbox)
        yield runtime


@pytest.fixture(scope="session")
def publish() -> Callable[[Runtime], None]:
    """Train a small release of what people did in a shop, and let it go live."""
    return small_release.publish


@pytest.fixture(scope="module")
def writing(own_shop: Runtime) -> Iterator[TestClient]:
    """A client of that shop."""
    with TestClient(create_app(own_shop), raise_server_exceptions=False) as client:
        yield client
