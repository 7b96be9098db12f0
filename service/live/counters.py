"""How much is going on, per tenant: requests, events and clicks, of this process and of those it hears of."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from service.core.types import EventType, Interaction

NAMES = ("requests", "events", "clicks")
Totals = tuple[int, int, int]
_FORGOTTEN_S = 5.0  # a process that has not been heard of for so long is gone
_NONE: Totals = (0, 0, 0)


@dataclass(slots=True)
class _Heard:
    at: float
    totals: Mapping[str, Totals] = field(default_factory=dict)


class Counters:
    """Counts since the start; what others counted is added as long as they are heard of."""

    def __init__(self) -> None:
        self._own: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        self._others: dict[str, _Heard] = {}

    def request(self, tenant: str) -> None:
        """A request was answered."""
        self._own[tenant][0] += 1

    def event(self, event: Interaction) -> None:
        """An event was recorded."""
        own = self._own[event.tenant]
        own[1] += 1
        own[2] += event.type is EventType.CLICK

    def own(self) -> dict[str, Totals]:
        """Tenant -> counts of this process."""
        return {tenant: (row[0], row[1], row[2]) for tenant, row in self._own.items()}

    def hear(self, process: str, totals: Mapping[str, Totals], now: float) -> None:
        """What another process counted so far; `now` in seconds."""
        self._others[process] = _Heard(now, totals)

    def all(self, now: float) -> dict[str, dict[str, Totals]]:
        """Process -> tenant -> counts; this process is "".

        Examples
        --------
        >>> counters = Counters()
        >>> counters.request("shop")
        >>> counters.hear("other", {"shop": (5, 2, 1)}, now=0.0)
        >>> counters.all(now=1.0)
        {'': {'shop': (1, 0, 0)}, 'other': {'shop': (5, 2, 1)}}
        """
        self._others = {name: heard for name, heard in self._others.items() if now - heard.at < _FORGOTTEN_S}
        return {"": self.own()} | {name: dict(heard.totals) for name, heard in self._others.items()}


def rates(
    before: Mapping[str, Mapping[str, Totals]], now: Mapping[str, Mapping[str, Totals]], tenant: str, seconds: float
) -> dict[str, dict[str, float]]:
    """Name of a counter -> how many per second since `before`, and in all.

    Processes that are new or gone count for the total only.

    Examples
    --------
    >>> rates({"": {"shop": (10, 0, 0)}}, {"": {"shop": (30, 4, 1)}}, "shop", seconds=2.0)["requests"]
    {'per_s': 10.0, 'total': 30}
    """
    told: dict[str, dict[str, float]] = {}
    for place, name in enumerate(NAMES):
        grown = sum(
            counts.get(tenant, _NONE)[place] - before[process].get(tenant, _NONE)[place]
            for process, counts in now.items()
            if process in before
        )
        total = sum(counts.get(tenant, _NONE)[place] for counts in now.values())
        told[name] = {"per_s": round(max(0, grown) / seconds, 1), "total": total}
    return told
