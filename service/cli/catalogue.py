"""``vitrine load products`` and ``vitrine index``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import EXIT_FAILED, EXIT_REJECTED_ROWS, Context
from service.cli.main import app, load

if TYPE_CHECKING:
    from rich.console import Console

    from indexer.check import CheckReport
    from indexer.load import LoadReport
    from indexer.sync import SyncReport
    from service.runtime import Runtime


@load.command("products")
def load_products(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="CSV, JSON Lines or Parquet files.")],
    format: Annotated[
        str | None, typer.Option(help="amazon, hm, fashion or native; told by the header if left out.")
    ] = None,
    map: Annotated[list[str] | None, typer.Option(help="FIELD=COLUMN: where a field stands in the file.")] = None,
    currency: Annotated[str | None, typer.Option(help="Currency of prices that name none, as EUR.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder that holds the pictures.")] = None,
    only_with_pictures: Annotated[bool, typer.Option(help="Leave out products without a picture.")] = False,
) -> None:
    """Read product files into the database; every row is loaded, repaired or rejected, and the report says which."""
    from service.cli.loading import load_file, show_reports
    from service.core.errors import RecommenderError
    from service.runtime import open_database_only

    ctx: Context = context.obj
    reports: list[LoadReport] = []
    try:
        with open_database_only(ctx.settings()) as database:
            for path in files:
                report = load_file(
                    ctx, database, path, format=format, mapping=map or [], currency=currency, images=images,
                    only_with_pictures=only_with_pictures,
                )  # fmt: skip
                reports.append(report)
    except RecommenderError as error:
        # the files before this one are stored: their account is owed too
        show_reports(ctx, reports, error)
        raise typer.Exit(EXIT_FAILED) from error
    show_reports(ctx, reports)
    if any(report.rejected or report.duplicates for report in reports):
        raise typer.Exit(EXIT_REJECTED_ROWS)


@app.command()
def index(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Compare database and index, and repair what differs.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Throw the index away and embed everything again.")
    ] = False,
    ray: Annotated[
        int | None, typer.Option(min=1, help="So many actors of the Ray cluster of RAY_ADDRESS embed; extra `ray`.")
    ] = None,
    ray_gpus: Annotated[float, typer.Option(min=0, help="GPUs of each actor.")] = 0.0,
) -> None:
    """Embed every changed product and write it to Qdrant."""
    from service.cli.on_ray import check_far, index_spread
    from service.cli.opening import open_shop

    ctx: Context = context.obj
    settings = ctx.settings()
    if ray is not None:
        check_far(settings)
    with open_shop(ctx, settings, rebuild=rebuild) as runtime:
        before = _compare(ctx, runtime, repair=True) if check else None
        if ray is not None:
            spread = index_spread(runtime, ray, ray_gpus)
            ctx.say(f"{spread.embedded:,} products embedded by {spread.actors} actors of Ray.")
        report = index_all(ctx, runtime)
        after = _compare(ctx, runtime) if check else None
    _show(ctx, report, before, after)
    if after is not None and not after.agrees:
        raise typer.Exit(EXIT_FAILED)


def _compare(ctx: Context, runtime: "Runtime", *, repair: bool = False) -> "CheckReport":
    from indexer.check import check_index, repair_index

    with ctx.working("Comparing database and index"):
        report = check_index(runtime.database, runtime.store)
        if repair:
            repair_index(runtime.database, runtime.store, report)
    return report


def index_all(ctx: Context, runtime: "Runtime") -> "SyncReport":
    """Work off the outbox with a progress bar, then build the search graph."""
    from indexer.sync import index_stale
    from service.store.outbox import count_stale
    from service.store.spaces import PRODUCTS

    with runtime.database.session() as session:
        waiting = count_stale(session)
    with ctx.progress("Indexing", waiting, "products") as advance:
        report = index_stale(runtime.outbox, on_progress=advance)
    with ctx.working("Building the search graph"):
        runtime.store.optimize(PRODUCTS)
    return report


def _show(ctx: Context, report: "SyncReport", before: "CheckReport | None", after: "CheckReport | None") -> None:
    from dataclasses import asdict

    def people(console: "Console") -> None:
        console.print(
            f"{report.embedded:,} products embedded ({report.pictures:,} with picture), {report.updated:,} updated, "
            f"{report.deleted:,} deleted in {report.seconds:.1f} s.",
            soft_wrap=True,
        )
        for reason, count in sorted(report.picture_problems.items()):
            console.print(f"  {count:,} pictures skipped: {reason.replace('_', ' ')}")
        if before is not None and after is not None:
            console.print(_verdict("Before", before), soft_wrap=True)
            if not before.agrees:
                console.print(_verdict("Now", after), soft_wrap=True)

    result = asdict(report)
    if before is not None and after is not None:
        result |= {"check": {"before": _counts(before), "after": _counts(after)}}
    ctx.show(result, people)


def _counts(report: "CheckReport") -> dict[str, int | bool]:
    return {
        "agrees": report.agrees,
        "products": report.products,
        "points": report.points,
        "pending": report.pending,
        "missing": len(report.missing),
        "outdated": len(report.outdated),
        "orphans": len(report.orphans),
    }


def _verdict(when: str, report: "CheckReport") -> str:
    if report.agrees:
        return f"{when}: database and index agree: {report.products:,} products, {report.points:,} points."
    return (
        f"{when}: database and index differ: {len(report.missing):,} points missing, "
        f"{len(report.outdated):,} outdated, {len(report.orphans):,} without a product."
    )
