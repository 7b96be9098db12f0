"""A shop behind keys and its service, for the client to talk to."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient

from config.settings import Settings
from indexer.popular import make_popular
from indexer.sync import index_stale
from service.accounts.caller import Role, Scope
from service.accounts.desk import new_account
from service.accounts.key_desk import make_key
from service.api.clock import utc_now
from service.app import create_app
from service.core.types import DEFAULT_TENANT, EventType, Interaction
from service.runtime import Runtime, open_runtime
from service.store.catalog import upsert_products
from service.store.events import record_events
from tests.client.served_shop import OPERATOR, InProcess, Shop


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings], small_shop: Callable[[], list]
) -> Iterator[Shop]:
    """Twelve products and what four users did, indexed and counted."""
    settings = settings_for(tmp_path_factory.mktemp("client")).model_copy(
        update={"access": "keys", "secret": SecretStr("a secret of thirty-two characters"), "background": "off"}
    )
    late = [timedelta()]
    with open_runtime(settings) as runtime:
        fill(runtime, small_shop())
        app = create_app(runtime, clock=lambda: utc_now() + late[0])
        new_account(runtime.database, DEFAULT_TENANT, **OPERATOR, name="Ops", role=Role.OPERATOR, now=utc_now())
        with runtime.database.session() as session:
            key = make_key(session, DEFAULT_TENANT, "test", list(map(str, Scope)), days=1, now=utc_now())
        with (
            TestClient(app, raise_server_exceptions=False) as served,
            httpx.Client(transport=InProcess(served)) as http,
        ):
            yield Shop(runtime, app, http, key.text, late)


@pytest.fixture(scope="session")
def as_open() -> Callable[[Shop], FastAPI]:
    """The same shop, open to all: a second app."""
    return lambda shop: create_app(
        replace(shop.runtime, settings=shop.runtime.settings.model_copy(update={"access": "open"}))
    )


def fill(runtime: Runtime, products: list[Any]) -> None:
    """Products, events, index and popular lists."""
    with runtime.database.session() as session:
        upsert_products(session, products)
        done = [
            Interaction(type, utc_now(), f"user-{number % 4}", None, product.external_id)
            for number, product in enumerate(products)
            for type in (EventType.VIEW, EventType.PURCHASE)
        ]
        record_events(session, done, unknown_products="refuse", now=utc_now())
    index_stale(runtime.outbox)
    params = runtime.params
    make_popular(runtime.database, DEFAULT_TENANT, params.popular, params.events.taste())
