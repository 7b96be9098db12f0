"""Compute what is popular: trending overall and per category, best value, new arrivals, top categories."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from config.params import PopularParams
from indexer.exposure import count_exposure
from indexer.train.data import training_data
from indexer.train.trending import top, top_by_category, trending
from service.core.event_weights import EventWeights, event_weights
from service.core.types import Ids
from service.store.behaviour import read_behaviour
from service.store.database import Database
from service.store.payload import ancestors
from service.store.snapshots import exposure_name, kinds_name, popular_name, put_snapshot
from service.store.tables import INTERACTION, PRODUCT

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Shelf:
    """The live products as columns, P of each."""

    ids: Ids
    paths: list[str | None]
    discount: Scores
    rating: Scores
    reviews: Scores
    created: Scores


def make_popular(database: Database, tenant: str, params: PopularParams, weights: EventWeights) -> datetime:
    """Compute the lists from what SQL holds, and what was shown and clicked; store them for all serving processes.

    Returns
    -------
    datetime : when they were made.
    """
    shelf = _read_shelf(database, tenant)
    lists = _lists(database, tenant, shelf, params, weights)
    now = datetime.now(UTC)
    exposure = count_exposure(database, tenant, shelf.ids, shelf.paths, params, now)
    with database.session() as session:
        put_snapshot(session, kinds_name(tenant), _kinds(shelf), now=now)
        put_snapshot(session, popular_name(tenant), lists, now=now)
        if exposure is not None:
            put_snapshot(session, exposure_name(tenant), exposure, now=now)
    return now


def popular_lists(
    database: Database, tenant: str, params: PopularParams, weights: EventWeights
) -> dict[str, dict[str, list[list[float]]] | list[list[float]] | list[str]]:
    """The lists by name, as a snapshot holds them; products by internal key with their score, best first.

    The clock of the trend is the newest event: a shop whose feed stopped yesterday trends as of yesterday.

    Parameters
    ----------
    weights : what events count, without age: the trend decays by itself.
    """
    return _lists(database, tenant, _read_shelf(database, tenant), params, weights)


def _lists(
    database: Database, tenant: str, shelf: _Shelf, params: PopularParams, weights: EventWeights
) -> dict[str, dict[str, list[list[float]]] | list[list[float]] | list[str]]:
    scores = _trend(database, tenant, shelf, params, weights)
    if params.from_ratings and not scores.any():
        scores = well_reviewed(shelf.rating, shelf.reviews, params.prior_rating_count)
    categories = [ancestors(path) for path in shelf.paths]
    by_category = top_by_category(scores, categories, params.category_length)
    return {
        "trending": _pairs(shelf.ids, scores, top(scores, params.length)),
        "by_category": {path: _pairs(shelf.ids, scores, places) for path, places in by_category.items()},
        "best_value": _pairs(shelf.ids, value := best_value(shelf.discount, shelf.rating, shelf.reviews,
                             params.prior_rating_count), top(value, params.length)),
        "newest": _pairs(shelf.ids, shelf.created, top(shelf.created, params.length)),
        "categories": _top_categories(scores, categories),
    }  # fmt: skip


def _kinds(shelf: _Shelf) -> dict[str, list[Any]]:
    """What `service.core.popular.Kinds` holds."""
    paths = sorted({path for path in shelf.paths if path is not None})
    place = {path: number for number, path in enumerate(paths)}
    of = [-1 if path is None else place[path] for path in shelf.paths]
    return {"ids": shelf.ids.tolist(), "place": of, "paths": paths}


def best_value(discount: Scores, rating: Scores, reviews: Scores, prior_count: float) -> Scores:
    """``discount x Bayesian rating``, float64[P]: cheap by much, and liked by many enough to be believed.

    Parameters
    ----------
    discount : 0 to 1. rating : 0 to 5, NaN unknown. reviews : how many.
    prior_count : reviews the shop's mean rating counts for (C in ``(C m + n r) / (C + n)``).

    Examples
    --------
    >>> best_value(np.array([0.5, 0.5]), np.array([5.0, 4.0]), np.array([0.0, 90.0]), prior_count=10.0).tolist()
    [2.25, 2.025]
    """
    return discount * _believed(rating, reviews, prior_count, unrated=0.0)


def well_reviewed(rating: Scores, reviews: Scores, prior_count: float) -> Scores:
    """``ln(1 + reviews) x Bayesian rating``, float64[P]: what many have had, and liked; parameters as above.

    Examples
    --------
    >>> well_reviewed(np.array([5.0, 5.0, np.nan]), np.array([0.0, 9.0, 9.0]), prior_count=10.0).round(2).tolist()
    [0.0, 11.51, 11.51]
    """
    return np.asarray(np.log1p(reviews) * _believed(rating, reviews, prior_count, unrated=1.0))


def _believed(rating: Scores, reviews: Scores, prior_count: float, *, unrated: float) -> Scores:
    """The Bayesian rating; `unrated` for all where nothing has a rating."""
    known = ~np.isnan(rating)
    mean = float(rating[known].mean()) if known.any() else unrated
    counted = np.where(known, reviews, 0.0)
    return np.asarray((prior_count * mean + counted * np.nan_to_num(rating)) / (prior_count + counted))


def _read_shelf(database: Database, tenant: str) -> _Shelf:
    names = ("id", "category_path", "discount", "rating", "review_count", "created_at")
    query = select(*(PRODUCT.c[name] for name in names)).where(
        PRODUCT.c.tenant == tenant, PRODUCT.c.deleted_at.is_(None), PRODUCT.c.visible
    )
    with database.session() as session:
        rows = session.connection().execute(query.order_by(PRODUCT.c.id)).all()
    return _Shelf(
        np.array([row.id for row in rows], np.int64),
        [row.category_path for row in rows],
        np.array([row.discount or 0.0 for row in rows], np.float64),
        np.array([np.nan if row.rating is None else row.rating for row in rows], np.float64),
        np.array([row.review_count for row in rows], np.float64),
        np.array([row.created_at.timestamp() for row in rows], np.float64),
    )


def _trend(database: Database, tenant: str, shelf: _Shelf, params: PopularParams, weights: EventWeights) -> Scores:
    newest = _newest_event(database, tenant)
    if newest is None:
        return np.zeros(len(shelf.ids))
    behaviour = read_behaviour(database, tenant, since=newest - timedelta(days=params.window_days), until=None)
    here = np.isin(behaviour.products, shelf.ids)
    behaviour = behaviour.take(here)
    data = training_data(
        np.zeros(len(behaviour), np.int64),
        np.searchsorted(shelf.ids, behaviour.products),
        event_weights(behaviour.types, behaviour.values, behaviour.at, newest.timestamp(), weights),
        behaviour.at,
        behaviour.sessions,
        n_users=1,
        n_items=len(shelf.ids),
    )
    return trending(data, newest.timestamp(), decay=params.decay, step_hours=params.step_hours)


def _newest_event(database: Database, tenant: str) -> datetime | None:
    query = select(INTERACTION.c.at).where(INTERACTION.c.tenant == tenant).order_by(INTERACTION.c.at.desc()).limit(1)
    with database.session() as session:
        newest: datetime | None = session.connection().execute(query).scalar()
    return None if newest is None else min(newest, datetime.now(UTC))


def _top_categories(scores: Scores, categories: list[list[str]]) -> list[str]:
    totals: dict[str, float] = {}
    for score, paths in zip(scores.tolist(), categories, strict=True):
        if paths and score > 0:
            totals[paths[0]] = totals.get(paths[0], 0.0) + score
    return sorted(totals, key=lambda path: (-totals[path], path))


def _pairs(ids: Ids, scores: Scores, places: NDArray[np.int64]) -> list[list[float]]:
    return [[int(ids[place]), float(scores[place])] for place in places.tolist()]
