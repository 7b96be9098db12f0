"""A small shop behind keys with two releases, its people, and a browser to look at its dashboard."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from pydantic import SecretStr
from starlette.testclient import TestClient

from config.params import load_params
from config.settings import Settings
from indexer.release.build import build_release
from indexer.release.publish import Publisher, publish_release
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


def publish(runtime: Runtime) -> None:
    """Train a small release and let it answer."""
    params = load_params()
    training = params.training.model_copy(
        update={
            "dimensions": 4,
            "lightfm": params.training.lightfm.model_copy(update={"epochs": 2}),
            "checks": params.training.checks.model_copy(update={"sample": 5, "held_out_share": 0.0}),
        }
    )
    folder = runtime.settings.releases_dir
    made = build_release(runtime.database, params.model_copy(update={"training": training}), folder)
    publisher = Publisher(runtime.database, runtime.store, folder, runtime.fields, training.checks)
    assert publish_release(publisher, made).status == "live"


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
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(desk_shop), log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def browser_page(desk_address: str) -> Iterator[Any]:
    """A fresh page; that a script failed, or the policy stopped something, fails the test."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if binary is None:
        pytest.skip("there is no Chromium on this machine")
    problems: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page(base_url=desk_address, viewport={"width": 1280, "height": 900})
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if _is_failure(said) else None)
        yield page
        browser.close()
    assert problems == []


def _is_failure(said: Any) -> bool:
    return said.type == "error" and "Failed to load resource" not in said.text
