"""How long each step of a request took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from service.observed import notes


class Stopwatch:
    """Sums milliseconds per step, and tells the notes of the request, where there are any.

    Examples
    --------
    >>> watch = Stopwatch()
    >>> with watch.step("fuse"):
    ...     pass
    >>> list(watch.step_ms)
    ['fuse']
    """

    def __init__(self) -> None:
        self.step_ms: dict[str, float] = {}
        self._notes = notes()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time of a block to a step; a step that fails took time too."""
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - start
            self.step_ms[name] = self.step_ms.get(name, 0.0) + seconds * 1000
            if self._notes is not None:
                self._notes.steps.append((name, start, seconds))
