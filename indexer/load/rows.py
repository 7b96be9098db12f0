"""A file as a table: column names, a stream of rows with line numbers, and how far reading has come."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from indexer.load.reasons import Note


@dataclass(frozen=True, slots=True)
class Row:
    """One data row. A note that rejects says that `values` cannot be trusted."""

    line: int
    values: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """An opened file.

    Attributes
    ----------
    columns : names in the header; of JSON Lines the keys of the first objects.
    rows : the rows from the first on, given whether surplus columns belong to the last one; may be called once.
    position : bytes read so far, of `size`.
    is_open : rows may have keys that are not in `columns`.
    """

    columns: tuple[str, ...]
    rows: Callable[[bool], Iterator[Row]]
    position: Callable[[], int]
    size: int
    is_open: bool = False
