"""The demo shop's shoppers, drawn from a seed."""

from datetime import datetime, timedelta

import numpy as np

from indexer.demo.catalogue import REFERENCE
from indexer.demo.taste import DemoShopper, feature_names
from indexer.demo.words import words
from service.core.types import Floats

DAYS = 90
LATE_SHARE = 0.25
_REGISTERED_SHARE = 0.6
_SPREAD = {"department": 1.3, "type": 0.8, "colour": 0.7, "pattern": 0.5, "brand": 0.4, "style": 0.6}
"""Standard deviation of a taste's weights per kind of feature: departments divide shoppers most, brands least."""


def demo_shoppers(
    seed: int = 7, count: int = 1500, *, end: datetime = REFERENCE, days: int = DAYS
) -> list[DemoShopper]:
    """Draw shoppers with tastes, budgets and habits.

    Parameters
    ----------
    end, days : the period of behaviour; a quarter of the shoppers joins during it, the others in the year before.

    Examples
    --------
    >>> shopper = demo_shoppers(count=3)[2]
    >>> shopper.external_id, shopper.early.shape
    ('U0003', (127,))
    """
    rng = np.random.default_rng((seed, 1))
    early = _tastes(rng, count)
    # Some hardly change their mind, some end up with a third of a new one.
    drift = (rng.beta(1.5, 3.0, count) * 0.8).astype(np.float32)[:, None]
    late = (1 - drift) * early + drift * _tastes(rng, count)
    activity = rng.lognormal(0.0, 0.9, count)
    start = end - timedelta(days=days)
    is_late = rng.random(count) < LATE_SHARE
    joined_days = np.where(is_late, rng.random(count) * days * 0.95, -rng.random(count) * 365)
    registers = rng.random(count) < _REGISTERED_SHARE
    return [
        DemoShopper(
            external_id=f"U{row + 1:04d}",
            joined_at=(start + timedelta(days=float(joined_days[row]))).replace(microsecond=0),
            interests=_interests(early[row]) if registers[row] else (),
            activity=float(activity[row]),
            early=early[row],
            late=late[row],
        )
        for row in range(count)
    ]


def _tastes(rng: np.random.Generator, count: int) -> Floats:
    """Weights float32[count, D]: normal per attribute, and a parabola in the price around a budget."""
    columns = feature_names()
    tastes = np.zeros((count, len(columns)), np.float32)
    for name, column in columns.items():
        tastes[:, column] = rng.normal(0.0, _SPREAD.get(name.split(":")[0], 0.0), count)
    budget, strictness = rng.normal(0.0, 0.45, count), rng.gamma(4.0, 0.3, count)
    # -strictness * (price - budget)^2, without the part that is the same for all products
    tastes[:, columns["price"]] = 2 * strictness * budget
    tastes[:, columns["price squared"]] = -strictness
    tastes[:, columns["quality"]] = rng.uniform(0.1, 0.7, count)
    tastes[:, columns["discount"]] = rng.uniform(0.0, 2.5, count)
    return tastes


def _interests(taste: Floats) -> tuple[str, ...]:
    """The two departments it likes best, by display name."""
    departments = list(words().departments.values())
    weights = taste[[feature_names()[f"department:{department.key}"] for department in departments]]
    return tuple(departments[row].name for row in np.argsort(-weights, kind="stable")[:2])
