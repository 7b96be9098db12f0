"""``vitrine eval searches``: what people search for and do not find, and which synonyms could help."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import Context
from service.cli.main import evaluate

if TYPE_CHECKING:
    from rich.console import Console

    from config.settings import Settings
    from eval.searches.alike import Encode


@evaluate.command("searches")
def searches(
    context: typer.Context,
    days: Annotated[float | None, typer.Option(min=1, help="How far back [window_days of the config].")] = None,
    people: Annotated[
        int | None, typer.Option(min=1, help="Who must have made a query before it is shown [min_visitors].")
    ] = None,
    low: Annotated[float, typer.Option(min=0, max=1, help="Share of people who click, up to which it is few.")] = 0.1,
    minutes: Annotated[float, typer.Option(min=0, help="How soon a second try follows the first.")] = 10.0,
    limit: Annotated[int, typer.Option(min=1, help="Queries of a list.")] = 50,
    report: Annotated[Path | None, typer.Option(help="Folder for report.html and report.md.")] = None,
    out: Annotated[Path | None, typer.Option(help="File for the proposed synonyms.")] = None,
) -> None:
    """List queries that find nothing or get few clicks, and synonyms that could help; `serve` may go on."""
    from config.params import load_params
    from eval.catalogue.shop import check_there_is_a_shop
    from eval.searches.report import write_report
    from eval.searches.run import Options

    ctx: Context = context.obj
    settings = ctx.settings()
    check_there_is_a_shop(settings)
    params = load_params(*settings.overlays)
    options = Options(
        days or params.suggest.window_days, people or params.suggest.min_visitors, low, limit, 60 * minutes
    )  # fmt: skip
    result = _read(ctx, options)
    if out is not None:
        out.write_text("\n".join((*result["synonyms"], "")), "utf-8")
        ctx.say(f"Synonyms: {out}")
    if report is not None:
        page, _ = write_report(report, result, ctx.command("eval", "searches", *_given(context)))
        ctx.say(f"Report: {page}")
    ctx.show(result, lambda console: _show(console, result))


def _given(context: typer.Context) -> list[str]:
    """The options of the command line that decide what is read."""
    return [
        word
        for name in ("days", "people", "low", "minutes", "limit")
        if str(context.get_parameter_source(name)).endswith("COMMANDLINE")
        for word in (f"--{name}", f"{context.params[name]:g}")
    ]


def _read(ctx: Context, options: Any) -> dict[str, Any]:
    from datetime import UTC, datetime

    from config.params import load_params
    from eval.searches.run import read_log, search_report
    from eval.searches.shop_words import read_shop_words
    from service.core.types import DEFAULT_TENANT
    from service.encode.lexical import LexicalEncoder
    from service.loading import file_synonyms
    from service.runtime import open_database_only

    settings = ctx.settings()
    params = load_params(*settings.overlays)
    rules, bm25 = tuple(file_synonyms(settings, params)), params.encoders.bm25
    lexical = LexicalEncoder(bm25.k1, bm25.b, bm25.average_length)
    with open_database_only(settings) as database, ctx.working("Reading the log"):
        log = read_log(database, DEFAULT_TENANT, options, datetime.now(UTC))
        with database.session() as session:
            words = read_shop_words(session, DEFAULT_TENANT, lexical, rules)
        return search_report(log, words, _encoder(settings), options)


def _encoder(settings: "Settings") -> "Encode":
    """Texts to vectors; the model is loaded when the first are asked for."""
    from functools import cache

    from service.encode.text import load_text_encoder

    @cache
    def model() -> Any:
        return load_text_encoder(settings.text_model, threads=settings.encoder_threads)

    return lambda texts: model().encode(texts)


def _show(console: "Console", result: dict[str, Any]) -> None:
    from rich.table import Table as Shown

    from eval.searches.report import summary, tables

    console.print(summary(result), markup=False, soft_wrap=True)
    for remark in result["remarks"]:
        console.print(remark, markup=False, soft_wrap=True)
    for title, found in tables(result):
        shown = Shown(*found.head, title=title, title_justify="left")
        for row in found.rows:
            shown.add_row(*row)
        console.print(shown)
    if result["synonyms"]:
        what = "Synonyms that could help, for the synonyms file or PUT /v1/synonyms; keep those that are right:"
        console.print(what, soft_wrap=True)
        for line in result["synonyms"]:
            console.print(line, markup=False, soft_wrap=True)
