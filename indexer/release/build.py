"""Train a release: from SQL to files. Needs no vector store, so that it can run beside the service that owns it."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
import structlog

from config.params import Params
from indexer.popular import popular_lists
from indexer.release.artifacts import Artifacts, FeatureTable, PopularSnapshot, RuleTable, save_artifacts
from indexer.release.learn import Learned, learn, timed
from indexer.release.model import Model, popularity
from indexer.release.quality import figures, popular_ranks, tail_ranks
from indexer.release.shop import ShopData, read_shop
from indexer.release.tail import Tail, split_tail
from indexer.train.data import interaction_matrix
from service.core.errors import RecommenderError
from service.core.types import DEFAULT_TENANT
from service.store.database import Database
from service.store.releases import create_release, mark_failed

log = structlog.get_logger()

_LIBRARIES = ("vitrine", "numpy", "scipy", "rectools-lightfm", "implicit", "scikit-learn", "mlxtend")


def build_release(
    database: Database,
    params: Params,
    folder: Path,
    *,
    tenant: str = DEFAULT_TENANT,
    seed: int | None = None,
    go_live: bool = True,
    now: datetime | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> str:
    """Train a release and write its files; its row says ``training`` until it is published.

    Parameters
    ----------
    folder : where releases are kept. seed : instead of the configured one.
    go_live : noted for whoever publishes it. on_step : told what begins.

    Returns
    -------
    str : the release's id.

    Raises
    ------
    InvalidQuery : there is too little to train on; no release comes about.
    """
    training = params.training
    seed = training.seed if seed is None else seed
    now = now or datetime.now(UTC)
    seconds: dict[str, float] = {}
    release_id = f"{now:%Y%m%d-%H%M%S}-{token_hex(2)}"

    @contextmanager
    def step(name: str) -> Iterator[None]:
        on_step(name)
        with timed(seconds, name):
            yield
        log.info("training_step", release=release_id, step=name, seconds=seconds[name])

    with step("read"):
        shop = read_shop(database, tenant, params, now.timestamp())
    with database.session() as session:
        begun = {"host": socket.gethostname(), "seed": seed, "go_live": go_live}
        create_release(session, release_id, manifest=begun, now=now)
    try:
        data, tail = split_tail(shop.data, shop.users, shop.products, training.checks)
        learned = learn(shop, data, training, seed, step)
        with step("trending"):
            lists = popular_lists(database, tenant, params.popular, params.events.taste())
            popular = PopularSnapshot(datetime.now(UTC), lists)
        with step("evaluate"):
            metrics = _metrics(learned.model, tail, popularity(interaction_matrix(data)))
        with step("write"):
            artifacts = _artifacts(release_id, shop, learned, tail, popular, name_words=training.name_words)
            manifest = _manifest(artifacts, shop, params, seed, tenant, seconds)
            save_artifacts(folder, replace(artifacts, manifest=manifest, metrics=metrics))
    except Exception as error:
        reason = error.message if isinstance(error, RecommenderError) else f"{type(error).__name__}: {error}"
        with database.session() as session:
            mark_failed(session, release_id, message=reason)
        log.error("training_failed", release=release_id, error=reason, seconds=round(sum(seconds.values()), 3))
        raise
    log.info(
        "release_trained", release=release_id, seconds=round(sum(seconds.values()), 3), counts=manifest["counts"],
        metrics=metrics,
    )  # fmt: skip
    return release_id


def _metrics(model: Model, tail: Tail, popular: np.ndarray) -> dict[str, Any]:
    ranks = tail_ranks(model, tail) | {"popularity": popular_ranks(popular, tail)}
    return {"held_out_users": len(tail), "signals": figures(ranks)}


def _artifacts(
    release_id: str, shop: ShopData, learned: Learned, tail: Tail, popular: PopularSnapshot, *, name_words: bool
) -> Artifacts:
    """Only what is known: products of which nothing is cannot be recommended, anonymous sessions do not come back."""
    kept = np.flatnonzero(learned.known_products)
    users = np.flatnonzero(learned.known_users & (shop.users > 0))
    model, tokens = learned.model, learned.factors.item_tokens
    return Artifacts(
        release_id,
        Model(
            model.products[kept],
            np.ascontiguousarray(model.items[kept]),
            model.fold,
            model.biased,
            {slot: weights[kept][:, kept] for slot, weights in model.weights.items()},
        ),
        shop.users[users],
        np.ascontiguousarray(learned.factors.users[users]),
        _rule_table(learned, kept),
        tail,
        None if tokens is None else FeatureTable(tokens, name_words, model.products[kept]),
        popular,
        {},
        {},
    )


def _rule_table(learned: Learned, kept: np.ndarray) -> RuleTable:
    rules = learned.rules
    place = np.full(len(learned.known_products), -1, np.int32)
    place[kept] = np.arange(len(kept))
    antecedents = place[np.array([products[0] for products in rules.antecedents], np.int64)]
    consequents = place[rules.consequents]
    both = (antecedents >= 0) & (consequents >= 0)
    return RuleTable(
        antecedents[both], consequents[both], rules.support[both], rules.confidence[both], rules.lift[both]
    )


def _manifest(
    artifacts: Artifacts, shop: ShopData, params: Params, seed: int, tenant: str, seconds: Mapping[str, float]
) -> dict[str, Any]:
    model = artifacts.model
    counts = {
        "interactions": len(shop.data),
        "products": len(model.products),
        "cold_products": int(len(model.products) - len(np.unique(shop.data.items))),
        "users": len(artifacts.users),
        "held_out_users": len(artifacts.tail),
        "rules": len(artifacts.rules.lift),
        **({} if artifacts.popular is None else {name: len(found) for name, found in artifacts.popular.lists.items()}),
        **{slot: int(weights.nnz) for slot, weights in model.weights.items()},
    }
    return {
        "host": socket.gethostname(),
        "tenant": tenant,
        "seed": seed,
        "parameters": params.training.model_dump(mode="json"),
        "event_weights": params.events.model_dump(mode="json", include={"weights", "liked_from", "disliked_to"}),
        "behaviour_hash": shop.behaviour_hash,
        "catalogue_hash": shop.catalogue_hash,
        "counts": counts,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "seconds": dict(seconds),
        "cf_size": int(model.items.shape[1]),
        "biased": model.biased,
        "fold": model.fold.tolist(),
    }
