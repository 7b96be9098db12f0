"""A small shop with awkward products, its pages over HTTP, and a browser to look at them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from config.settings import Settings
from indexer.sync import index_stale
from service.app import create_app
from service.core.types import EventType, Interaction, Product
from service.runtime import Runtime, open_runtime
from service.store.catalog import upsert_products
from service.store.events import record_events
from tests.browser import served, visits

MARKUP = '<script>alert("hello")</script><img src=x onerror=alert(1)> & "mug"'
SHOPPERS = [{"id": "U0001", "interests": ["Toys"]}, {"id": "U0002", "interests": ["Bags", "<b>Shoes</b>"]}]


def awkward() -> list[Product]:
    """Names that pages have to survive."""
    plain = Product("markup", MARKUP, description=MARKUP, brand="<b>Alba</b>", category=("Home", "<i>Mugs</i>"),
                    price_minor=1999, original_price_minor=3999, currency="EUR", rating=4.5, review_count=12, stock=3,
                    tags=("<u>",), attributes={"<em>": "</script>"})  # fmt: skip
    return [
        plain,
        replace(plain, external_id="endless", name="mug" * 100, description="", rating=None, price_minor=None),
        replace(plain, external_id="émoji/1 2?", name="Mug 🫖👩‍👩‍👧‍👦 ☕", stock=0),
        replace(plain, external_id="hidden", name="Secret mug", visible=False),
    ]


@pytest.fixture(scope="session")
def shop(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings],
    small_shop: Callable[[], list[Product]],
) -> Iterator[Runtime]:  # fmt: skip
    """A demo shop: the small one and the awkward products, where mugs are looked at most."""
    folder = tmp_path_factory.mktemp("window")
    (folder / "demo").mkdir()
    (folder / "demo" / "shoppers.jsonl").write_text("\n".join(map(json.dumps, SHOPPERS)), "utf-8")
    with open_runtime(settings_for(folder)) as runtime:
        now = datetime.now(UTC)
        views = [
            Interaction(EventType.VIEW, now - timedelta(hours=hour), user=f"u{hour}", product=product)
            for product, many in (("mug-1", 9), ("mug-2", 8), ("lamp-1", 6), ("lamp-2", 5), ("bag-4", 2))
            for hour in range(1, many)
        ]
        with runtime.database.session() as session:
            upsert_products(session, small_shop() + awkward())
            record_events(session, views, unknown_products="refuse", now=now)
        index_stale(runtime.outbox)
        runtime.count_popular()
        yield runtime


@pytest.fixture(scope="session")
def pages(shop: Runtime) -> Iterator[TestClient]:
    """The shop over HTTP."""
    with TestClient(create_app(shop), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def address(shop: Runtime) -> Iterator[str]:
    """The shop on a port of its own."""
    with served(create_app(shop)) as found:
        yield found


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Opens a page as a fresh visitor; that a script failed, or the policy stopped something, fails the test."""
    with visits(browser, address) as opened:
        yield opened
