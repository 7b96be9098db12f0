"""``vitrine eval catalogue``: what is wrong with a shop's own products, and who can ever be seen."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import Context
from service.cli.main import evaluate

if TYPE_CHECKING:
    from rich.console import Console

_ON_SCREEN = 5

Cosine = Annotated[float, typer.Option(min=0.5, max=1.0, help="From this cosine on two products are nearly the same.")]


@evaluate.command("catalogue")
def catalogue(
    context: typer.Context,
    k: Annotated[int, typer.Option(min=1, help="Slots of each list that count.")] = 20,
    sample: Annotated[int, typer.Option(min=1, help="Products whose similar ones are asked for, at most.")] = 20_000,
    users: Annotated[int, typer.Option(min=0, help="Users whose home feed is asked for, at most.")] = 500,
    text_cosine: Cosine = 0.97,
    image_cosine: Cosine = 0.99,
    check_images: Annotated[bool, typer.Option("--check-images", help="Ask for pictures over http too.")] = False,
    max_images: Annotated[int, typer.Option(min=1, help="Pictures asked for over http, at most.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Of every draw: the same again gives the same numbers.")] = 0,
    report: Annotated[Path | None, typer.Option(help="Folder to write a report into.")] = None,
) -> None:
    """Examine the catalogue: what is missing, double, cut or dead, and which products nobody can ever see."""
    from eval.catalogue.report import write_report
    from eval.catalogue.run import Options, examine
    from eval.catalogue.shop import open_to_look

    ctx: Context = context.obj
    fetch = max_images if check_images else 0
    options = Options(k, sample, users, text_cosine, image_cosine, fetch, seed)

    @contextmanager
    def bar(what: str, total: int, unit: str) -> Iterator[Callable[[float], None]]:
        with ctx.progress(what, total, unit) as advance:
            yield advance

    with ExitStack() as stack:
        with ctx.working("Loading the text model"):
            shop = stack.enter_context(open_to_look(ctx.settings()))
        result = examine(shop, options, bar)
    if report is not None:
        write_report(report, result)
        ctx.say(f"The report lies in {report}")
    ctx.show(result, lambda console: _show(console, result))


def _show(console: "Console", result: dict[str, Any]) -> None:
    from rich.table import Table

    from eval.catalogue.report import tables

    for found in tables(result, _ON_SCREEN):
        table = Table(
            *found.columns, title=found.title, title_justify="left", caption=found.note, caption_justify="left"
        )
        for row in found.rows:
            table.add_row(*row)
        console.print(table)
    console.print(f"{result['seconds']} s; more examples with --json or --report DIR")
