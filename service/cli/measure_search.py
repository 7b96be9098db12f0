"""``vitrine eval search``: does the search find what it should?"""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import EXIT_FAILED, Context
from service.cli.main import evaluate
from service.cli.measuring import metrics_table, throwaway_settings
from service.core.errors import InvalidQuery

if TYPE_CHECKING:
    from rich.console import Console

_IDS = 10  # products of a proposed query


@evaluate.command("search")
def search(
    context: typer.Context,
    path: Annotated[
        Path | None, typer.Option(help="Folder with products.csv, queries.csv and relevance.csv: a shop of its own.")
    ] = None,
    golden: Annotated[
        Path | None, typer.Option(help="Text file of golden queries, asked of this shop: words => what is expected.")
    ] = None,
    minimum: Annotated[
        list[str] | None, typer.Option("--min", help="With --golden: fail below, as hit@10=0.8; may be repeated.")
    ] = None,
    low_cosine: Annotated[
        float, typer.Option(min=-1, max=1, help="With --golden: text cosine below which an answer is unsure.")
    ] = 0.45,
    from_clicks: Annotated[
        bool, typer.Option("--from-clicks", help="Propose golden queries from what people took after their searches.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="With --from-clicks: write them into this file, ready for --golden.")
    ] = None,
    people: Annotated[
        int | None,
        typer.Option(min=1, help="With --from-clicks: who must have taken a product [chosen_visitors of the config]."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="With --from-clicks: queries, the most searched first.")] = 200,
) -> None:
    """Search a judged set, or golden queries, through the HTTP API: the fusion and each leg alone."""
    if (path is not None) + (golden is not None) + from_clicks != 1:
        raise InvalidQuery(
            "give either --path FOLDER (a judged set), --golden FILE (queries of this shop) or --from-clicks (propose "
            "such queries); what people search for and do not find is read by `vitrine eval searches`"
        )
    if minimum and golden is None:
        raise InvalidQuery("--min goes with --golden; a judged set has no minimums")
    if from_clicks:
        return _propose(context.obj, out, people, limit)
    if out is not None or people is not None:
        raise InvalidQuery("--out and --people go with --from-clicks")
    if path is not None:
        _judged(context.obj, path)
    elif golden is not None:
        _golden(context.obj, golden, minimum or [], low_cosine)


def _judged(ctx: Context, path: Path) -> None:
    from eval.search_quality import judged_shop, read_judged, search_quality

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


def _golden(ctx: Context, file: Path, minimums: list[str], low_cosine: float) -> None:
    from eval.catalogue.shop import check_there_is_a_shop
    from eval.golden.limits import parse_minimum
    from eval.golden.lines import read_golden
    from eval.golden.run import measure_golden
    from service.cli.opening import open_shop

    limits = [parse_minimum(text) for text in minimums]
    golden = read_golden(file)  # before models are loaded
    settings = ctx.settings()
    check_there_is_a_shop(settings)
    with open_shop(ctx, settings) as runtime, ctx.progress("Searching", len(golden), "queries") as advance:
        result = measure_golden(runtime, golden, str(file), minimums=limits, low_cosine=low_cosine, on_progress=advance)
    ctx.show(result, lambda console: _show(console, result))
    if not result["passed"]:
        raise typer.Exit(EXIT_FAILED)


def _propose(ctx: Context, out: Path | None, people: int | None, limit: int) -> None:
    from datetime import UTC, datetime

    from config.params import load_params
    from eval.catalogue.shop import check_there_is_a_shop
    from eval.searches.golden import golden_from_clicks
    from service.core.types import DEFAULT_TENANT
    from service.runtime import open_database_only

    if out is not None and out.exists():
        raise InvalidQuery(f"{out} exists already, and golden queries are edited by hand: choose another file")
    settings = ctx.settings()
    check_there_is_a_shop(settings)
    params = load_params(*settings.overlays)
    people, days = people or params.search.chosen_visitors, params.search.chosen_days
    with open_database_only(settings) as database, ctx.working("Reading the log"):
        proposed = golden_from_clicks(
            database, DEFAULT_TENANT, days=days, people=people, weights=params.events.taste(), limit=limit, ids=_IDS,
            now=datetime.now(UTC),
        )  # fmt: skip
    if not proposed.lines:
        raise InvalidQuery(
            f"no product was taken by {people} different people after the same words in the last {days:g} days; send "
            "events with the `request_id` of the search or its `query`, or ask for fewer with --people",
            code="no_clicks",
        )
    if out is not None:
        out.write_text(proposed.text, "utf-8")
    result = {
        "queries": len(proposed.lines), "people": people, "days": days, "unwritable": proposed.unwritable,
        "gone": proposed.gone, "file": None if out is None else str(out), "lines": list(proposed.lines),
    }  # fmt: skip
    ctx.show(result, lambda console: _show_proposed(console, ctx, proposed.text, result))


def _show_proposed(console: "Console", ctx: Context, text: str, result: dict[str, Any]) -> None:
    if result["file"] is None:
        console.print(text, markup=False, soft_wrap=True, end="")
        return
    console.print(f"{result['queries']:,} golden queries in {result['file']}; read them, then run", markup=False)
    console.print(ctx.command("eval", "search", "--golden", result["file"]), markup=False, soft_wrap=True)


def _show(console: "Console", result: dict[str, Any]) -> None:
    legs = {"fused": result["fused"], **result["legs"]}
    # legs as columns: the metrics are too many for a narrow terminal
    rows = {metric: {leg: row[metric] for leg, row in legs.items() if metric in row} for metric in result["fused"]}
    metrics_table(console, f"{result['queries']} golden queries of {result['file']}", rows)
    if result["by_condition"]:
        console.print("precision by field: " + ", ".join(f"{k} {v:.3f}" for k, v in result["by_condition"].items()))
    for title in ("missed", "zero_results"):
        for entry in result[title]:
            said = f"{title.replace('_', ' ')}: line {entry['line']}, {entry['query']}: {entry['why']}"
            console.print(said, markup=False, soft_wrap=True)
    for entry in result["low_confidence"]:
        said = f"unsure: line {entry['line']}, {entry['query']}: {entry['words']:.0%} of the words, cosine "
        console.print(f"{said}{entry['cosine']:.2f}", markup=False, soft_wrap=True)
    if result["never_shown"]:
        ids = ", ".join(result["never_shown"])
        console.print(f"hidden or sold out, so never found: {ids}", markup=False, soft_wrap=True)
    if waiting := result["waiting_for_the_index"]:
        console.print(f"{waiting:,} products wait for the index; run `vitrine index` for a fair result")
    for verdict in result["minimums"]:
        word = "reached" if verdict["passed"] else "MISSED"
        console.print(f"{word}: {verdict['metric']} {verdict['got']:.3f}, at least {verdict['at_least']:g}")
