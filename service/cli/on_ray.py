"""``vitrine index --ray``: the first index of a very large catalogue, embedded on a Ray cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.settings import Settings
    from indexer.ray_index import RayReport
    from indexer.sync import Outbox
    from service.runtime import Runtime


def check_far(settings: "Settings") -> None:
    """Refuse where actors on other machines could not reach what they write to.

    Raises
    ------
    ConfigurationError : the embedded engine or SQLite.
    """
    from service.core.errors import ConfigurationError

    if settings.qdrant_url is None or settings.sql_url.startswith("sqlite"):
        raise ConfigurationError(
            "other machines cannot write to the embedded engine or to SQLite: --ray needs a Qdrant server and "
            "PostgreSQL (VITRINE_QDRANT_URL, VITRINE_DATABASE_URL)"
        )


def index_spread(runtime: "Runtime", actors: int, gpus: float) -> "RayReport":
    """Work off the outbox on the cluster that RAY_ADDRESS names, or on this machine."""
    from indexer.ray_index import index_on_ray

    return index_on_ray(runtime.database, partial(open_in_actor, runtime.settings), actors=actors, gpus=gpus)


@contextmanager
def open_in_actor(settings: "Settings") -> "Iterator[Outbox]":
    """What an actor works with: the same shop, with models of its own."""
    from service.runtime import open_runtime

    with open_runtime(settings) as runtime:
        yield runtime.outbox
