"""``vitrine eval search``: does the search find what it should?"""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from service.cli.console import Context
from service.cli.main import evaluate
from service.cli.measuring import metrics_table, throwaway_settings


@evaluate.command("search")
def search(
    context: typer.Context,
    path: Annotated[Path, typer.Option(help="Folder with products.csv, queries.csv and relevance.csv.")],
) -> None:
    """Search a judged set through the HTTP API: the fusion and each leg alone."""
    from eval.search_quality import judged_shop, read_judged, search_quality

    ctx: Context = context.obj
    judged = read_judged(path)
    with throwaway_settings(ctx) as settings, ExitStack() as stack:
        with ctx.working("Indexing the products of the set"):
            runtime = stack.enter_context(judged_shop(path, settings))
        with ctx.progress("Searching", len(judged.queries), "queries") as advance:
            result = search_quality(runtime, judged, on_progress=advance)
    rows = {"fused": result["fused"], **result["legs"]}
    ctx.show(
        dict(result), lambda console: metrics_table(console, f"{len(judged.queries)} queries of {path.name}", rows)
    )
