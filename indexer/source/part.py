"""One table of the shop, brought up to date: only what is new where that can be told, else everything compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Select

from config.source import Source
from indexer.source.marks import Mark, Newest, since
from indexer.source.writes import Put, Write


@dataclass(slots=True)
class Taken:
    """What became of a table's rows.

    Attributes
    ----------
    rows : read. fresh : of them those that we did not have. added, changed : of ours, once it is written.
    withdrawn : of ours, because their rows are gone from the shop.
    refused : rows that cannot be used. problem : why not, of the first one.
    compared : everything was looked at, not only what is new.
    """

    rows: int = 0
    fresh: int = 0
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    refused: int = 0
    problem: str | None = None
    compared: bool = False

    @property
    def is_news(self) -> bool:
        """Whether anything of ours was changed."""
        return bool(self.added or self.changed or self.withdrawn)

    def refuse(self, why: str) -> None:
        """Count a row that cannot be used."""
        self.refused += 1
        self.problem = self.problem or why


class Part(Protocol):
    """A table of the shop, and what we have of it; nothing is written but through what is put."""

    def newest(self) -> Newest | None:
        """The largest value of a column that tells what is new; None where none does."""

    def surplus(self) -> int:
        """How many more rows the shop has than we have."""

    def take_since(self, column: str, value: object, taken: Taken, put: Put) -> None:
        """Take over the rows whose column is at least this."""

    def compare(self, taken: Taken, put: Put) -> None:
        """Take over all rows, and take back what is gone."""


def bring_up_to_date(part: Part, mark: Mark | None, source: Source, now: datetime, put: Put) -> tuple[Taken, Mark]:
    """Take over what is new; everything is compared the first time, when it is due, and where the numbers differ."""
    newest, surplus = part.newest(), part.surplus()
    is_due = mark is None or now.timestamp() - mark.compared_at >= source.compare_s
    if mark is not None and not is_due and (before := mark.newest) and newest and newest.column == before.column:
        taken, writes = Taken(), list[tuple[int, Write]]()
        part.take_since(
            before.column, since(before, source.overlap_s, now), taken, lambda rows, write: writes.append((rows, write))
        )
        if surplus - taken.fresh == mark.surplus:
            for rows, write in writes:
                put(rows, write)
            return taken, Mark(newest, mark.compared_at, mark.surplus)
    taken = Taken(compared=True)
    part.compare(taken, put)
    return taken, Mark(newest, now.timestamp(), surplus - taken.fresh + taken.withdrawn)


def batches(connection: Connection, query: Select[Any], size: int) -> Iterator[list[Any]]:
    """The rows in lists of `size`; memory holds one list."""
    result = connection.execute(query, execution_options={"yield_per": size})
    for rows in result.partitions():
        yield list(rows)
