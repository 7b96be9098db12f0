"""A model that fails again and again is left alone for a while."""

import math

from service.explain.llm.model import ModelFailed

_LONGEST_WAIT_S = 3600.0  # that a server's own wish is followed


class Breaker:
    """Opens after some failures in a row; after a rest one more failure opens it again.

    Parameters
    ----------
    failures : in a row, >= 1. rest_s : seconds.

    Examples
    --------
    >>> breaker = Breaker(failures=1, rest_s=60.0)
    >>> breaker.fail(now=0.0, wait_s=None)
    >>> breaker.check(now=60.0)
    """

    def __init__(self, failures: int, rest_s: float) -> None:
        self._most = failures
        self._rest_s = rest_s
        self._failures = 0
        self._until = -math.inf

    def check(self, now: float) -> None:
        """Go on only if the model may be asked.

        Raises
        ------
        ModelFailed : it rests.
        """
        if now < self._until:
            left = math.ceil(self._until - now)
            raise ModelFailed(f"the model failed lately and is left alone for another {left} s")

    def succeed(self) -> None:
        """It answered."""
        self._failures = 0

    def fail(self, now: float, wait_s: float | None) -> None:
        """It did not; `wait_s` is what its server asks to wait."""
        self._failures += 1
        rest = self._rest_s if self._failures >= self._most else 0.0
        self._until = max(self._until, now + max(rest, min(wait_s or 0.0, _LONGEST_WAIT_S)))
