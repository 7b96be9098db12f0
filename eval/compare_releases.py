"""Two releases of the shop, on the products that were kept out of the training of both."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eval.comparison import comparison
from eval.offline.slices import user_groups
from indexer.release.artifacts import Artifacts, load_artifacts
from indexer.release.quality import FUSED, N, ndcg, tail_ranks
from service.core.errors import InvalidQuery, NotFound

if TYPE_CHECKING:
    from config.settings import Settings

METRICS = ("ndcg@10", "hit@10", "mrr@10")


def compare_releases(settings: "Settings", a: str, b: str) -> dict[str, Any]:
    """B beside A on the tail of the newer one, which the older one did not see either: see `indexer.release.tail`.

    Returns
    -------
    dict : see `eval.comparison.comparison`, with ``a``, ``b`` and the release whose ``tail`` it was. Slices: cold, warm
        and heavy users, and whether the product was ``known to both`` releases or ``new to the older`` one.

    Raises
    ------
    NotFound : a release does not exist, or its files are gone.
    InvalidQuery : the same release twice, or nobody was kept out of training.
    """
    if a == b:
        raise InvalidQuery(f"{a} is compared with itself; name two releases, as `vitrine releases` lists them")
    newer = _newer(settings, a, b)
    loaded = {release: load_artifacts(settings.releases_dir, release) for release in (a, b)}
    tail = loaded[newer].tail
    if not len(tail):
        raise InvalidQuery(
            f"nobody was kept out of the training of {newer}; set training.checks.held_out_share above 0 and train "
            "again",
            code="no_tail",
        )
    older = loaded[a if newer == b else b]
    known = np.isin(tail.targets, older.model.products)
    groups = user_groups(np.diff(tail.history.indptr)) | {"known to both": known, "new to the older": ~known}
    values = {release: _values(artifacts, tail) for release, artifacts in loaded.items()}
    return {"a": a, "b": b, "tail": newer, **comparison(values[a], values[b], METRICS, groups)}


def _newer(settings: "Settings", a: str, b: str) -> str:
    from service.runtime import open_database_only
    from service.store.releases import get_release

    if settings.database_url is None and not (settings.data_dir / "vitrine.db").is_file():
        raise NotFound(f"there is no shop in {settings.data_dir}; name its folder with --data-dir", code="no_shop")
    with open_database_only(settings) as database, database.session() as session:
        found = [get_release(session, release) for release in (a, b)]
    return max(found, key=lambda release: (release.created_at, release.id)).id


def _values(artifacts: Artifacts, tail: Any) -> NDArray[np.float64]:
    ranks = tail_ranks(artifacts.model, tail)[FUSED]
    within = ranks <= N
    return np.stack([ndcg(ranks), within.astype(np.float64), np.where(within, 1 / ranks, 0.0)], axis=1)
