"""What sessions told lately: in Redis where there is one, so that all processes know it, and in memory."""

import time
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from cachetools import TTLCache

from config.serving import SessionParams
from service.core.told import Told

if TYPE_CHECKING:
    from service.store.redis_link import RedisLink
    from service.store.redis_sessions import RedisSessions


class Sessions:
    """Never fails: without Redis, what this process was told itself is what it knows.

    Parameters
    ----------
    shared : the sessions of all processes; None without Redis. now : seconds, for the age of what is in memory.
    """

    def __init__(
        self, params: SessionParams, shared: "RedisSessions | None" = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = params.most
        self._shared = shared
        self._own: TTLCache[tuple[str, str], Told] = TTLCache(params.in_memory, params.ttl_s, timer=now)
        self._lock = Lock()

    def remember(self, tenant: str, session: str, told: Told) -> None:
        """Lay what was told in front of what is known; a session that tells nothing for `[sessions] ttl_s` is over."""
        if not told:
            return
        who = (tenant, session)
        with self._lock:  # also beside Redis: that one may be gone by the next request
            self._own[who] = told.after(self._own.get(who, Told()), self._most)
        if self._shared is not None:
            self._shared.remember(tenant, session, told)

    def recall(self, tenant: str, session: str) -> Told:
        """What is known of a session; nothing of one that never told anything, or long ago."""
        shared = self._shared.recall(tenant, session) if self._shared is not None else Told()
        if shared:
            return shared
        with self._lock:
            return self._own.get((tenant, session), Told())

    def forget(self, tenant: str, session: str) -> None:
        """Remove all that is known of a session, here and in Redis."""
        with self._lock:
            self._own.pop((tenant, session), None)
        if self._shared is not None:
            self._shared.forget(tenant, session)

    def told_before(self, moment: datetime) -> set[str] | None:
        """Names of sessions in Redis that told something before a moment; none without Redis, None while it is away."""
        return set() if self._shared is None else self._shared.told_before(moment)


def open_sessions(params: SessionParams, link: "RedisLink | None") -> Sessions:
    """The sessions of this process, shared with others through Redis where there is one."""
    if link is None:
        return Sessions(params)
    from service.store.redis_sessions import RedisSessions

    return Sessions(params, RedisSessions(link, params.ttl_s, params.most, time.time))
