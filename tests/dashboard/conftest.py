"""A small shop behind keys with two releases, its people, and a browser to look at its dashboard."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from config.settings import Settings
from indexer.sync import index_stale
from service.accounts.caller import Role, Scope
from service.accounts.desk import new_account
from service.accounts.key_desk import make_key
from service.api.clock import utc_now
from service.app import create_app
from service.core.types import EventType, Interaction, Product
from service.runtime import Runtime, open_runtime
from service.store.catalog import upsert_products
from service.store.events import record_events
from tests.browser import served, visits
from tests.small_release import publish

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def desk_shop(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings],
    small_shop: Callable[[], list[Product]],
) -> Iterator[Runtime]:  # fmt: skip
    """Twelve products, forty people's clicks, two releases, a shopper and an operator."""
    changes = {"access": "keys", "secret": SecretStr("a secret of thirty-two characters"), "background": "off"}
    with open_runtime(settings_for(tmp_path_factory.mktemp("desk")).model_copy(update=changes)) as runtime:
        now = datetime.now(UTC)
        clicks = [
            Interaction(EventType.CLICK, now - timedelta(hours=one), user=f"u{one}", product=product)
            for one in range(1, 41)
            for product in (("mug-1", "mug-2", "mug-3") if one % 2 else ("lamp-1", "lamp-2", "bag-1"))
        ]
        with runtime.database.session() as session:
            upsert_products(session, small_shop())
            record_events(session, clicks, unknown_products="refuse", now=now)
        index_stale(runtime.outbox)
        runtime.count_popular()
        for email, role in (("op@example.com", Role.OPERATOR), ("shopper@example.com", Role.SHOPPER)):
            new_account(runtime.database, "default", email, PASSWORD, name="", role=role, now=utc_now())
        publish(runtime)
        publish(runtime)
        yield runtime


@pytest.fixture(scope="session")
def desk(desk_shop: Runtime) -> Iterator[TestClient]:
    """The shop over HTTP."""
    with TestClient(create_app(desk_shop), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def admin(desk_shop: Runtime) -> dict[str, str]:
    """The header of somebody who may do everything."""
    with desk_shop.database.session() as session:
        return {"X-API-Key": make_key(session, "default", "test", list(Scope), days=1, now=utc_now()).text}


@pytest.fixture(scope="session")
def desk_address(desk_shop: Runtime) -> Iterator[str]:
    """The shop on a port of its own."""
    with served(create_app(desk_shop)) as address:
        yield address


@pytest.fixture
def visit(browser: Any, desk_address: str) -> Iterator[Callable[..., Any]]:
    """Opens a page as a fresh visitor; that a script failed, or the policy stopped something, fails the test."""
    with visits(browser, desk_address) as opened:
        yield opened


@pytest.fixture
def browser_page(visit: Callable[..., Any]) -> Any:
    """A fresh page."""
    return visit("/dashboard")
