"""What waits to be sent to one page: the newest of each topic, so that a slow reader costs nothing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is not sent yet, and how many of its topic it took the place of."""

    topic: str
    body: Mapping[str, Any]
    missed: int = 0


class Closed(Exception):
    """Nothing more comes.

    Attributes
    ----------
    code : of the WebSocket protocol.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Mailbox:
    """Holds one message per topic; a newer one takes the place of the older, and says so.

    Examples
    --------
    >>> box = Mailbox()
    >>> box.put("trending", {"items": ["a"]})
    >>> box.put("trending", {"items": ["b"]})
    >>> asyncio.run(box.take())
    Waiting(topic='trending', body={'items': ['b']}, missed=1)
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}
        self._arrived = asyncio.Event()
        self._closed: Closed | None = None

    def put(self, topic: str, body: Mapping[str, Any]) -> None:
        """Leave a message."""
        earlier = self._waiting.pop(topic, None)
        self._waiting[topic] = Waiting(topic, body, earlier.missed + 1 if earlier else 0)
        self._arrived.set()

    def close(self, code: int, reason: str) -> None:
        """What waits is not sent any more."""
        self._closed = self._closed or Closed(code, reason)
        self._arrived.set()

    async def take(self) -> Waiting:
        """The message that waits longest; waits for one.

        Raises
        ------
        Closed : there will be none.
        """
        while True:
            if self._closed is not None:
                raise self._closed
            if self._waiting:
                return self._waiting.pop(next(iter(self._waiting)))
            self._arrived.clear()
            await self._arrived.wait()
