"""The rows of the table: which there are, and the lists of each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.core.errors import InvalidQuery
from service.core.types import Ids

if TYPE_CHECKING:
    from config.params import Params
    from eval.offline.asked import Asked
    from eval.offline.pipeline import Way
    from eval.offline.shop import Trained

FUSED, DIVERSE = "fused", "fused+diversity"
GROUPS = ("signals", "without", "baselines")
_SEED = 7

Bar = Callable[[str, int], AbstractContextManager[Callable[[float], None]]]
"""What is done and how often, to a function that is told how much is done."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What one way of recommending shows.

    Attributes
    ----------
    users : int64[u], places in `Asked`, ascending. lists : int64[u, N], places of products, -1 for an empty slot.
    """

    users: Ids
    lists: Ids


def known_rows(params: "Params") -> dict[str, str | None]:
    """Every row there is with these parameters -> its group, best known first.

    Leaving one of two signals out is leaving the other alone, and of one nothing remains.
    """
    from eval.offline.baselines import BASELINES
    from eval.offline.pipeline import SURFACE, signals_of

    signals = signals_of(params.surfaces[SURFACE].weights)
    rows: dict[str, str | None] = {FUSED: None, DIVERSE: None}
    rows |= {f"signal:{name}": "signals" for name in signals}
    rows |= {f"without:{name}": "without" for name in signals if len(signals) > 1}
    return rows | dict.fromkeys(BASELINES, "baselines")


def choose_rows(wanted: Sequence[str], params: "Params") -> list[str]:
    """Rows by their names or groups (`GROUPS`), in the order of the table; all of them if none is named.

    Raises
    ------
    InvalidQuery : there is no such row.
    """
    known = known_rows(params)
    if unknown := [name for name in wanted if name not in known and name not in GROUPS]:
        raise InvalidQuery(
            f"there is no row {unknown[0]!r}; known are {', '.join(known)}, and the groups {', '.join(GROUPS)}",
            code="unknown_row",
        )
    return [name for name, group in known.items() if not wanted or name in wanted or group in wanted]


def diversity(params: "Params") -> tuple[float, str]:
    """MMR lambda of the row with diversity, and its origin: the surface's own, or the packaged one where that is 1."""
    from config.params import packaged_defaults
    from eval.offline.pipeline import SURFACE

    own = params.surfaces[SURFACE].mmr_lambda
    if own < 1:
        return own, f"surfaces.{SURFACE}.mmr_lambda in force"
    return float(
        packaged_defaults()["surfaces"][SURFACE]["mmr_lambda"]
    ), "recommender.toml; the one in force is 1 (off)"


def left_out(name: str, products: int, params: "Params") -> str | None:
    """Why a row cannot be had, if so: in a catalogue of this size, or at all."""
    limit = params.training.covisit.ease_limit
    if name == "ease" and products > limit:
        return f"more than {limit:,} products (training.covisit.ease_limit)"
    if name.endswith(":image"):
        return "the throwaway shop looks at no pictures"
    return None


def ask_rows(
    names: Sequence[str],
    trained: "Trained",
    asked: "Asked",
    some: Ids,
    depth: int,
    *,
    among: Mapping[int, Ids] | None,
    say: Callable[[str], None],
    bar: Bar,
) -> Iterator[tuple[str, Row]]:
    """The lists of each row; the same question is asked once.

    Parameters
    ----------
    some : int64[u], users for the rows that `is_sampled`. depth : slots.
    """
    from eval.offline.baselines import BASELINES, baseline, baseline_lists
    from eval.offline.pipeline import SURFACE, home_lists

    weights = trained.runtime.params.surfaces[SURFACE].weights
    everybody = np.arange(len(asked.users))
    answered: dict[object, Row] = {}
    for name in names:
        users = some if is_sampled(name) else everybody
        if name in BASELINES:
            say(f"Training {name}")
            yield name, Row(users, baseline_lists(name, baseline(name, trained), asked, users, depth, among=among))
            continue
        way = way_of(name, trained.runtime.params)
        key = (way.key(weights), len(users))
        if key not in answered:
            with bar(_title(name), len(users)) as advance:
                lists = home_lists(trained, asked, users, depth, way, among=among, on_progress=advance)
            answered[key] = Row(users, lists)
        yield name, answered[key]


def way_of(name: str, params: "Params") -> "Way":
    """How the feed is asked for a row that is no baseline."""
    from eval.offline.pipeline import SURFACE, Way, only, without

    kind, _, signal = name.partition(":")
    weights = params.surfaces[SURFACE].weights
    if name == DIVERSE:
        return Way(mmr_lambda=diversity(params)[0])
    if kind == "signal":
        return Way(only(signal, weights), 1.0, with_rules=False)
    return Way(without(signal, weights) if kind == "without" else None, 1.0, with_rules=False)


def is_sampled(name: str) -> bool:
    """Whether a row is asked for a sample of users only: it costs a whole feed per user, and is there to compare."""
    return name == DIVERSE or name.startswith(("signal:", "without:"))


def sample_of(users: int, size: int) -> Ids:
    """Places of the sampled users, ascending; the same in every run.

    Examples
    --------
    >>> sample_of(3, 5).tolist()
    [0, 1, 2]
    """
    if users <= size:
        return np.arange(users)
    return np.sort(np.random.default_rng(_SEED).choice(users, size, replace=False))


def negatives(asked: "Asked", count: int) -> dict[int, Ids]:
    """Per user what there is to choose from: the relevant products, and `count` of those neither relevant nor met.

    Sampled rankings flatter and may reorder models (Krichene & Rendle 2020, doi:10.1145/3394486.3403226).
    """
    size = len(asked.products)
    found = {}
    for row in range(len(asked.users)):
        relevant = asked.relevant[row].indices
        free = np.setdiff1d(np.arange(size), np.union1d(relevant, asked.known[row].indices))
        drawn = np.random.default_rng((_SEED, row)).choice(free, min(count, len(free)), replace=False)
        found[row] = np.sort(np.concatenate([relevant, drawn])).astype(np.int64)
    return found


def _title(name: str) -> str:
    kind, _, signal = name.partition(":")
    return {"signal": f"{signal} alone", "without": f"Without {signal}"}.get(kind, f"The feed: {name}")
