"""Counts of the limits library in memory: as many as fit, each for a minute."""

import time

from cachetools import TTLCache
from limits.storage import Storage

_MINUTE_S = 60.0


class BoundedCounts(Storage):
    """What the library's own storage does, which starts a thread to look through all of them again and again.

    Parameters
    ----------
    most : callers counted at once; beyond that the longest known are forgotten.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._counts: TTLCache[str, list[float]] = TTLCache(most, _MINUTE_S, timer=time.time)

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """Nothing here fails."""
        return ()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count one more; the first one starts the minute."""
        found = self._counts.get(key)
        if found is None:
            self._counts[key] = found = [0, time.time() + expiry]
        found[0] += amount
        return int(found[0])

    def get(self, key: str) -> int:
        """How many so far."""
        return int(self._counts.get(key, (0,))[0])

    def get_expiry(self, key: str) -> float:
        """When it starts anew, seconds since 1970."""
        found = self._counts.get(key)
        return found[1] if found else time.time()

    def check(self) -> bool:
        """It is always there."""
        return True

    def reset(self) -> int | None:
        """Forget all of them."""
        count = len(self._counts)
        self._counts.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget one."""
        self._counts.pop(key, None)
