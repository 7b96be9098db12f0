"""The limits of all processes together, counted in Redis; without it each process counts for itself."""

from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from service.api.rate_limit import FREE, Counts, Verdict, until
from service.store.redis_link import TIMEOUT_S, RedisLink


class SharedCounts:
    """Asks without stopping the event loop; never fails because of Redis."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._own = Counts()
        scheme, _, rest = link.url.partition("://")
        url = f"async+redis+unix://{rest}" if scheme == "unix" else f"async+{link.url}"
        patience = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S}
        self._limiter = FixedWindowRateLimiter(
            RedisStorage(url, wrap_exceptions=True, implementation="redispy", key_prefix="vitrine:limits", **patience)
        )

    async def hit(self, item: RateLimitItem, group: str, who: str) -> Verdict:
        """Count a request."""
        if self._link.state.up:
            try:
                return FREE if await self._limiter.hit(item, group, who) else await self._wait(item, group, who)
            except StorageError as error:
                self._link.failed(error)
        else:
            self._link.state.skipped += 1
        return await self._own.hit(item, group, who)

    async def test(self, item: RateLimitItem, group: str, who: str) -> Verdict:
        """The same without counting it."""
        if self._link.state.up:
            try:
                return FREE if await self._limiter.test(item, group, who) else await self._wait(item, group, who)
            except StorageError as error:
                self._link.failed(error)
        else:
            self._link.state.skipped += 1
        return await self._own.test(item, group, who)

    async def _wait(self, item: RateLimitItem, group: str, who: str) -> Verdict:
        stats = await self._limiter.get_window_stats(item, group, who)
        return until(stats.reset_time)
