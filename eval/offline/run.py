"""One dataset, one split: the fused feed, signals alone and left out, and single models, asked for the same users."""

import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.offline.datasets import OWN, find_dataset, read_events, read_products
from eval.offline.rows import (
    DIVERSE,
    FUSED,
    Bar,
    Row,
    ask_rows,
    choose_rows,
    diversity,
    is_sampled,
    left_out,
    sample_of,
)
from eval.offline.rows import negatives as draw_negatives
from eval.offline.split import SPLITS, Split
from service.core.errors import InvalidQuery

if TYPE_CHECKING:
    import numpy as np

    from config.params import Params
    from config.settings import Settings
    from eval.offline.asked import Asked
    from eval.offline.shop import Trained
    from service.core.types import Interaction, Product

CUTOFFS = (5, 10, 20)
SAMPLE = 3000
_LEAST_DEPTH = 10  # slices and the figures beyond accuracy look at ten slots
_RESAMPLES = 1000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Offline:
    """What to measure.

    Parameters
    ----------
    path : the dataset's folder; None for the shop's own database.
    split : a name in `SPLITS`; None takes the dataset's own.
    sample : users asked in rows that are there to compare, at most; the fused feed and the baselines answer all.
    users : users asked at all, at most; None asks everybody.
    rows : names or groups of rows; none are all.
    cutoffs : 1 to the surface's ``max_n``; None are `CUTOFFS`.
    negatives : None ranks all products; else the relevant ones among so many others, which flatters.
    """

    dataset: str
    path: Path | None = None
    split: str | None = None
    sample: int = SAMPLE
    users: int | None = None
    rows: Sequence[str] = ()
    cutoffs: Sequence[int] | None = None
    negatives: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The outcome, and what it was made of.

    Attributes
    ----------
    result : see `offline`. rows : the lists of each row. values : row -> metric values float64[u, M] per user, by
        ``metrics``, u being the users of the row.
    """

    result: dict[str, Any]
    asked: "Asked"
    rows: Mapping[str, Row]
    metrics: Sequence[str]
    values: Mapping[str, "np.ndarray"] = field(default_factory=dict)


@contextmanager
def no_bar(_what: str, _total: int) -> Iterator[Callable[[float], None]]:
    """Shows nothing."""
    yield lambda _: None


def offline(wanted: Offline, settings: "Settings", *, say: Say = lambda _: None, bar: Bar = no_bar) -> dict[str, Any]:
    """Train on a dataset's past and rank all products for every user of its future.

    Parameters
    ----------
    settings : of the shop in force; its folder is only read, and only for the dataset ``shop``. Without a config file
        the dataset's profile is laid over.

    Returns
    -------
    dict : ``{"dataset", "split", "users", "products", "rows": {row: {metric: value}}, "intervals": {row: {metric:
        [low, high]}}, "slices", "beyond", "against_fused", "sampled", "seconds", "peak_mb", …}``; rows named in
        ``sampled["rows"]`` were asked for ``sampled["users"]`` users only.

    Raises
    ------
    InvalidQuery : unknown dataset, split or row, missing file, a split with nothing in it, a cut-off beyond the
        catalogue, scores that are no numbers.
    """
    return measure(wanted, settings, say=say, bar=bar).result


def measure(wanted: Offline, settings: "Settings", *, say: Say = lambda _: None, bar: Bar = no_bar) -> Measured:
    """`offline`, with the lists and the values of each user."""
    from tempfile import TemporaryDirectory

    from eval.offline.asked import ask_whom
    from eval.offline.shop import trained_shop

    started = time.monotonic()
    params, settings = prepared(wanted, settings)
    names = choose_rows(wanted.rows, params)
    products, split, name = read_split(wanted, settings)
    cutoffs = checked_cutoffs(wanted.cutoffs, len(products), params)
    users = users_of(split, wanted.users)
    with TemporaryDirectory(prefix="vitrine-eval-") as folder:
        throwaway = settings.model_copy(
            update={"data_dir": Path(folder), "database_url": None, "qdrant_url": None, "image_model": "none"}
        )
        with trained_shop(throwaway, products, split, say) as trained:
            asked = ask_whom(trained, split, users)
            measured = judged(trained, asked, names, cutoffs, wanted, say, bar)
    head = {
        "dataset": wanted.dataset,
        "split": name,
        "users": len(users),
        "users_with_a_future": len(split.relevant),
        "products": len(products),
        "interactions": len(split.train) + len(split.later),
        "ranking": "full" if wanted.negatives is None else f"sampled: among {wanted.negatives} others",
    }
    tail = {
        "config": " + ".join(map(str, settings.overlays)) or "recommender.toml",
        "seconds": round(time.monotonic() - started, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    return replace(measured, result=head | measured.result | tail)


def prepared(wanted: Offline, settings: "Settings") -> "tuple[Params, Settings]":
    """The parameters in force, and the settings that name them: the dataset's profile where nothing else is given."""
    from config.params import load_params
    from service.signals import SIGNALS

    dataset = find_dataset(wanted.dataset, wanted.path)
    if not settings.overlays:
        settings = settings.model_copy(update={"config_file": dataset.config_file})
    return load_params(*settings.overlays, signals=frozenset(SIGNALS)), settings


def read_split(wanted: Offline, settings: "Settings") -> "tuple[list[Product], Split, str]":
    """The products, the parts of the interactions, and the name of the split."""
    dataset = find_dataset(wanted.dataset, wanted.path)
    name = wanted.split or dataset.split
    if name not in SPLITS:
        raise InvalidQuery(f"there is no split {name!r}; known are {', '.join(SPLITS)}", code="unknown_split")
    events: list[Interaction]
    rules: list[Mapping[str, Any]] = []
    if wanted.dataset == OWN or wanted.path is None:
        from eval.offline.own import read_own

        products, events, rules = read_own(settings)
    else:
        events = read_events(dataset, wanted.path, datetime.now(UTC))
        products = read_products(dataset, wanted.path, events)
    return products, replace(SPLITS[name](events), rules=rules), name


def users_of(split: Split, limit: int | None) -> list[str]:
    """Who is asked, sorted; of too many a sample that is the same in every run."""
    users = sorted(split.relevant)
    return users if limit is None else [users[place] for place in sample_of(len(users), limit).tolist()]


def checked_cutoffs(cutoffs: Sequence[int] | None, products: int, params: "Params") -> tuple[int, ...]:
    """The cut-offs in ascending order.

    Raises
    ------
    InvalidQuery : one that was asked for is below 1, beyond the catalogue or beyond what the feed gives.
    """
    from eval.offline.pipeline import SURFACE

    most = params.surfaces[SURFACE].max_n
    if cutoffs is None:
        return tuple(k for k in CUTOFFS if k <= most)
    if wrong := [k for k in cutoffs if not 1 <= k <= min(products, most)]:
        raise InvalidQuery(
            f"cut-off {wrong[0]} is impossible: the catalogue has {products:,} products and the {SURFACE} surface "
            f"gives at most {most} (surfaces.{SURFACE}.max_n)",
            code="bad_cutoff",
        )
    return tuple(sorted(set(cutoffs)))


def judged(
    trained: "Trained",
    asked: "Asked",
    names: Sequence[str],
    cutoffs: Sequence[int],
    wanted: Offline,
    say: Say,
    bar: Bar,
) -> Measured:
    """Ask every row and say how good, how sure, how wide it is."""
    from eval.offline.judged import hits, metric_names, per_user
    from eval.offline.manner import manners
    from eval.offline.slices import slices, summary

    params, size = trained.runtime.params, len(asked.products)
    skipped = {name: why for name in names if (why := left_out(name, size, params))}
    some = sample_of(len(asked.users), wanted.sample)
    among = None if wanted.negatives is None else draw_negatives(asked, wanted.negatives)
    depth = min(max(*cutoffs, _LEAST_DEPTH), params.surfaces["home"].max_n)
    kept = [name for name in names if name not in skipped]
    rows = dict(ask_rows(kept, trained, asked, some, depth, among=among, say=say, bar=bar))
    say("Counting")
    metrics = metric_names(cutoffs)
    values = {}
    for name, row in rows.items():
        relevant = asked.relevant[row.users]
        values[name] = per_user(hits(row.lists, relevant), relevant.indptr[1:] - relevant.indptr[:-1], metrics)
    told = {name: summary(found, metrics, _RESAMPLES) for name, found in values.items()}
    intervals = {name: row.pop("intervals") for name, row in told.items()}
    few = [name for name in rows if is_sampled(name)] if len(some) < len(asked.users) else []
    own = params.surfaces["home"].mmr_lambda
    result = {
        "rows": told,
        "intervals": intervals,
        "against_fused": against(FUSED, rows, values, metrics),
        "slices": slices(rows, asked),
        "beyond": manners(rows, trained, asked),
        "sampled": {"users": len(some), "rows": few},
        "left_out": skipped,
        "diversity": dict(zip(("mmr_lambda", "origin"), diversity(params), strict=True)),
        "served_row": FUSED if own == 1 else DIVERSE,
    }
    return Measured(result, asked, rows, metrics, values)


def against(
    base: str, rows: Mapping[str, Row], values: Mapping[str, "np.ndarray"], metrics: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Each other row beside `base` on the users both were asked for: NDCG at the cut-off nearest to 10."""
    import numpy as np

    from service.core.intervals import as_dict, compare

    if base not in rows:
        return {}
    metric = min((m for m in metrics if m.startswith("ndcg@")), key=lambda name: abs(int(name.split("@")[1]) - 10))
    column = list(metrics).index(metric)
    found = {}
    for name, row in rows.items():
        if name != base:
            shared = np.searchsorted(rows[base].users, row.users)
            difference = compare(values[base][shared, column], values[name][:, column])
            found[name] = {"metric": metric, **as_dict(difference)}
    return found
