"""What became of every row of an event file, in counts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from indexer.load.reasons import Note
from indexer.load.report import count_reasons
from service.core.types import Interaction


@dataclass(frozen=True, slots=True)
class EventReport:
    """The result of loading one file of events.

    ``rows == loaded + rejected + duplicates``, ``repaired <= loaded``, ``sum(types.values()) == loaded``.

    Attributes
    ----------
    rows : data rows; blank lines are none, and of a sequence every product is one.
    loaded : rows that were recorded, `repaired` of them not quite as given.
    rejected : rows that are no event, or that the store refused.
    duplicates : rows whose event is stored already, from an earlier row or an earlier load.
    types : event type -> rows loaded.
    earliest, latest : of what was loaded; None if nothing was.
    repairs, rejections : reason -> how often, the most frequent first; one row may have several.
    warnings : what a person should know about the file as a whole.
    file : where every finding is listed by line, or None if no folder was given.
    """

    path: Path
    format: str
    rows: int
    loaded: int
    repaired: int
    rejected: int
    duplicates: int
    types: Mapping[str, int]
    earliest: datetime | None
    latest: datetime | None
    repairs: Mapping[str, int]
    rejections: Mapping[str, int]
    warnings: tuple[str, ...]
    file: Path | None
    seconds: float

    @property
    def as_given(self) -> int:
        """Rows that were loaded without any repair."""
        return self.loaded - self.repaired


@dataclass(slots=True)
class EventTally:
    """The counts while they grow."""

    rows: int = 0
    loaded: int = 0
    repaired: int = 0
    rejected: int = 0
    duplicates: int = 0
    refused: int = 0
    first_refusal: str = ""
    earliest: datetime | None = None
    latest: datetime | None = None
    types: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    rejections: Counter[str] = field(default_factory=Counter)

    def add_loaded(self, event: Interaction, notes: tuple[Note, ...]) -> None:
        """Count a row that was recorded, and its repairs."""
        self.loaded += 1
        self.types[str(event.type)] += 1
        self.earliest = event.at if self.earliest is None else min(self.earliest, event.at)
        self.latest = event.at if self.latest is None else max(self.latest, event.at)
        if notes:
            self.repaired += 1
            count_reasons(self.repairs, notes)

    def add_rejected(self, notes: tuple[Note, ...]) -> None:
        """Count a row that was not."""
        self.rejected += 1
        count_reasons(self.rejections, notes)

    def add_refused(self, line: int, notes: tuple[Note, ...]) -> None:
        """Count a row that the store refused."""
        self.add_rejected(notes)
        self.refused += 1
        self.first_refusal = self.first_refusal or f"the first in line {line}: {notes[0].value}"
