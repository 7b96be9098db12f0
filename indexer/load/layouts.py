"""Files without a header: how their lines look, and what stands where."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_SHOWN = 2_000  # enough of a line to tell


@dataclass(frozen=True, slots=True)
class Layout:
    """Lines of one kind.

    Attributes
    ----------
    first_lines : what the first lines of such a file match.
    columns : the names a header would have.
    is_latin : lines that are not UTF-8 are Latin-1 by design, not by accident.
    starts, step : the last column comes again and again, one row each, and the rows get these times in column ``at``.
    """

    first_lines: re.Pattern[str]
    columns: tuple[str, ...]
    delimiter: str
    is_latin: bool = False
    starts: datetime | None = None
    step: timedelta = timedelta()

    def matches(self, lines: Iterable[str]) -> int:
        """How many of these lines look like it."""
        return sum(self.first_lines.fullmatch(line[:_SHOWN].strip()) is not None for line in lines)


def to_layout(raw: Mapping[str, Any]) -> Layout:
    """A layout from its TOML table."""
    return Layout(
        first_lines=re.compile(raw["first_lines"]),
        columns=tuple(raw["columns"]),
        delimiter=raw["delimiter"],
        is_latin=raw.get("is_latin", False),
        starts=raw.get("starts"),
        step=timedelta(minutes=raw.get("step_minutes", 0)),
    )
