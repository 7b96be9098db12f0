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
) -> None:
    """Compare approximate with exact search on the live index, with and without filters."""
    from dataclasses import asdict

    from config.params import load_params
    from eval.ann import ann_recall
    from service.runtime import open_vectors_only

    ctx: Context = context.obj
    settings = ctx.settings()
    ef = load_params(settings.config_file).retrieval.ef
    with open_vectors_only(settings) as store, ctx.working("Searching exactly and approximately"):
        rows = ann_recall(store, ("text", "image"), queries=queries, ef=ef)

    def people(console: "Console") -> None:
        table = {f"{row.slot}, {row.filter}": _without(asdict(row), "slot", "filter") for row in rows}
        metrics_table(console, f"recall@100 against exact search, {queries} queries each, ef {ef}", table)

    ctx.show({"ef": ef, "rows": [asdict(row) for row in rows]}, people)


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
