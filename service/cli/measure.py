"""``vitrine eval …``: quality and speed, measured on the real pipeline."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import Context
from service.cli.main import evaluate
from service.cli.measuring import metrics_table, throwaway_settings

if TYPE_CHECKING:
    from rich.console import Console


@evaluate.command("ann")
def ann(
    context: typer.Context,
    queries: Annotated[int, typer.Option(min=1, help="Queries per slot and filter.")] = 200,
    ef: Annotated[int | None, typer.Option(min=1, max=4096, help="Breadth; the configuration's if not given.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the queries.")] = 0,
    report: Annotated[Path | None, typer.Option(help="Folder for report.html and report.md.")] = None,
) -> None:
    """Compare approximate with exact search on the live index: by slot, filter and breadth of the search."""
    from config.params import load_params
    from eval.ann.report import ann_report
    from eval.ann.run import ann as measure
    from eval.catalogue.shop import check_there_is_a_shop
    from service.runtime import open_database_only, open_vectors_only
    from service.store.releases import live_release

    ctx: Context = context.obj
    settings = ctx.settings()
    breadth = ef or load_params(*settings.overlays).retrieval.ef
    check_there_is_a_shop(settings)
    with open_database_only(settings) as database, database.session() as session:
        live = live_release(session)
    with open_vectors_only(settings) as store, ctx.progress("Searching twice", None, "filters") as advance:
        result = measure(
            store, settings, live.id if live else None, ef=breadth, queries=queries, seed=seed,
            tick=lambda _, total: advance(1, total=total),
        )  # fmt: skip
    if report is not None:
        page, _ = ann_report(
            report, result, ctx.command("eval", "ann", "--queries", str(queries), "--ef", str(breadth))
        )
        ctx.say(f"Report: {page}")
    ctx.show(result, lambda console: _show_ann(console, result))


def _show_ann(console: "Console", result: dict[str, Any]) -> None:
    from rich.table import Table

    from eval.ann.report import remarks, rows_table, short_sweep_table

    titles = (
        f"recall@{result['k']} against exact search, {result['queries']} queries each, ef {result['ef']}",
        "Sweep",
    )
    for title, table in zip(titles, (rows_table(result), short_sweep_table(result)), strict=True):
        shown = Table(*table.head, title=title, title_justify="left")
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)
    for remark in remarks(result):
        console.print(remark, markup=False, soft_wrap=True)


@evaluate.command("index")
def index(
    context: typer.Context,
    path: Annotated[Path, typer.Option(help="Product file, as for `vitrine load products`.")],
    limit: Annotated[int | None, typer.Option(min=100, help="Only the first products.")] = None,
) -> None:
    """Compare the speed of indexing with the text encoder alone, on the same rows in the same run."""
    from eval.index_speed import index_speed
    from indexer.load import load_products
    from service.cli.opening import open_shop
    from service.store.catalog import Outcome

    ctx: Context = context.obj
    products: dict[str, Any] = {}

    def keep(batch: Sequence[Any]) -> list[Outcome]:
        products.update((product.external_id, product) for product in batch)
        return [Outcome.CREATED] * len(batch)

    load_products(path, keep)
    with throwaway_settings(ctx) as settings, open_shop(ctx, settings) as runtime:
        speed = index_speed(runtime, list(products.values())[:limit], ctx.say)
    ctx.show(
        speed.as_dict(),
        lambda console: metrics_table(console, "Indexing against the encoder", {path.name: speed.as_dict()}),
    )


@evaluate.command("images")
def images(
    context: typer.Context,
    fashion: Annotated[
        Path | None, typer.Option(help="Folder with products.csv and images/: fine-tune on 80 %, measure on 20 %.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the photos when fine-tuning.")] = 20,
) -> None:
    """Text-to-image recall@10 of the bundled CLIP on drawings it never saw, or after fine-tuning on photos."""
    ctx: Context = context.obj
    result = _fashion(ctx, fashion, epochs) if fashion else _bundled(ctx)
    rows = {name: row for name, row in result.items() if isinstance(row, Mapping)}
    ctx.show(result, lambda console: metrics_table(console, "Words find pictures", rows))


def _bundled(ctx: Context) -> dict[str, Any]:
    with ctx.working("Drawing and searching"):
        from eval.text_to_image_demo import measure_bundled

        return measure_bundled()


def _fashion(ctx: Context, folder: Path, epochs: int) -> dict[str, Any]:
    from eval.text_to_image_fashion import measure_fashion

    with TemporaryDirectory(prefix="vitrine-eval-") as out, ctx.progress("Training", None, "batches") as advance:
        return measure_fashion(
            folder, Path(out), epochs=epochs, on_progress=lambda done, total, loss: advance(1, total=total)
        )


def _without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
