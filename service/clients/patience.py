"""When a request is sent again, and when it is given up."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from service.clients.call import Call

LATER = frozenset((429, 503))
"""Statuses of a service that has not done what it was asked, and may soon."""

Outcome = httpx.Response | httpx.RequestError


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on asking.

    Only calls that do no harm twice are repeated, and none that took too long: who is slow is not helped by being
    asked more.

    Attributes
    ----------
    tries : at most so many, the first included. first_s : pause before the second; each is twice as long as the one
    before. longest_s : a service that asks for a longer pause than that is not waited for.
    """

    tries: int = 3
    first_s: float = 0.2
    longest_s: float = 10.0

    def pause(self, call: Call[Any], outcome: Outcome, tried: int) -> float | None:
        """Seconds until the next try; None: that was the last.

        Parameters
        ----------
        tried : how often so far.

        Examples
        --------
        >>> call = Call("GET", "/v1/home", dict)
        >>> busy = httpx.Response(503, headers={"Retry-After": "2"})
        >>> Patience().pause(call, busy, 1), Patience(longest_s=1).pause(call, busy, 1), Patience().pause(call, busy, 3)
        (2.0, None, None)
        """
        if tried >= self.tries or not call.may_repeat or not _is_worth_it(outcome):
            return None
        # a little by chance: those who were refused together shall not come back together
        pause = self.first_s * 2 ** (tried - 1) * random.uniform(0.5, 1)
        asked = retry_after(outcome) if isinstance(outcome, httpx.Response) else None
        pause = pause if asked is None else asked
        return pause if pause <= self.longest_s else None


def _is_worth_it(outcome: Outcome) -> bool:
    if isinstance(outcome, httpx.Response):
        return outcome.status_code in LATER
    return isinstance(outcome, httpx.NetworkError | httpx.RemoteProtocolError)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that a service asks to wait; None where it does not say.

    Examples
    --------
    >>> retry_after(httpx.Response(429, headers={"Retry-After": "60"})), retry_after(httpx.Response(429))
    (60.0, None)
    """
    said = response.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
