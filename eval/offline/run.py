"""One dataset, one split: the fused feed, every signal alone, and single models, asked for the same users."""

import random
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.offline.datasets import find_dataset, read_events, read_products
from eval.offline.split import SPLITS, Split
from eval.relevance import mean_metrics
from service.core.errors import InvalidQuery

if TYPE_CHECKING:
    from config.settings import Settings
    from eval.offline.shop import Trained

WANTED = ("ndcg@10", "hit@10", "recall@10", "mrr@10")
DEPTH = 10
SAMPLE = 3000
_SEED = 7

Bar = Callable[[str, int], AbstractContextManager[Callable[[float], None]]]
"""What is done and how often, to a function that is told how much is done."""


@dataclass(frozen=True, slots=True)
class Offline:
    """What to measure.

    Parameters
    ----------
    split : a name in `SPLITS`; None takes the dataset's own.
    sample : users asked with every single signal, at most; the fused feed and the baselines always answer all.
    """

    dataset: str
    path: Path
    split: str | None = None
    sample: int = SAMPLE


@contextmanager
def no_bar(_what: str, _total: int) -> Iterator[Callable[[float], None]]:
    """Shows nothing."""
    yield lambda _: None


def offline(
    wanted: Offline, settings: "Settings", *, say: Callable[[str], None] = lambda _: None, bar: Bar = no_bar
) -> dict[str, Any]:
    """Train on a dataset's past and rank all products for every user of its future.

    Parameters
    ----------
    settings : of an embedded shop in an empty folder; without a config file the dataset's profile is laid over.

    Returns
    -------
    dict : ``{"dataset", "split", "users", "products", "rows": {row: {metric: value}}, "sampled", "seconds",
        "peak_mb"}``; rows named in ``sampled["rows"]`` were asked for ``sampled["users"]`` users only.

    Raises
    ------
    InvalidQuery : unknown dataset or split, missing file, or a split with nothing in it.
    """
    from eval.offline.shop import trained_shop

    started = time.monotonic()
    dataset = find_dataset(wanted.dataset, wanted.path)
    name = wanted.split or dataset.split
    if name not in SPLITS:
        raise InvalidQuery(f"there is no split {name!r}; known are {', '.join(SPLITS)}", code="unknown_split")
    if settings.config_file is None:
        settings = settings.model_copy(update={"config_file": dataset.config_file})
    events = read_events(dataset, wanted.path, datetime.now(UTC))
    products = read_products(dataset, wanted.path, events)
    split = SPLITS[name](events)
    users = sorted(split.relevant)
    some = _sampled(users, wanted.sample)
    with trained_shop(settings, products, split, say) as trained:
        rows, signals = _rows(trained, split, users, some, say, bar)
    return {
        "dataset": wanted.dataset,
        "split": name,
        "users": len(users),
        "products": len(products),
        "interactions": len(split.train) + len(split.later),
        "rows": rows,
        "sampled": {"users": len(some), "rows": signals if len(some) < len(users) else []},
        "seconds": round(time.monotonic() - started, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _rows(
    trained: "Trained", split: Split, users: Sequence[str], some: Sequence[str], say: Callable[[str], None], bar: Bar
) -> tuple[dict[str, dict[str, float]], list[str]]:
    """The metrics of every row, and which rows are about some users only."""
    from eval.offline.baselines import BASELINES, baseline, baseline_rankings
    from eval.offline.pipeline import SURFACE, home_rankings, only, signals_of

    weights = trained.runtime.params.surfaces[SURFACE].weights
    with bar("The fused feed", len(users)) as advance:
        fused = home_rankings(trained, split, users, n=DEPTH, on_progress=advance)
    rows = {"fused": _metrics(fused, users, split.relevant)}
    signals = [f"signal:{signal}" for signal in signals_of(weights)]
    for signal in signals_of(weights):
        with bar(f"{signal} alone", len(some)) as advance:
            alone = home_rankings(trained, split, some, n=DEPTH, weights=only(signal, weights), on_progress=advance)
        rows[f"signal:{signal}"] = _metrics(alone, some, split.relevant)
    for name in BASELINES:
        say(f"Training {name}")
        rankings = baseline_rankings(baseline(name, trained), trained, split, users, DEPTH)
        rows[name] = _metrics(rankings, users, split.relevant)
    return rows, signals


def _sampled(users: Sequence[str], size: int) -> list[str]:
    """The same users in every run."""
    if len(users) <= size:
        return list(users)
    return sorted(random.Random(_SEED).sample(users, size))


def _metrics(
    rankings: Sequence[Sequence[str]], users: Sequence[str], relevant: Mapping[str, frozenset[str]]
) -> dict[str, float]:
    means = mean_metrics(rankings, [relevant[user] for user in users], WANTED)
    return {metric: round(value, 5) for metric, value in means.items()}
