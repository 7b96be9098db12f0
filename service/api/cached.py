"""Answers that are the same for everybody: kept for a while, and never sent once they have stopped being true.

Three looks make sure of that. Which rules, release and popular lists are in force belongs to an answer: others make
another. Before each use the products it shows are looked up: one that was changed, hidden, sold or deleted meanwhile
makes it worthless at that moment. And whether anything else of the catalogue has changed, as a product that came back
and is missing, is looked up as often as that look is cheap (`_REST`).
"""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from threading import Lock

import orjson
from cachetools import TTLCache
from fastapi import Response

from config.params import AnswerParams
from service.context import Request, Services
from service.core.types import Slate
from service.observed import note_cache
from service.store.catalog import count_stale
from service.store.catalogue_words import catalogue_version
from service.store.last_changed import last_changed

_REST = 50.0  # times as long as a look at the whole catalogue took, until the next one

Version = tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """An answer and what it tells of.

    Attributes
    ----------
    body : JSON. products : internal id of each product shown -> when it last changed, as it was read for the answer.
    slates : what is to be recorded each time it is shown.
    """

    body: bytes
    products: Mapping[int, datetime]
    slates: tuple[tuple[Request, Slate], ...] = ()
    tag: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag", f'"{blake2b(self.body, digest_size=12).hexdigest()}"')


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    made: Made
    version: Version


def _size(kept: _Kept) -> int:
    """Bytes, roughly: a product of a slate takes about a kilobyte in memory."""
    return len(kept.made.body) + 1024 * (1 + len(kept.made.products))


@dataclass(frozen=True, slots=True)
class _Catalogue:
    version: object
    look_at: float


class KeptAnswers:
    """Keeps the answers asked for most recently.

    Parameters
    ----------
    params : how much is kept, and how long.
    """

    def __init__(self, services: Services, params: AnswerParams) -> None:
        self._services = services
        self._most = params.kept_mb * 2**20
        self._answers: TTLCache[Hashable, _Kept] = TTLCache(self._most, params.ttl_s, getsizeof=_size)
        self._catalogues: dict[str, _Catalogue] = {}
        self._lock = Lock()

    def get(
        self, tenant: str, request_id: str, key: Hashable, make: Callable[[], Made], *, by_vectors: bool = False
    ) -> tuple[Made, bool]:
        """The answer for a key, and whether it was kept; blocks.

        Parameters
        ----------
        key : all that the answer depends on, who asks aside. make : the answer, recorded as it is made.
        by_vectors : it depends on vectors too, and is not kept while some are still to be written.
        """
        version = self._version(tenant)
        with self._lock:
            kept = self._answers.get((tenant, key))
        if kept is not None and kept.version == version and self._is_true(kept.made):
            for request, slate in kept.made.slates:
                self._services.record(replace(request, request_id=request_id), replace(slate, request_id=request_id))
            return kept.made, True
        may_keep = not (by_vectors and self._waits())
        made = make()
        kept = _Kept(made, version)
        if may_keep and _size(kept) <= self._most:
            with self._lock:
                self._answers[tenant, key] = kept
        return made, False

    def _version(self, tenant: str) -> Version:
        """What is in force; read before an answer is made, so that one made of something newer is not kept for long."""
        services = self._services
        popular, release = services.popular(tenant), services.release()
        now = datetime.fromtimestamp(services.now(), UTC)
        rules = tuple(rule for rule in services.rules(tenant) if rule.status(now) == "active")
        return popular and popular.made_at, release and release.id, rules, self._catalogue(tenant)

    def _catalogue(self, tenant: str) -> object:
        known, start = self._catalogues.get(tenant), time.monotonic()
        if known is not None and start < known.look_at:
            return known.version
        with self._services.database.session() as session:
            version = catalogue_version(session, tenant)
        end = time.monotonic()
        self._catalogues[tenant] = _Catalogue(version, end + _REST * (end - start))
        return version

    def _is_true(self, made: Made) -> bool:
        with self._services.database.session() as session:
            return last_changed(session, made.products) == made.products

    def _waits(self) -> bool:
        with self._services.database.session() as session:
            return count_stale(session) > 0


def made_of(body: Mapping[str, object], products: Mapping[int, datetime], *slates: tuple[Request, Slate]) -> Made:
    """An answer from its body."""
    return Made(orjson.dumps(body), products, slates)


def kept_response(made: Made, known: str, *, is_hit: bool) -> Response:
    """An answer as it is sent; 304 without a body to a caller that has it already.

    Parameters
    ----------
    known : the caller's ``If-None-Match``.
    """
    cache = "hit" if is_hit else "miss"
    note_cache(cache)
    # others may keep it too, but have to ask before they use it: only we know whether it is still true
    headers = {"ETag": made.tag, "Cache-Control": "public, no-cache", "X-Cache": cache}
    if made.tag in known or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    return Response(made.body, media_type="application/json", headers=headers)
