"""The service answers as its OpenAPI document says: generated requests of every kind, from whoever may send them.

A bounded share of them runs with the tests.
`OPENAPI_CASES=2000 pytest tests/api/test_openapi_conformance.py -rP` sends at least so many in each mode, over
the whole document, and says how many there were.
"""

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from service.api.compat import compat_apis
from service.app import create_app
from service.core.types import DEFAULT_TENANT, EventType, Interaction
from service.runtime import Runtime, open_runtime
from service.store.catalog import upsert_products
from service.store.events import record_events

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

CASES = int(os.environ.get("OPENAPI_CASES", "0"))
SEED = 1
SECRET = SecretStr("a secret of thirty-two characters")
PASSWORD = "not in any example"
EVERYTHING = [str(scope) for scope in Scope]
ALL_PHASES = ("examples", "coverage", "fuzzing", "stateful")
# who may revoke keys, or erase their own account, would turn themselves away; another mode does it instead
ENDS_ITSELF = {
    "admin": ["DELETE /v1/keys/{id}"], "operator": ["DELETE /v1/me"], "shopper": ["DELETE /v1/me"],
}  # fmt: skip
MODES = ("open", "admin", "operator", "shopper", "nobody")
Headers = dict[str, str]


@contextmanager
def shop_of(settings: Settings, products: list[Any]) -> Iterator[Runtime]:
    """A shop with products, some events, and the popular lists counted."""
    with open_runtime(settings) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, products)
            record_events(session, [
                Interaction(type, utc_now(), f"user-{number % 4}", None, product.external_id)
                for number, product in enumerate(products)
                for type in (EventType.VIEW, EventType.PURCHASE)
            ], unknown_products="refuse", now=utc_now())  # fmt: skip
        index_stale(runtime.outbox)
        params = runtime.params
        make_popular(runtime.database, DEFAULT_TENANT, params.popular, params.events.taste())
        yield runtime


def credentials(runtime: Runtime, app: FastAPI, mode: str) -> Headers:
    """What callers of this kind show."""
    if mode == "admin":
        with runtime.database.session() as session:
            return {"X-API-Key": make_key(session, DEFAULT_TENANT, "test", EVERYTHING, days=1, now=utc_now()).text}
    if mode not in ("operator", "shopper"):
        return {}
    who = {"email": f"{mode}@shop.example", "password": PASSWORD}
    new_account(runtime.database, DEFAULT_TENANT, **who, name="Ann", role=Role(mode), now=utc_now())
    with TestClient(app) as client:
        signed = client.post("/v1/auth/sign-in", json=who).json()
    return {"Authorization": f"Bearer {signed['access_token']}"}


def served(runtime: Runtime, mode: str) -> FastAPI:
    """The shop, open or behind keys."""
    changes = {"access": "open" if mode == "open" else "keys", "secret": SECRET, "background": "off"}
    return create_app(replace(runtime, settings=runtime.settings.model_copy(update=changes)))


def is_business_rule(body: dict[str, Any]) -> bool:
    """Whether valid data was turned down for something no schema can say: an unknown field, a wrong order of two."""
    return all(
        one["problem"].startswith(("Value error", "that is not JSON"))
        for one in body.get("errors") or ()  # of a parameter, JSON is a text
    )


@schemathesis.check
def what_the_document_allows_is_understood(context: Any, response: Any, case: Any) -> None:
    """Valid data is never called misshapen."""
    generation = case.meta and case.meta.generation
    if generation and generation.mode.is_positive and response.status_code == 422:
        assert is_business_rule(response.json()), response.text


def configuration(
    headers: Headers, left_out: Sequence[str], *, cases: int, steps: int, phases: Sequence[str], mode: str = ""
) -> Any:
    """All checks, the same cases every time, of all operations but these."""
    valid = {"expected-statuses": ["2xx", "400", "401", "403", "404", "409", "413", "422"]}  # see `is_business_rule`
    return schemathesis.Config.from_dict({
        "seed": SEED,
        "continue-on-failure": True,
        "headers": headers,
        "auth": {"auto-signup": False},  # who nobody is stays nobody
        "generation": {"max-examples": cases, "deterministic": True, "no-shrink": True, "database": "none"},
        "phases": {
            **{name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing")},
            "stateful": {"enabled": "stateful" in phases, "max-steps": steps},
        },
        "checks": {
            "positive_data_acceptance": valid,
            # behind keys, who shows nothing is turned away before anybody looks which methods there are
            "unsupported_method": {"enabled": mode != "nobody"},
        },
        "operations": [
            # each event is checked by itself: one that is none is refused in `results`, not with a status
            {"include-path": "/v1/events", "checks": {"negative_data_rejection": {"enabled": False}}},
            *({"include-name": label, "enabled": False} for label in left_out),
        ],
    })  # fmt: skip


def conversation(schema: Any) -> tuple[Counter[str], dict[tuple[str, str], str]]:
    """How many requests of each phase were answered, and what was wrong: operation and complaint -> an example."""
    from schemathesis.engine import events, from_schema

    answered: Counter[str] = Counter()
    wrong: dict[tuple[str, str], str] = {}
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            kept = event.recorder
            answered[event.phase.value] += len(kept.interactions)
            for case_id, checks in kept.checks.items():
                for check in checks:
                    if check.failure_info is not None:
                        operation = kept.cases[case_id].value.operation.label
                        failure, sample = check.failure_info.failure, check.failure_info.code_sample
                        response = kept.interactions[case_id].response
                        said = f"{failure.message[:800]}\n{sample[:1500]}\n-> {response and response.text[:600]}"
                        where = re.search("Invalid component: (.{1,80})|body[^:]{1,80}", failure.message)
                        what = f"{check.name}: {failure.title}: {where and where[0]}"
                        wrong.setdefault((operation, what), said)
        elif isinstance(event, events.NonFatalError):
            wrong[event.label, type(event.value).__name__] = str(event.value)[:1500]
        elif isinstance(event, events.FatalError):
            raise event.exception
    return answered, wrong


def check(app: FastAPI, config: Any) -> int:
    """Talk to the app; fails with everything that is wrong, each once with an example. How many requests there were."""
    from schemathesis.python import asgi

    try:
        schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
        answered, wrong = conversation(schema)
    finally:
        asgi.shutdown_lifespans()
    sys.stdout.write(f"{sum(answered.values())} requests: {dict(answered)}\n")
    assert not wrong, "\n\n".join(f"{operation}: {what}\n{said}" for (operation, what), said in sorted(wrong.items()))
    return sum(answered.values())


def labels(app: FastAPI, tag: str | None = None) -> list[str]:
    """All operations, or those of one profile, as GET /v1/search."""
    return [
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
        if tag in (None, *operation["tags"])
    ]


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings], small_shop: Callable[[], list]
) -> Iterator[Runtime]:
    """The shop of this module; requests change it."""
    with shop_of(settings_for(tmp_path_factory.mktemp("openapi")), small_shop()) as runtime:
        yield runtime


@pytest.mark.parametrize("mode", MODES)
def test_every_answer_is_as_the_document_says(shop: Runtime, mode: str) -> None:
    app = served(shop, mode)
    headers = credentials(shop, app, mode)
    left_out = ENDS_ITSELF.get(mode, [])
    count = len(labels(app))
    if CASES:
        config = configuration(headers, left_out, cases=CASES // count + 1, steps=6, phases=ALL_PHASES, mode=mode)
        assert check(app, config) >= CASES
        return
    # each mode its share; together an eighth of the operations
    others = [label for number, label in enumerate(labels(app)) if number % (8 * len(MODES)) != MODES.index(mode)]
    phases = ("examples", "coverage", "fuzzing")
    check(app, configuration(headers, [*left_out, *others], cases=2, steps=2, phases=phases, mode=mode))


def test_what_answers_lead_to_is_as_the_document_says(shop: Runtime) -> None:
    app = served(shop, "open")
    check(app, configuration({}, [], cases=5, steps=5, phases=("stateful",)))


@pytest.mark.parametrize("api", compat_apis() if CASES else ["fullstack"])
def test_the_answers_of_a_profile_are_as_its_document_says(
    api: str, tmp_path: Path, settings_for: Callable[[Path], Settings], small_shop: Callable[[], list]
) -> None:
    with shop_of(settings_for(tmp_path).model_copy(update={"profile": api}), small_shop()) as runtime:
        for mode in ("open", "shopper") if CASES else ("shopper",):
            app = served(runtime, mode)
            own = labels(app, api)
            others = [label for label in labels(app) if label not in own]
            cases = CASES // (10 * len(own)) + 1 if CASES else 1
            phases = ALL_PHASES if CASES else ("examples", "fuzzing")
            check(app, configuration(credentials(runtime, app, mode), others, cases=cases, steps=4, phases=phases))
