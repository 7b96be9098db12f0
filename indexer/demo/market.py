"""What moves the demo shop as a whole: popularity, seasons, products that go viral, and what belongs together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from indexer.demo.look import DemoProduct
from indexer.demo.words import words
from service.core.types import Floats

_SEASONS = ("winter", "winter", "spring", "spring", "spring", "summer",
            "summer", "summer", "autumn", "autumn", "autumn", "winter")  # fmt: skip
_POPULARITY = 1.15
_SEASON_LIFT = 0.6
_VIRAL_PER_100_DAYS = 18
NEVER = np.float32(-1e9)


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """Tables the shoppers' choices are made with; T types, at most M products each.

    Parameters
    ----------
    members : int32[T, M], product rows of a type, padded with its first.
    member_lift : float32[days, T, M], log-popularity of the members on a day; `NEVER` for padding and unborn ones.
    type_lift : float32[days, T]; `NEVER` for types without a product on that day.
    type_of : int32[P]. partners : int32[T, K], types that go with a type, padded by repetition.
    viral : per day, the rows of products everybody talks about.
    """

    members: NDArray[np.int32]
    member_lift: Floats
    type_lift: Floats
    type_of: NDArray[np.int32]
    partners: NDArray[np.int32]
    viral: tuple[NDArray[np.int64], ...]


def open_market(products: Sequence[DemoProduct], rng: np.random.Generator, start: datetime, days: int) -> Market:
    """Draw popularity and trends for `days` days from `start`."""
    type_of = np.array([_type_rows()[item.look.type] for item in products], np.int32)
    members, is_member = _members(type_of)
    lift, viral = _product_lift(products, rng, start, days)
    member_lift = np.where(is_member, lift[:, members], NEVER)
    charm = rng.normal(0.0, 0.5, len(members)).astype(np.float32)
    has_any = (member_lift > NEVER / 2).any(axis=2)
    return Market(
        members=members,
        member_lift=member_lift,
        type_lift=np.where(has_any, charm + _type_seasons(start, days), NEVER).astype(np.float32),
        type_of=type_of,
        partners=_partners(),
        viral=viral,
    )


def _type_rows() -> dict[str, int]:
    return {key: row for row, key in enumerate(words().types)}


def _members(type_of: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    rows = [np.flatnonzero(type_of == kind) for kind in range(len(words().types))]
    width = max(1, *(len(row) for row in rows))
    members = np.zeros((len(rows), width), np.int32)
    for kind, row in enumerate(rows):
        members[kind, : len(row)] = row
    return members, np.arange(width) < np.array([[len(row)] for row in rows])


def _product_lift(
    products: Sequence[DemoProduct], rng: np.random.Generator, start: datetime, days: int
) -> tuple[Floats, tuple[NDArray[np.int64], ...]]:
    """Log-popularity float32[days, P] with seasons and trends, and the viral products of each day."""
    appeal = np.array([item.appeal for item in products], np.float32)
    lift = np.tile(_POPULARITY * appeal, (days, 1)).astype(np.float32)
    season_of = np.array([item.product.attributes.get("season") for item in products])
    for day in range(days):
        lift[day, season_of == _season(start + timedelta(days=day))] += _SEASON_LIFT
    trend = _trends(rng, days, len(products))
    born = np.array([_days_after(start, item.product.created_at) for item in products])
    is_born = born <= np.arange(days)[:, None]
    viral = tuple(np.flatnonzero((trend[day] > 1) & is_born[day]) for day in range(days))
    return np.where(is_born, lift + trend, NEVER).astype(np.float32), viral


def _trends(rng: np.random.Generator, days: int, products: int) -> Floats:
    """Products that go viral: a lift that appears over night and fades within about a week."""
    trend = np.zeros((days, products), np.float32)
    for _ in range(round(days * _VIRAL_PER_100_DAYS / 100)):
        first, row = rng.integers(days), rng.integers(products)
        age = np.arange(days - first)
        trend[first:, row] += rng.uniform(2.5, 4.5) * np.exp(-age / rng.uniform(2.0, 6.0))
    return trend


def _type_seasons(start: datetime, days: int) -> Floats:
    """Types sell better in their seasons: float32[days, T]."""
    kinds = list(words().types.values())
    seasons = [_season(start + timedelta(days=day)) for day in range(days)]
    return np.array([[_SEASON_LIFT * (season in kind.seasons) for kind in kinds] for season in seasons], np.float32)


def _partners() -> NDArray[np.int32]:
    rows = _type_rows()
    lists = [[rows[name] for name in kind.goes_with] for kind in words().types.values()]
    width = max(len(partners) for partners in lists)
    return np.array([(partners * width)[:width] for partners in lists], np.int32)


def _season(moment: datetime) -> str:
    return _SEASONS[moment.month - 1]


def _days_after(start: datetime, moment: datetime | None) -> float:
    return -1.0 if moment is None else (moment - start) / timedelta(days=1)
