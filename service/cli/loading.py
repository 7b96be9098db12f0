"""Loading files for the commands: progress while it runs, one table at the end."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.console import Advance, Context
from service.cli.reports import show_files
from service.core.errors import InvalidQuery, RecommenderError

if TYPE_CHECKING:
    from indexer.load import LoadReport
    from service.core.types import Product
    from service.store.catalog import Outcome
    from service.store.database import Database


def load_file(
    ctx: Context,
    database: "Database",
    path: Path,
    *,
    format: str | None = None,
    mapping: Sequence[str] = (),
    currency: str | None = None,
    images: Path | None = None,
    only_with_pictures: bool = False,
) -> "LoadReport":
    """Load one product file into the database, with a bar and a report file."""
    from indexer.load import load_products

    size = path.stat().st_size / 2**20 if path.is_file() else None
    with ctx.progress(f"Loading {path.name}", size, "MB") as advance:
        return load_products(
            path,
            _writer(database),
            format=format,
            mapping=columns_of(mapping),
            currency=currency,
            images=images,
            only_with_pictures=only_with_pictures,
            report_folder=ctx.settings().data_dir / "reports",
            on_progress=megabytes(advance),
        )


def columns_of(mapping: Sequence[str]) -> dict[str, str] | None:
    """What ``--map`` says: field -> its column, or several with commas between them; None if it says nothing.

    Raises
    ------
    InvalidQuery : no FIELD=COLUMN.

    Examples
    --------
    >>> columns_of(["name=title,category=dept,aisle", "ignore=a", "ignore=b"])
    {'name': 'title', 'category': 'dept,aisle', 'ignore': 'a,b'}
    """
    columns: dict[str, list[str]] = {}
    for entry in mapping:
        field = ""
        for part in entry.split(","):
            name, separator, column = part.partition("=")
            # without "=" it is one more column of the field before
            field, column = (name.strip(), column.strip()) if separator else (field, name.strip())
            if not field or not column:
                raise InvalidQuery(f"--map {entry!r}: write FIELD=COLUMN, as in --map name=title")
            columns.setdefault(field, []).append(column)
    return {field: ",".join(names) for field, names in columns.items()} or None


def _writer(database: "Database") -> "Callable[[Sequence[Product]], Sequence[Outcome]]":
    from service.store.catalog import upsert_products

    def write(products: "Sequence[Product]") -> "Sequence[Outcome]":
        with database.session() as session:
            return upsert_products(session, products)

    return write


def megabytes(advance: Advance) -> Callable[[int, int, int], None]:
    """Move a bar by what loaders tell: bytes read, bytes in all, rows."""
    done = 0

    def progress(bytes_read: int, bytes_total: int, rows: int) -> None:
        nonlocal done
        advance((bytes_read - done) / 2**20)
        done = bytes_read

    return progress


def show_reports(ctx: Context, reports: "Sequence[LoadReport]", error: RecommenderError | None = None) -> None:
    """What became of every row, and what stopped the rest."""
    is_new = any(report.created or report.updated for report in reports)
    hint = f"Searchable after `{ctx.command('index')}`; a running service indexes them by itself." if is_new else None
    show_files(ctx, reports, _lines, hint=hint, error=error)


def _lines(report: "LoadReport") -> list[str]:
    lines = [
        f"  {report.loaded:,} products: {report.created:,} new, {report.updated:,} updated, "
        f"{report.unchanged:,} unchanged; {report.repaired:,} of them repaired",
    ]
    if report.duplicates:
        lines.append(f"  {report.duplicates:,} rows left out: their id came earlier in the file")
    if report.left_out:
        lines.append(f"  {report.left_out:,} rows left out: they have no picture")
    return lines
