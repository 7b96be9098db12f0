"""``vitrine eval load``: latency at a constant arrival rate, and how much of it is the engine's."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import Context
from service.cli.main import evaluate

if TYPE_CHECKING:
    from rich.console import Console

    from eval.report import Table

Url = Annotated[str | None, typer.Option(help="A running service; if not given, one is started on a copy of the shop.")]
Fresh = Annotated[bool, typer.Option("--fresh-queries", help="Every search is new, so that no vector of it is kept.")]
Find = Annotated[
    bool, typer.Option("--find-rate", help="Find the highest rate that holds --goal-p99; --rate is where to begin.")
]
Background = Annotated[
    bool, typer.Option("--background", help="Let the started service index, count and train meanwhile, as usual.")
]
Write = Annotated[bool, typer.Option("--write-events", help="Send events even to a shop that is not a copy.")]


@evaluate.command("load")
def load(
    context: typer.Context,
    surface: Annotated[str, typer.Option(help="home, similar, search, events or mix.")] = "mix",
    rate: Annotated[float, typer.Option(min=0.1, max=20_000, help="Requests per second.")] = 20.0,
    seconds: Annotated[float, typer.Option(min=1, help="How long to measure; of each rate with --find-rate.")] = 30.0,
    warmup: Annotated[float, typer.Option(min=0, help="Seconds of the same load before.")] = 5.0,
    url: Url = None,
    mix: Annotated[str | None, typer.Option(help="Shares, as home=60,similar=20,search=15,events=5.")] = None,
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Products per answer.")] = 20,
    batch: Annotated[int, typer.Option(min=1, max=1000, help="Events per request.")] = 10,
    newcomers: Annotated[float, typer.Option(min=0, max=1, help="Share of home requests by nobody known.")] = 0.0,
    fresh_queries: Fresh = False,
    find_rate: Find = False,
    goal_p99: Annotated[float, typer.Option(min=1, help="Milliseconds.")] = 60.0,
    engine: Annotated[int, typer.Option(min=0, help="Requests compared with the engine alone; 0 = none.")] = 300,
    background: Background = False,
    write_events: Write = False,
    seed: Annotated[int, typer.Option(min=0, help="Of who asks for what.")] = 0,
    report: Annotated[Path | None, typer.Option(help="Folder for report.html and report.md.")] = None,
) -> None:
    """Send requests at a constant rate and measure from when each was due; compare with the engine alone."""
    from eval.load.mix import shares_of
    from eval.load.run import Options
    from eval.load.run import load as measure

    ctx: Context = context.obj
    options = Options(
        shares_of(surface, mix), rate, seconds, warmup, url, n, batch, newcomers, fresh_queries, seed,
        goal_p99 if find_rate else None, engine=engine, write_events=write_events, background=background,
    )  # fmt: skip
    loaded = measure(options, ctx.settings(), ctx.say)
    if report is not None:
        from eval.load.report import load_report

        again = ["--surface", surface, "--rate", f"{rate:g}", "--seconds", f"{seconds:g}", "--seed", str(seed)]
        again += ["--find-rate", "--goal-p99", f"{goal_p99:g}"] if find_rate else []
        again += [*(["--mix", mix] if mix else []), *(["--url", url] if url else [])]
        again += ["--fresh-queries"] if fresh_queries else []
        page, _ = load_report(report, loaded, ctx.command("eval", "load", *again))
        ctx.say(f"Report: {page}")
    ctx.show({"surface": surface, **loaded.result}, lambda console: _show(console, loaded.result))


def _show(console: "Console", result: dict[str, object]) -> None:
    from eval.load.report import engine_table, latency_table, remarks, steps_table

    titles = ("Rates that were tried", "Milliseconds from when a request was due", "Beside the engine alone")
    for title, table in zip(titles, (steps_table(result), latency_table(result), engine_table(result)), strict=True):
        if table is not None:
            _print(console, title, table)
    for remark in remarks(result):
        console.print(remark, markup=False, soft_wrap=True)


def _print(console: "Console", title: str, table: "Table") -> None:
    from rich.table import Table as Shown

    shown = Shown(*table.head, title=title, title_justify="left")
    for row in table.rows:
        shown.add_row(*row, style="bold" if row[0] in table.marked else None)
    console.print(shown)
