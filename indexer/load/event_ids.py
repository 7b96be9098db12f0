"""Event ids for files that have none: the same row has the same id at every load.

The id is a hash of who (the user, or the session of an anonymous one), the type, what (the product, or the words of a
search) and when. Rows that agree in all of these, as two pieces of one article on one day, are told apart by their
number: the second such row of a file gets another id than the first. So loading a file again, or a longer edition of
it, adds only what is new; the format it is read with makes no difference.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from service.core.types import EventType, Interaction

_PREFIX = "x-"  # so that nobody takes it for an id of the shop's own
_BYTES = 12
Keys = NDArray[np.uint64]


class EventIds:
    """Gives ids to the events of one file, batch after batch; 8 bytes of memory for each event without an id."""

    def __init__(self) -> None:
        self._runs: list[Keys] = []  # sorted; each less than half as long as the one before
        self._repeats: dict[int, int] = {}

    def fill(self, events: Sequence[Interaction]) -> list[Interaction]:
        """The events in the same order, those without an id with one."""
        places = [place for place, event in enumerate(events) if event.event_id is None]
        digests = [_digest(events[place]) for place in places]
        numbers = self._count([int.from_bytes(digest[:8], "big") for digest in digests])
        filled = list(events)
        for place, digest, number in zip(places, digests, numbers, strict=True):
            ending = f"-{number}" if number > 1 else ""
            filled[place] = replace(events[place], event_id=f"{_PREFIX}{digest.hex()}{ending}")
        return filled

    def _count(self, keys: list[int]) -> list[int]:
        """For each key the how many-th time it comes, from 1."""
        wanted = np.array(keys, dtype=np.uint64)
        fresh: set[int] = set()
        numbers = []
        for key, is_known in zip(keys, self._are_known(wanted).tolist(), strict=True):
            number = 1
            if is_known or key in fresh:
                number = self._repeats[key] = self._repeats.get(key, 1) + 1
            else:
                fresh.add(key)
            numbers.append(number)
        self._remember(np.sort(np.fromiter(fresh, dtype=np.uint64, count=len(fresh))))
        return numbers

    def _are_known(self, keys: Keys) -> NDArray[np.bool_]:
        known = np.zeros(len(keys), dtype=np.bool_)
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, keys), len(run) - 1)
            known |= run[place] == keys
        return known

    def _remember(self, run: Keys) -> None:
        if not len(run):
            return
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.concatenate((self._runs.pop(), run))
            run.sort(kind="stable")  # merges what is sorted already
        self._runs.append(run)


def _digest(event: Interaction) -> bytes:
    who = ("user", event.user) if event.user is not None else ("session", event.session)
    what = event.query if event.type is EventType.SEARCH else event.product
    parts = (*who, event.type, what, event.at.astimezone(UTC).isoformat())
    return blake2b("\0".join(map(str, parts)).encode(), digest_size=_BYTES).digest()
