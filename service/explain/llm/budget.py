"""How often a model is asked, and how much it may read and write in a day."""

from collections import deque

from service.explain.llm.model import ModelFailed

_MINUTE_S = 60.0
_DAY_S = 86_400.0


class Budget:
    """Calls in the last minute and tokens since midnight UTC, of this process.

    Parameters
    ----------
    calls, tokens : at most, per minute and per day; 0 allows none.

    Examples
    --------
    >>> budget = Budget(calls=10, tokens=1000)
    >>> budget.take(800, now=0.0)
    >>> budget.settle(800, 300)
    >>> budget.tokens_left(now=0.0)
    700
    """

    def __init__(self, calls: int, tokens: int) -> None:
        self._calls = calls
        self._tokens = tokens
        self._recent: deque[float] = deque()
        self._day = 0.0
        self._spent = 0

    def take(self, tokens: int, now: float) -> None:
        """Set aside one call and the most it can cost.

        Raises
        ------
        ModelFailed : that is more than there is.
        """
        while self._recent and now - self._recent[0] >= _MINUTE_S:
            self._recent.popleft()
        if len(self._recent) >= self._calls:
            raise ModelFailed(f"the budget of {self._calls} calls a minute is used up", ours=True)
        if tokens > self.tokens_left(now):
            raise ModelFailed(f"the budget of {self._tokens} tokens a day is used up", ours=True)
        self._recent.append(now)
        self._spent += tokens

    def settle(self, taken: int, cost: int) -> None:
        """Put right what a call cost in the end."""
        self._spent = max(0, self._spent - taken + cost)

    def tokens_left(self, now: float) -> int:
        """For today."""
        if now // _DAY_S != self._day:
            self._day, self._spent = now // _DAY_S, 0
        return self._tokens - self._spent
