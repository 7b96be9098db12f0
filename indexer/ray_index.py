"""The first index of a very large catalogue on a Ray cluster: ranges of ids are dealt to actors with a model each.

Ray only spreads the work over machines. What is stale, how it is embedded, and who has it in hand is the outbox's
business as always: other workers may run meanwhile, and what a cluster that was lost had not finished is still there.
Needs PostgreSQL, a Qdrant server and the extra `ray`.
"""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any

from indexer.sync import Outbox, index_stale
from service.core.errors import ConfigurationError, DependencyUnavailable
from service.store.claims import RANGE
from service.store.database import Database
from service.store.outbox import stale_span

IDS = 320 * RANGE
"""Ids dealt at once: some minutes of a core, so that a lost actor costs little and a slow one holds up nobody."""

OpenOutbox = Callable[[], AbstractContextManager[Outbox]]


@dataclass(frozen=True, slots=True)
class RayReport:
    """What a cluster did.

    Attributes
    ----------
    embedded, updated, deleted : products, as in `SyncReport`. actors : that took part.
    """

    embedded: int = 0
    updated: int = 0
    deleted: int = 0
    actors: int = 0


def dealt(first: int, last: int, size: int) -> Iterator[range]:
    """Ranges that hold every id from `first` to `last`, of at least `size` ids.

    Their borders are those of what is claimed together: two actors never want the same claim.

    Examples
    --------
    >>> list(dealt(70, 300, 100))
    [range(64, 192), range(192, 320)]
    """
    step = -(-size // RANGE) * RANGE
    for start in range(first // RANGE * RANGE, last + 1, step):
        yield range(start, start + step)


def index_on_ray(
    database: Database, opened: OpenOutbox, *, actors: int, gpus: float = 0.0, ids: int = IDS
) -> RayReport:
    """Bring every changed product up to date in the index.

    Parameters
    ----------
    opened : opens the outbox in an actor, on whatever machine; goes there pickled, with the passwords it holds.
    actors : processes, each with a model. gpus : of each. ids : dealt at once.

    Raises
    ------
    ConfigurationError : the extra `ray` is not installed.
    DependencyUnavailable : an actor failed; what was not finished stays in the outbox.
    """
    with database.session() as session:
        span = stale_span(session)
    if span is None:
        return RayReport()
    try:
        import ray.data
        from ray.exceptions import RayError
    except ImportError as error:
        raise ConfigurationError("Ray is not installed: pip install 'vitrine[ray]'") from error
    parts = [{"start": part.start, "stop": part.stop} for part in dealt(*span, ids)]
    dataset = ray.data.from_items(parts, override_num_blocks=min(len(parts), 100 * actors)).map(
        _Actor, fn_constructor_args=(opened,), compute=ray.data.ActorPoolStrategy(size=actors), num_gpus=gpus
    )
    try:
        done = list(dataset.iter_rows())
    except RayError as error:
        raise DependencyUnavailable(f"an actor failed: {error}; start again, what is done stays done") from error
    sums = {name: sum(int(row[name]) for row in done) for name in ("embedded", "updated", "deleted")}
    return RayReport(**sums, actors=len({row["actor"] for row in done}))


class _Actor:
    """Works off one range after another; the model is loaded once."""

    def __init__(self, opened: OpenOutbox) -> None:
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._open = ExitStack()  # closed with the process
        self._outbox = self._open.enter_context(opened())

    def __call__(self, part: Mapping[str, Any]) -> dict[str, Any]:
        report = index_stale(self._outbox, within=range(int(part["start"]), int(part["stop"])))
        counts = {"embedded": report.embedded, "updated": report.updated, "deleted": report.deleted}
        return {**counts, "actor": self._name}
