"""What the measuring commands share: a shop for the moment, and a table of metrics."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from service.cli.console import Context

if TYPE_CHECKING:
    from rich.console import Console

    from config.settings import Settings


@contextmanager
def throwaway_settings(ctx: Context) -> "Iterator[Settings]":
    """The settings in force, but with a fresh embedded shop that is gone afterwards."""
    with TemporaryDirectory(prefix="vitrine-eval-") as folder:
        yield ctx.settings().model_copy(update={"data_dir": Path(folder), "database_url": None, "qdrant_url": None})


def metrics_table(console: "Console", title: str, rows: Mapping[str, Mapping[str, float]]) -> None:
    """A row per name and a column per metric; a metric a row lacks stays empty."""
    from rich.table import Table

    columns = list(next(iter(rows.values()), {}))
    table = Table("", *columns, title=title)
    for name, values in rows.items():
        table.add_row(name, *(_shown(values.get(column)) for column in columns))
    console.print(table)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:,.3f}" if isinstance(value, float) else f"{value:,}"
