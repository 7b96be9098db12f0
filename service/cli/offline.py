"""``vitrine eval offline``: the service trained on a dataset's past, asked for its future."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import Context
from service.cli.main import evaluate

if TYPE_CHECKING:
    from rich.console import Console


@evaluate.command("offline")
def offline(
    context: typer.Context,
    dataset: Annotated[str, typer.Option(help="ml-100k, ml-1m or sequences.")],
    path: Annotated[Path, typer.Option(help="Folder with the dataset's files.")],
    split: Annotated[
        str | None, typer.Option(help="per-user-time or leave-last-out; the dataset's usual one if not given.")
    ] = None,
    sample: Annotated[int, typer.Option(min=1, help="Users asked with each signal alone, at most.")] = 3000,
) -> None:
    """Train a throwaway shop on the past, ask its home feed for the future: fused, each signal, single models."""
    from eval.offline.datasets import find_dataset
    from eval.offline.run import Offline
    from eval.offline.run import offline as measure

    ctx: Context = context.obj
    find_dataset(dataset, path)  # before anything is loaded

    @contextmanager
    def bar(what: str, total: int) -> Iterator[Callable[[float], None]]:
        with ctx.progress(what, total, "users") as advance:
            yield advance

    with TemporaryDirectory(prefix="vitrine-eval-") as folder:
        changes = {"data_dir": Path(folder), "database_url": None, "qdrant_url": None, "image_model": "none"}
        settings = ctx.settings().model_copy(update=changes)
        result = measure(Offline(dataset, path, split, sample), settings, say=ctx.say, bar=bar)
    ctx.show(result, lambda console: _show(console, result))


def _show(console: "Console", result: dict[str, Any]) -> None:
    from rich.table import Table

    columns = list(result["rows"]["fused"])
    title = f"{result['dataset']}, {result['split']}: {result['users']:,} users, {result['products']:,} products"
    table = Table("", *columns, title=title)
    sampled = result["sampled"]
    for name, row in result["rows"].items():
        mark = " *" if name in sampled["rows"] else ""
        table.add_row(name + mark, *(f"{row[column]:.4f}" for column in columns))
    console.print(table)
    if sampled["rows"]:
        console.print(f"* of {sampled['users']:,} of these users, drawn at random; the same in every run")
    console.print(
        f"Full ranking, products already met left out. {result['seconds']} s, {result['peak_mb']:,} MB at most"
    )
