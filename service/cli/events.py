"""``vitrine load events``."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import EXIT_FAILED, EXIT_REJECTED_ROWS, Context
from service.cli.main import load
from service.cli.reports import show_files

if TYPE_CHECKING:
    from indexer.load import EventReport
    from service.core.types import Interaction
    from service.store.database import Database
    from service.store.events import EventOutcome, UnknownProducts

    WriteEvents = Callable[[Sequence[Interaction]], list[EventOutcome]]


@load.command("events")
def load_events(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="CSV, JSON Lines, Parquet, MovieLens or sequence files.")],
    format: Annotated[
        str | None,
        typer.Option(help="movielens, rees46, retailrocket, online-retail, hm, sequences or native; told by the file."),
    ] = None,
    map: Annotated[list[str] | None, typer.Option(help="FIELD=COLUMN: where a field stands in the file.")] = None,
) -> None:
    """Read files of what users did; every row is recorded, a duplicate or rejected, and the report says which."""
    from config.params import load_params
    from service.core.errors import RecommenderError
    from service.runtime import open_database_only

    ctx: Context = context.obj
    settings = ctx.settings()
    policy = load_params(*settings.overlays).events.unknown_products
    reports: list[EventReport] = []
    try:
        with open_database_only(settings) as database:
            for path in files:
                report = load_event_file(ctx, database, path, policy, format=format, mapping=map or [])
                reports.append(report)
    except RecommenderError as error:
        # the files before this one are stored: their account is owed too
        show_files(ctx, reports, _lines, error=error)
        raise typer.Exit(EXIT_FAILED) from error
    show_files(ctx, reports, _lines)
    if any(report.rejected for report in reports):
        raise typer.Exit(EXIT_REJECTED_ROWS)


def _writer(database: "Database", policy: "UnknownProducts") -> "WriteEvents":
    from service.store.events import record_events

    def write(events: "Sequence[Interaction]") -> "list[EventOutcome]":
        with database.session() as session:
            return record_events(session, events, unknown_products=policy, now=datetime.now(UTC))

    return write


def load_event_file(
    ctx: Context,
    database: "Database",
    path: Path,
    policy: "UnknownProducts",
    *,
    format: str | None = None,
    mapping: Sequence[str] = (),
) -> "EventReport":
    """Load one file of events into the database, with a bar and a report file."""
    from indexer.load import load_events
    from service.cli.loading import columns_of, megabytes

    size = path.stat().st_size / 2**20 if path.is_file() else None
    with ctx.progress(f"Loading {path.name}", size, "MB") as advance:
        return load_events(
            path,
            _writer(database, policy),
            now=datetime.now(UTC),
            format=format,
            mapping=columns_of(mapping),
            report_folder=ctx.settings().data_dir / "reports",
            on_progress=megabytes(advance),
        )


def _lines(report: "EventReport") -> list[str]:
    lines = [
        f"  {report.loaded:,} events recorded{_span(report)}; {report.repaired:,} of them repaired",
    ]
    lines += [f"    {count:>9,} {type}" for type, count in report.types.items()]
    if report.duplicates:
        lines.append(f"  {report.duplicates:,} rows were recorded before")
    return lines


def _span(report: "EventReport") -> str:
    if report.earliest is None or report.latest is None:
        return ""
    return f" from {report.earliest:%Y-%m-%d} to {report.latest:%Y-%m-%d}"
