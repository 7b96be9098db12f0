"""Parquet as a stream of rows, batch by batch; owner of polars in the loader. Line numbers count data rows from 1."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.load.lines import check_file
from indexer.load.rows import Row, Table
from service.core.errors import InvalidQuery

if TYPE_CHECKING:
    import polars as pl

_BATCH_ROWS = 1_000


@contextmanager
def open_parquet(path: Path) -> Iterator[Table]:
    """Open a Parquet file; row groups are decoded one after the other, never all at once.

    Raises
    ------
    InvalidQuery : the file cannot be read or is no Parquet file.
    """
    import polars as pl

    check_file(path)
    try:
        frame = pl.scan_parquet(path, glob=False, hive_partitioning=False)
        columns = tuple(frame.collect_schema().names())
        count = frame.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from error
    size, progress = path.stat().st_size, [0]
    yield Table(columns, lambda _: _rows(frame, path, progress), lambda: size * progress[0] // max(count, 1), size)


def _rows(frame: "pl.LazyFrame", path: Path, progress: list[int]) -> Iterator[Row]:
    for values in _dicts(frame, path):
        progress[0] += 1
        yield Row(progress[0], values)


def _dicts(frame: "pl.LazyFrame", path: Path) -> Iterator[dict[str, Any]]:
    import polars as pl

    try:
        for batch in frame.collect_batches(chunk_size=_BATCH_ROWS, maintain_order=True):
            yield from batch.iter_rows(named=True)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InvalidQuery:
    reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
    return InvalidQuery(f"{path.name} cannot be read as Parquet: {reason}", code="file_unreadable")
