"""Whether this process can do its work: part by part, each with a state and the reason for it."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from service.api.dependencies import AppState
from service.core.errors import RecommenderError
from service.core.types import Floats
from service.store.edge_folder import MIN_FREE_BYTES
from service.store.lag import IndexLag, index_lag
from service.store.migrations.upgrade import known_revisions, revision_of
from service.store.patience import patience
from service.store.releases import ReleaseStatus
from service.store.spaces import PRODUCTS
from service.store.tables import PRODUCT, RELEASE
from service.store.vectors import VectorQuery

_PROBE = "ready"  # encoded once, then known
_SCARCE_BYTES = 10 * MIN_FREE_BYTES
_LIMIT_S = 3.0  # those who ask wait for 4 or 5
_GIVEN_UP_S = 15.0  # a look that hangs, so that the next one can find that all is well again
_SETTLED_S = 60.0  # a release promoted since then may be on its way


class PartState(StrEnum):
    """How a part is: it works; it does not, and answers are poorer; it does not, and there are none."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things an answer needs."""

    name: str
    state: PartState
    reason: str | None = None


def parts(state: AppState) -> list[Part]:
    """Every part, tried for real: a query to the database, a text to the encoder, its vector to the index.

    Blocks, but never for long: whoever asks whether we are well gives up soon, and would know nothing.
    """
    found = state.probes.ask(
        {
            "database": lambda: _tried("database", lambda: _database(state)),
            "encoder": lambda: _tried("encoder", lambda: _encoder(state)),
            "vectors": lambda: _tried("vectors", lambda: _vectors(state)),
            "release": lambda: _tried("release", lambda: _release(state), broken=PartState.DEGRADED),
            "disk": lambda: _tried("disk", lambda: _disk(state)),
        },
        _LIMIT_S,
        _late,
    )
    return [
        *found.values(),
        _told("records", state.runtime.impressions.state.failure),
        _told("indexing", state.indexing.state.failure if state.indexing else None),
        *_redis(state),
    ]


def overall(found: list[Part]) -> PartState:
    """The worst of them."""
    states = {part.state for part in found}
    return next(one for one in (PartState.FAILED, PartState.DEGRADED, PartState.OK) if one in states)


def lag(state: AppState) -> IndexLag:
    """How far the index is behind.

    Raises
    ------
    DependencyUnavailable : the database does not answer.
    """
    with state.runtime.database.session() as session:
        return index_lag(session)


_Checked = tuple[PartState, str | None]
_FINE: _Checked = (PartState.OK, None)
_EMPTY: _Checked = (
    PartState.DEGRADED,
    "the index is empty though there are products, so search finds none; a worker fills it, or `vitrine index`",
)


def _tried(name: str, check: Callable[[], _Checked], broken: PartState = PartState.FAILED) -> Part:
    try:
        with patience(_GIVEN_UP_S):
            return Part(name, *check())
    except RecommenderError as error:
        return Part(name, broken, error.message)
    except Exception as error:  # noqa: BLE001  whatever it is, this part does not work
        return Part(name, broken, type(error).__name__)


def _late(name: str, seconds: float) -> Part:
    broken = PartState.DEGRADED if name == "release" else PartState.FAILED  # the release is read from the database
    return Part(name, broken, f"no answer for {seconds:.0f} s: it hangs, or has too much to do")


def _told(name: str, failure: str | None) -> Part:
    return Part(name, PartState.DEGRADED if failure else PartState.OK, failure)


def _database(state: AppState) -> _Checked:
    with state.runtime.database.session() as session:
        schema, wanted = revision_of(session.connection()), known_revisions()
    if schema == wanted[-1]:
        return _FINE
    if schema in wanted:
        return PartState.FAILED, f"it has schema {schema}, and {wanted[-1]} is wanted: start the service anew"
    # what came is most often a table or a column more: whoever serves goes on until it is replaced
    return PartState.DEGRADED, f"a newer version has brought it to schema {schema}: start the service anew with that"


def _encoder(state: AppState) -> _Checked:
    encoders = state.runtime.services.encoders
    encoders.text.encode_query(_PROBE)
    if encoders.image is not None:
        encoders.image.encode_query(_PROBE)
    return _FINE


def _vectors(state: AppState) -> _Checked:
    store, probe = state.runtime.store, _probe(state)
    if probe is None:
        found = store.count(PRODUCTS)
    else:
        (hits,) = store.search(PRODUCTS, [VectorQuery("text", probe, limit=1)])  # also says whether its size fits
        found = len(hits.ids)
    return _FINE if found or not _has_products(state) else _EMPTY


def _probe(state: AppState) -> Floats | None:
    try:
        return state.runtime.services.encoders.text.encode_query(_PROBE)
    except Exception:  # noqa: BLE001  that part says so itself
        return None


def _has_products(state: AppState) -> bool:
    with state.runtime.database.session() as session:
        there = select(PRODUCT.c.id).where(PRODUCT.c.deleted_at.is_(None)).limit(1)
        return session.connection().execute(there).first() is not None


def _release(state: AppState) -> _Checked:
    runtime = state.runtime
    query = select(RELEASE.c.id, RELEASE.c.promoted_at).where(RELEASE.c.status == ReleaseStatus.LIVE)
    with runtime.database.session() as session:
        live = session.connection().execute(query).first()
    served = runtime.services.release()
    missing = PartState.FAILED if runtime.params.releases.required else PartState.OK
    if live is None:
        return missing, "none is live yet: answers build on content and on what is popular; `vitrine train` makes one"
    age = time.time() - live.promoted_at.timestamp() if live.promoted_at else _SETTLED_S
    if (served is not None and served.id == live.id) or age < _SETTLED_S:
        return PartState.OK, None if served is not None else f"{live.id} was promoted just now"
    other = f"{served.id} answers instead" if served else "answers do without"
    worst = PartState.FAILED if served is None and missing is PartState.FAILED else PartState.DEGRADED
    return worst, f"release {live.id} is live but cannot be used, so {other}; the log says why: train another"


def _disk(state: AppState) -> _Checked:
    settings = state.runtime.settings
    free = shutil.disk_usage(settings.data_dir).free
    if free >= _SCARCE_BYTES:
        return _FINE
    # beside servers nothing that an answer needs is written here
    worst = PartState.FAILED if settings.embedded and free < MIN_FREE_BYTES else PartState.DEGRADED
    return worst, f"{free >> 20} MB are free in {settings.data_dir}; below {MIN_FREE_BYTES >> 20} nothing can be stored"


def _redis(state: AppState) -> list[Part]:
    link = state.runtime.redis
    if link is None:
        return []
    told = link.state
    counts = f"{told.failures} questions failed, {told.skipped} were not asked"
    down = None if told.up else f"Redis does not answer ({told.error}): each process works from memory; {counts}"
    return [_told("redis", down)]
