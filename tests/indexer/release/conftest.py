"""A small shop with taste: real SQLite, real embedded engine, behaviour with structure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.params import Params, load_params
from config.training import Training
from indexer.release.build import build_release
from indexer.release.newcomers import Newcomers
from indexer.release.publish import Publisher, publish_release
from service.core.fields import with_attributes
from service.core.types import EventType, Interaction, Product
from service.served_release import LiveRelease
from service.store.catalog import product_ids, upsert_products
from service.store.database import Database, open_database
from service.store.edge import EdgeStore
from service.store.events import record_events
from service.store.releases import Release, get_release, live_release
from service.store.spaces import release_of

PRODUCTS, USERS = 60, 80
START = datetime(2025, 6, 1, tzinfo=UTC)


def product(number: int) -> Product:
    """Three tastes: products 0, 3, 6 … are of one category and brand, 1, 4, 7 … of the next."""
    taste = number % 3
    return Product(
        f"p{number}", f"Product {number}", category=("Shop", f"Taste {taste}"), brand=f"Brand {taste}",
        price_minor=100 * (number + 1), currency="EUR", stock=5, tags=(f"tag-{taste}",),
    )  # fmt: skip


def events(users: int = USERS, per_user: int = 19) -> list[Interaction]:
    """Everybody goes through products of one taste in ascending order from a place of one's own, round and round."""
    random = np.random.default_rng(5)
    found = []
    for user in range(users):
        taste, place = user % 3, int(random.integers(20))
        for step in range(per_user):
            number = int(random.integers(PRODUCTS)) if random.random() < 0.1 else 3 * ((place + step) % 20) + taste
            at = START + timedelta(hours=user, minutes=step)
            kinds = (EventType.VIEW, EventType.PURCHASE) if step % 4 == 0 else (EventType.VIEW,)
            found += [Interaction(kind, at, user=f"u{user}", product=f"p{number}") for kind in kinds]
    return found


@dataclass(frozen=True)
class ReleaseShop:
    """One shop with everything around it."""

    database: Database
    store: EdgeStore
    folder: Path
    training: Training

    @property
    def params(self) -> Params:
        return load_params().model_copy(update={"training": self.training})

    @property
    def publisher(self) -> Publisher:
        return Publisher(self.database, self.store, self.folder, with_attributes(("colour",)), self.training.checks)

    def train(self, **options: Any) -> str:
        return build_release(self.database, self.params, self.folder, **options)

    def publish(self, release_id: str, **options: Any) -> Release:
        return publish_release(self.publisher, release_id, **options)

    def release(self, **options: Any) -> Release:
        return self.publish(self.train(**options))

    def get(self, release_id: str) -> Release:
        with self.database.session() as session:
            return get_release(session, release_id)

    def live(self) -> str | None:
        with self.database.session() as session:
            live = live_release(session)
        return live.id if live else None

    def record(self, interactions: Sequence[Interaction]) -> None:
        with self.database.session() as session:
            record_events(session, interactions, unknown_products="refuse", now=datetime.now(UTC))

    def key(self, external_id: str) -> int:
        with self.database.session() as session:
            return product_ids(session, "default", [external_id])[external_id]

    def with_training(self, **changes: Any) -> "ReleaseShop":
        return replace(self, training=self.training.model_copy(update=changes))

    def kept(self) -> tuple[set[str], set[str]]:
        """Releases that have collections, and releases that have files."""
        collections = {release for name in self.store.names() if (release := release_of(name)) is not None}
        return collections, {path.name for path in self.folder.glob("*") if path.name != "lock"}

    def with_checks(self, **changes: Any) -> "ReleaseShop":
        return self.with_training(checks=self.training.checks.model_copy(update=changes))


def quick_training() -> Training:
    """The packaged parameters, made for a small shop."""
    packaged = load_params().training
    return packaged.model_copy(
        update={
            "dimensions": 8,
            "lightfm": packaged.lightfm.model_copy(update={"epochs": 10}),
            "covisit": packaged.covisit.model_copy(update={"l2": 10.0}),
            "checks": packaged.checks.model_copy(update={"held_out_share": 0.5, "compare_users": 20, "sample": 10}),
        }
    )


@pytest.fixture
def open_release_shop(quick_folder: Path) -> Iterator[Callable[..., ReleaseShop]]:
    """Opens the shop in a folder; empty, or with products and events."""
    opened: list[ReleaseShop] = []

    def open_in(folder: Path = quick_folder, *, products: int = PRODUCTS, users: int = USERS) -> ReleaseShop:
        folder.mkdir(parents=True, exist_ok=True)
        database = open_database(f"sqlite:///{folder}/vitrine.db")
        shop = ReleaseShop(database, EdgeStore(folder / "vectors"), folder / "releases", quick_training())
        opened.append(shop)
        with database.session() as session:
            upsert_products(session, [product(number) for number in range(products)])
        if users:
            shop.record(events(users))
        return shop

    yield open_in
    for shop in opened:
        shop.store.close()
        shop.database.close()


@pytest.fixture
def shop(open_release_shop: Callable[..., ReleaseShop]) -> ReleaseShop:
    """The shop with products and events."""
    return open_release_shop()


@pytest.fixture
def indexed_shop(open_shop: Callable[..., Any], quick_folder: Path) -> tuple[ReleaseShop, Any]:
    """The shop with products and events, and the outbox that tells its releases of changes."""
    inner = open_shop(quick_folder)
    shop = ReleaseShop(inner.database, inner.store, quick_folder / "releases", quick_training())
    inner.put(*(product(number) for number in range(PRODUCTS)))
    shop.record(events())
    live = LiveRelease(shop.database, shop.store, refresh_s=0)
    newcomers = Newcomers(shop.database, shop.store, shop.folder)
    return shop, inner.with_outbox(also=live.collections, newcomers=newcomers, batch=64)
