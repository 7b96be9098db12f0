"""A throwaway shop that knows a dataset's past: loaded, indexed, trained and published like any other."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from eval.offline.split import Split
from service.core.errors import IndexNotReady
from service.core.types import DEFAULT_TENANT, Interaction, Product

if TYPE_CHECKING:
    from config.params import Params
    from config.settings import Settings
    from indexer.release.artifacts import Artifacts
    from indexer.release.shop import ShopData
    from service.runtime import Runtime

_BATCH = 2000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A shop whose release answers.

    Attributes
    ----------
    keys, products : internal key, and the product itself, of every product by its external id.
    data, artifacts : what the release was made from and holds.
    """

    runtime: "Runtime"
    keys: dict[str, int]
    products: dict[str, Product]
    data: "ShopData"
    artifacts: "Artifacts"


@contextmanager
def trained_shop(settings: "Settings", products: Sequence[Product], split: Split, say: Say) -> Iterator[Trained]:
    """Open a fresh shop, train it on ``split.train``, publish, then tell it ``split.later``.

    Nothing of the future is in the database while training reads it.

    Raises
    ------
    IndexNotReady : the release failed its checks. InvalidQuery : there is too little to train on.
    """
    from indexer.release.artifacts import load_artifacts
    from indexer.release.build import build_release
    from indexer.release.shop import read_shop
    from indexer.sync import index_stale
    from service.runtime import open_runtime
    from service.store.catalog import product_ids, upsert_products
    from service.store.rules import put_rule
    from service.store.spaces import PRODUCTS

    with open_runtime(settings) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, products)
            keys = product_ids(session, DEFAULT_TENANT, [product.external_id for product in products])
        _record(runtime, split.train)
        say(f"Embedding {len(products):,} products")
        index_stale(runtime.outbox)
        runtime.store.optimize(PRODUCTS)
        params = _on_everything(runtime.params)
        say("Training")
        data = read_shop(runtime.database, DEFAULT_TENANT, params, datetime.now(UTC).timestamp())
        release_id = build_release(
            runtime.database, params, settings.releases_dir, on_step=lambda step: say(f"  {step}")
        )
        artifacts = load_artifacts(settings.releases_dir, release_id)
        say("Publishing")
        _publish(runtime, release_id)
        _record(runtime, split.later)
        runtime.count_popular()
        with runtime.database.session() as session:
            for rule in split.rules:
                put_rule(session, DEFAULT_TENANT, rule, now=datetime.now(UTC))
        yield Trained(runtime, keys, {product.external_id: product for product in products}, data, artifacts)


def _on_everything(params: "Params") -> "Params":
    """The evaluation has its own held-out part: training need not keep another."""
    checks = params.training.checks.model_copy(update={"held_out_share": 0.0})
    return params.model_copy(update={"training": params.training.model_copy(update={"checks": checks})})


def _record(runtime: "Runtime", events: Sequence[Interaction]) -> None:
    from service.store.events import record_events

    for start in range(0, len(events), _BATCH):
        batch = events[start : start + _BATCH]
        with runtime.database.session() as session:
            record_events(session, batch, unknown_products="refuse", now=datetime.now(UTC))


def _publish(runtime: "Runtime", release_id: str) -> None:
    from indexer.release.publish import Publisher, publish_release
    from service.store.releases import ReleaseStatus

    checks = runtime.params.training.checks
    publisher = Publisher(runtime.database, runtime.store, runtime.settings.releases_dir, runtime.fields, checks)
    release = publish_release(publisher, release_id)
    if release.status is not ReleaseStatus.LIVE:
        raise IndexNotReady(f"release {release_id} failed its checks: {release.message}")
