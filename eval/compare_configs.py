"""Two configurations on one dataset: what each would have shown the same users."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.comparison import comparison
from eval.offline.asked import ask_whom
from eval.offline.judged import hits, per_user
from eval.offline.run import Offline, prepared, read_split, users_of
from eval.offline.slices import user_groups
from service.core.errors import InvalidQuery

if TYPE_CHECKING:
    from config.params import Params
    from config.settings import Settings
    from eval.offline.rows import Bar
    from eval.offline.shop import Trained
    from eval.offline.split import Split
    from service.core.types import Product

METRICS = ("ndcg@10", "hit@10", "recall@10", "mrr@10")
_DEPTH = 10

Say = Callable[[str], None]


def compare_configs(wanted: Offline, settings: "Settings", a: Path, b: Path, *, say: Say, bar: "Bar") -> dict[str, Any]:
    """B beside A: the home feed as the API would serve it, asked for the same users of a dataset's future.

    Where both train alike, one training serves both.

    Returns
    -------
    dict : see `eval.comparison.comparison`, with ``a``, ``b``, ``dataset`` and ``split``.

    Raises
    ------
    ConfigurationError : a file is no configuration. InvalidQuery : see `eval.offline.run.offline`.
    """
    configured = [prepared(wanted, settings.model_copy(update={"config_file": path})) for path in (a, b)]
    products, split, name = read_split(wanted, configured[0][1])
    users = users_of(split, wanted.users)
    values, met = [], np.empty(0, np.int64)
    for path, trained in zip((a, b), _shops(configured, products, split, say), strict=True):
        asked = ask_whom(trained, split, users)
        values.append(_values(trained, asked, f"The feed of {path.name}", bar))
        met = np.diff(asked.known.indptr)
    head = {"a": str(a), "b": str(b), "dataset": wanted.dataset, "split": name}
    return head | comparison(values[0], values[1], METRICS, user_groups(met))


def _shops(
    configured: "list[tuple[Params, Settings]]", products: "list[Product]", split: "Split", say: Say
) -> "Iterator[Trained]":
    """A trained shop for each configuration, one after the other."""
    from eval.offline.shop import trained_shop

    with ExitStack() as stack:
        trained: Trained | None = None
        before: Params | None = None
        for params, settings in configured:
            if trained is None or before is None or not _train_alike(before, params):
                stack.close()
                trained = stack.enter_context(
                    trained_shop(stack.enter_context(_throwaway(settings)), products, split, say)
                )
            before = params
            services = replace(trained.runtime.services, params=params)
            yield replace(trained, runtime=replace(trained.runtime, params=params, services=services))


def _train_alike(a: "Params", b: "Params") -> bool:
    """Whether they differ at most in how requests are answered."""
    answering = ("surfaces", "history", "retrieval", "schedule", "releases")
    return a.model_dump(exclude=set(answering)) == b.model_dump(exclude=set(answering))


@contextmanager
def _throwaway(settings: "Settings") -> "Iterator[Settings]":
    with TemporaryDirectory(prefix="vitrine-eval-") as folder:
        changes = {"data_dir": Path(folder), "database_url": None, "qdrant_url": None, "image_model": "none"}
        yield settings.model_copy(update=changes)


def _values(trained: "Trained", asked: Any, title: str, bar: "Bar") -> np.ndarray:
    from eval.offline.pipeline import SURFACE, home_lists

    if trained.runtime.params.surfaces[SURFACE].max_n < _DEPTH:
        raise InvalidQuery(f"surfaces.{SURFACE}.max_n must be {_DEPTH} or more to be compared", code="bad_cutoff")
    everybody = np.arange(len(asked.users))
    with bar(title, len(everybody)) as advance:
        lists = home_lists(trained, asked, everybody, _DEPTH, on_progress=advance)
    return per_user(hits(lists, asked.relevant), np.diff(asked.relevant.indptr), METRICS)
