"""What sessions told, in Redis: one sorted set per kind, so that several processes may write at once."""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime

from redis import Redis

from service.core.told import Told
from service.store.redis_link import RedisLink
from service.store.session_names import session_name

_PREFIX = "vitrine:told:"
_KINDS = tuple(field.name for field in fields(Told))


class RedisSessions:
    """Each call is one round trip and nothing in it depends on what was read before.

    Parameters
    ----------
    ttl_s : a session is forgotten so long after it last told something. most : of each kind, the newest are kept.
    now : seconds since 1970, UTC.
    """

    def __init__(self, link: RedisLink, ttl_s: float, most: int, now: Callable[[], float]) -> None:
        self._link = link
        self._ttl_ms = int(ttl_s * 1000)
        self._most = most
        self._now = now

    def remember(self, tenant: str, session: str, told: Told) -> None:
        """Lay what was told over what is known."""
        at = int(self._now() * 1e6)  # the first of what is told together is the newest: each further a microsecond less
        rows = {
            key: {name: at - place for place, name in enumerate(names)}
            for key, kind in _keys(tenant, session)
            if (names := getattr(told, kind))
        }
        self._link.ask(lambda redis: self._write(redis, rows), None)

    def recall(self, tenant: str, session: str) -> Told:
        """What is known; nothing where Redis does not answer."""
        return self._link.ask(lambda redis: _read(redis, tenant, session), Told())

    def forget(self, tenant: str, session: str) -> None:
        """Remove all of it."""
        names = [key for key, _ in _keys(tenant, session)]
        self._link.ask(lambda redis: redis.delete(*names), 0)

    def told_before(self, moment: datetime) -> set[str] | None:
        """Names of sessions that told something before a moment, see `session_name`; None where Redis does not answer.

        Looks at all of them.
        """
        return self._link.ask(lambda redis: _told_before(redis, moment), None)

    def _write(self, redis: Redis, rows: dict[str, dict[str, int]]) -> None:
        with redis.pipeline(transaction=True) as pipe:
            for key, scores in rows.items():
                pipe.zadd(key, scores)
                pipe.zremrangebyrank(key, 0, -self._most - 1)
                pipe.pexpire(key, self._ttl_ms)
            pipe.execute()


def _read(redis: Redis, tenant: str, session: str) -> Told:
    with redis.pipeline(transaction=False) as pipe:
        for key, _ in _keys(tenant, session):
            pipe.zrevrange(key, 0, -1)
        return Told(*(tuple(names) for names in pipe.execute()))


def _keys(tenant: str, session: str) -> list[tuple[str, str]]:
    # in braces: a cluster keeps them together
    return [(f"{_PREFIX}{{{session_name(tenant, session)}}}:{kind}", kind) for kind in _KINDS]


def _told_before(redis: Redis, moment: datetime) -> set[str]:
    before = moment.timestamp() * 1e6
    names = {str(key) for key in redis.scan_iter(match=f"{_PREFIX}*", count=1000)}
    return {name.split("{")[1].split("}")[0] for name in names if redis.zcount(name, "-inf", f"({before}")}
