"""Counts that all processes share in Redis, each for a while; None wherever Redis does not answer."""

from typing import TYPE_CHECKING

from service.store.redis_link import RedisLink

if TYPE_CHECKING:
    from redis import Redis


class RedisCounts:
    """Counts by name; a name's time begins with its first count.

    Parameters
    ----------
    prefix : what the names of these counts begin with in Redis. seconds : how long a count is kept.
    """

    def __init__(self, link: RedisLink, prefix: str, seconds: float) -> None:
        self._link = link
        self._prefix = prefix
        self._ms = round(seconds * 1000)

    def get(self, name: str) -> int | None:
        """How many so far."""

        def ask(client: "Redis") -> int | None:
            return int(client.get(self._key(name)) or 0)

        return self._link.ask(ask, None)

    def add(self, name: str) -> int | None:
        """One more; how many there are with it."""

        def ask(client: "Redis") -> int | None:
            with client.pipeline(transaction=True) as steps:
                steps.set(self._key(name), 0, px=self._ms, nx=True)
                steps.incr(self._key(name))
                return int(steps.execute()[1])

        return self._link.ask(ask, None)

    def forget(self, name: str) -> None:
        """Begin anew."""

        def ask(client: "Redis") -> None:
            client.delete(self._key(name))

        self._link.ask(ask, None)

    def _key(self, name: str) -> str:
        return f"{self._prefix}:{name}"
