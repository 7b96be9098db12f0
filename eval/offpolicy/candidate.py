"""How a candidate configuration would fill the slots of a logged slate: the same pool, weighed anew."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.surface import Surface
from eval.offpolicy.logged import LoggedSlate
from service.core.draw import Draw
from service.core.types import Ids
from service.ranking.fuse import Fused

Values = NDArray[np.float64]
Diversify = Callable[[Fused, Surface, int], Ids]
"""A list and the slots wanted -> its ids in slate order, chance left out (temperature 0)."""

REWEIGHABLE = ("weights", "preference", "freshness", "mmr_lambda", "temperature")
"""Keys of a surface whose effect on a logged pool is known exactly; any other changes the pool itself."""
_HARMLESS = ("max_n",)
_ADJUSTMENTS = ("preference", "freshness")


def obstacle(logged: Mapping[str, Any], candidate: Surface) -> str | None:
    """Why a slate logged under these parameters cannot speak for the candidate; None if it can.

    Examples
    --------
    >>> from config.params import load_params
    >>> home = load_params().surfaces["home"]
    >>> obstacle(home.model_dump(), home.changed({"weights": {"cf": 0.1}}))
    >>> obstacle(home.model_dump(), home.changed({"fuse": "rrf"}))
    'fuse differs'
    """
    wanted = candidate.model_dump()
    if other := [
        name
        for name in wanted
        if name not in (*REWEIGHABLE, *_HARMLESS) and _plain(logged.get(name)) != _plain(wanted[name])
    ]:
        return f"{', '.join(other)} {'differs' if len(other) == 1 else 'differ'}"
    asked = _weights(logged)
    if silent := [name for name, weight in _weights(wanted).items() if weight and not asked.get(name)]:
        return f"{', '.join(silent)} had no weight when it was logged"
    return None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _weights(surface: Mapping[str, Any]) -> dict[str, float]:
    return {**surface["weights"], **{name: surface[name] for name in _ADJUSTMENTS}}


def features(draw: Draw, signals: tuple[str, ...]) -> Values:
    """What each signal said of each product before its weight, float64[C, S]; 0 where it said nothing."""
    weights, nothing = _weights(draw.surface), (0.0,) * len(draw.products)
    columns = [
        np.array(draw.contributions.get(name, nothing), np.float64) / (weights.get(name) or 1.0) for name in signals
    ]
    return np.stack(columns, axis=1) if columns else np.empty((len(draw.products), 0))


def ranked(slate: LoggedSlate, candidate: Surface, diversified: Diversify) -> tuple[Ids, Values]:
    """The pool in the candidate's order before chance comes in, int64[C], and the scores the draw goes by, descending.

    Parameters
    ----------
    diversified : step 7 of the pipeline; asked only where MMR has to choose anew.

    Notes
    -----
    A contribution is weight x what the signal said, so another weight multiplies it by ``new / old``.
    """
    draw = slate.draw
    fused = _reweighed(draw, candidate)
    is_same_score = _weights(candidate.model_dump()) == _weights(draw.surface)
    if is_same_score and candidate.mmr_lambda == draw.surface["mmr_lambda"]:
        return np.array(draw.products, np.int64), fused.scores
    if candidate.mmr_lambda == 1:
        return fused.ids, fused.scores
    return diversified(fused, candidate.changed({"temperature": 0.0}), len(slate.items)), fused.scores


def _reweighed(draw: Draw, candidate: Surface) -> Fused:
    old, new = _weights(draw.surface), _weights(candidate.model_dump())
    # what has no weight of its own (a rule's boost) stays as it was
    shares = {
        name: np.array(values, np.float64) * (new.get(name, 0.0) / old[name] if old.get(name) else 1.0)
        for name, values in draw.contributions.items()
    }
    ids = np.array(draw.products, np.int64)
    contributions = np.stack(list(shares.values())) if shares else np.zeros((0, len(ids)))
    scores = contributions.sum(0)
    order = np.lexsort((ids, -scores))
    return Fused(ids[order], scores[order], tuple(shares), contributions[:, order])
