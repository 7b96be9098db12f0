"""Lists that go on."""

from typing import Protocol


class AnyPage(Protocol):
    """A page of a list."""

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; None on the last."""
        ...
