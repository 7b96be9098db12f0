"""Ann and Bob in a small shop, with something of Ann in every table that can hold anything of anybody."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from config.params import load_params
from service.core.impression import Impression
from service.core.searched import Searched
from service.core.types import EventType, Interaction, Product, RankedItem
from service.privacy.around import Around
from service.privacy.erase import Eraser
from service.store import accounts, events
from service.store.catalog import upsert_products
from service.store.database import Database
from service.store.event_rows import session_key
from service.store.impressions import write_impressions
from service.store.search_events import write_searches
from service.store.users import put_user

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass
class Shop:
    """A database, a clock that can be turned, and short words for what people do."""

    database: Database
    at: list[datetime] = field(default_factory=lambda: [NOON])
    params: dict[str, Any] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.at[0]

    def eraser(self, **around: Any) -> Eraser:
        params = load_params().privacy.model_copy(update=self.params)
        return Eraser(self.database, params, Around(**around), self.now)

    def wait(self, **time: float) -> None:
        self.at[0] += timedelta(**time)

    def record(self, *what: Interaction) -> list[str]:
        with self.database.session() as session:
            outcomes = events.record_events(session, what, unknown_products="keep", now=self.now())
        return [outcome.status.value for outcome in outcomes]

    def view(self, user: str | None, product: str = "p1", **rest: Any) -> Interaction:
        return Interaction(EventType.VIEW, rest.pop("at", self.now()), user, product=product, **rest)

    def show(self, user: str | None, session_id: str | None, request: str, *, tenant: str = "default") -> None:
        item = RankedItem(1, 1, 0.5, {"cf": 0.5}, 1.0, "cf", "personal", None)
        shown = Impression(
            request, tenant, "home", None, {"ranking": "new"}, None, user, session_id, self.now(), "personal", (item,)
        )
        with self.database.session() as session:
            write_impressions(session, [shown])

    def search(self, who: str, query: str, request: str) -> None:
        found = Searched("default", request, self.now(), query, 3, False, None, session_key("default", who))
        with self.database.session() as session:
            write_searches(session, [found])

    def count(self, table: Table, *where: Any) -> int:
        with self.database.session() as session:
            query = select(func.count()).select_from(table).where(*where)
            return int(session.connection().execute(query).scalar_one())

    def rows(self, table: Table) -> str:
        """All of a table as text, to look for traces in."""
        with self.database.session() as session:
            return "\n".join(str(row) for row in session.connection().execute(select(table)))

    def fill(self) -> None:
        """Ann signs up, looks around before and after signing in; Bob does as much."""
        with self.database.session() as session:
            upsert_products(session, [Product(f"p{n}", f"Product {n}") for n in range(1, 4)])
            assert accounts.add_account(
                session, "default", "ann@example.com", name="Ann A.", role="shopper", password_hash="$argon2$secret",
                user="ann", now=self.now(),
            )  # fmt: skip
            account = accounts.find_account(session, "default", "ann@example.com")
            assert account is not None
            accounts.add_token(session, "hash-of-a-token", account.id, "f1", now=NOON, expires_at=NOON + timedelta(30))
            put_user(session, "default", "ann", preferences={"brands": ["Quill"]}, features={"country": "FR"}, now=NOON)
        self.show(None, "tab-ann", "r0")
        self.record(self.view(None, session="tab-ann", event_id="e0"))
        with self.database.session() as session:
            events.merge_session(session, "default", "ann", "tab-ann")
        for user in ("ann", "bob"):
            self.wait(seconds=1)
            tab = f"tab-{user}"
            then = self.now() + timedelta(milliseconds=1)
            self.record(
                self.view(user, session=tab, event_id=f"e1-{user}"), self.view(user, "p2", session=tab, at=then)
            )
            self.show(user, tab, f"r1-{user}")
            self.search(f"user:{user}", f"words of {user}", f"r2-{user}")
        self.search("session:tab-ann", "before ann signed in", "r3")
        self.record(self.view(None, "p3", session="tab-ann", at=NOON + timedelta(milliseconds=500)))
        self.record(self.view("ann", tenant="shoes"))
        self.wait(minutes=1)


@pytest.fixture
def shop(database: Database) -> Shop:
    """The shop, filled, once for each engine."""
    shop = Shop(database)
    shop.fill()
    return shop


@pytest.fixture(scope="session")
def make_shop() -> Callable[[Database], Shop]:
    """An empty shop over a database."""
    return Shop
