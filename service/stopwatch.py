"""How long each step of a request took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Sums milliseconds per step.

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

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time of a block to a step."""
        start = time.perf_counter()
        yield
        self.step_ms[name] = self.step_ms.get(name, 0.0) + (time.perf_counter() - start) * 1000
