"""``vitrine eval offline``: the service trained on a dataset's past, asked for its future."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import Context
from service.cli.main import evaluate

if TYPE_CHECKING:
    from rich.console import Console

    from eval.offline.run import Offline

SHOWN = ("ndcg", "hit", "recall", "mrr")

Dataset = Annotated[
    str,
    typer.Option(
        help="ml-100k, ml-1m, sequences, hm, online-retail, retailrocket, rees46, or shop: the shop's own database."
    ),
]
Folder = Annotated[Path | None, typer.Option(help="Folder with the dataset's files; not for shop.")]
SplitName = Annotated[
    str | None,
    typer.Option(
        help="per-user-time, leave-last-out, global-time or session-prefix; the dataset's usual one if not given."
    ),
]
Users = Annotated[int | None, typer.Option(min=1, help="Ask so many users at most; all if not given.")]


@evaluate.command("offline")
def offline(
    context: typer.Context,
    dataset: Dataset,
    path: Folder = None,
    split: SplitName = None,
    rows: Annotated[
        list[str] | None,
        typer.Option(help="Rows or groups (signals, without, baselines), again or with commas; all if not given."),
    ] = None,
    k: Annotated[str | None, typer.Option("--k", help="Cut-offs of the metrics, as 5,10,20.")] = None,
    sample: Annotated[int, typer.Option(min=1, help="Users asked in rows with a changed feed, at most.")] = 3000,
    users: Users = None,
    negatives: Annotated[
        int | None, typer.Option(min=1, help="Rank among so many random others only; flatters, and is labelled so.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Folder for report.html and report.md.")] = None,
) -> None:
    """Train a throwaway shop on the past, ask its home feed for the future: fused, each signal, single models."""
    from eval.offline.run import Offline
    from eval.offline.run import offline as measure

    ctx: Context = context.obj
    wanted = Offline(dataset, path, split, sample, users, _names(rows), _cutoffs(k), negatives)
    result = measure(wanted, ctx.settings(), say=ctx.say, bar=bar_of(ctx))
    if report is not None:
        from eval.offline.report import offline_report

        page, _ = offline_report(report, result, list(remarks(result)), _command(ctx, wanted))
        ctx.say(f"Report: {page}")
    ctx.show(result, lambda console: _show(console, result))


def _command(ctx: Context, wanted: "Offline") -> str:
    """What repeats the measurement."""
    given = {
        "--dataset": wanted.dataset,
        "--path": wanted.path,
        "--split": wanted.split,
        "--rows": ",".join(wanted.rows) or None,
        "--k": None if wanted.cutoffs is None else ",".join(map(str, wanted.cutoffs)),
        "--sample": wanted.sample,
        "--users": wanted.users,
        "--negatives": wanted.negatives,
    }
    words = [word for name, value in given.items() if value is not None for word in (name, str(value))]
    return ctx.command("eval", "offline", *words)


def bar_of(ctx: Context) -> Any:
    """Progress bars in users."""

    @contextmanager
    def bar(what: str, total: int) -> Iterator[Callable[[float], None]]:
        with ctx.progress(what, total, "users") as advance:
            yield advance

    return bar


def _names(rows: list[str] | None) -> list[str]:
    return [name.strip() for given in rows or [] for name in given.split(",") if name.strip()]


def _cutoffs(given: str | None) -> tuple[int, ...] | None:
    if given is None:
        return None
    try:
        return tuple(int(part) for part in given.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"--k is {given!r}; give whole numbers with commas, as 5,10,20") from error


def _show(console: "Console", result: dict[str, Any]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    first = next(iter(result["rows"].values()))
    k = "10" if "ndcg@10" in first else next(reversed(first)).partition("@")[2]
    main, *others = (f"{metric}@{k}" for metric in SHOWN)
    title = f"{result['dataset']}, {result['split']}: {result['users']:,} users, {result['products']:,} products"
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for column in ("", main, "±95 %", *others):
        table.add_column(column, no_wrap=True)
    table.add_column("beside fused")
    for name, row in result["rows"].items():
        interval = result["intervals"][name][main]
        table.add_row(
            name + (" *" if name in result["sampled"]["rows"] else ""),
            f"{row[main]:.4f}",
            f"{(interval[1] - interval[0]) / 2:.3f}" if interval else "",
            *(f"{row[column]:.4f}" for column in others),
            result["against_fused"].get(name, {}).get("verdict", ""),
        )
    console.print(table)
    for remark in remarks(result):
        console.print(remark)


def remarks(result: dict[str, Any]) -> Iterator[str]:
    """What must be known to read the table."""
    sampled, diversity = result["sampled"], result["diversity"]
    if sampled["rows"]:
        yield f"* of {sampled['users']:,} of these users, drawn at random; the same in every run"
    if result["users"] < result["users_with_a_future"]:
        yield f"{result['users']:,} of {result['users_with_a_future']:,} users, drawn at random"
    yield (
        "fused is the feed without MMR and business rules; fused+diversity has the shop's rules and "
        f"lambda {diversity['mmr_lambda']:g} ({diversity['origin']}); the API serves {result['served_row']}"
    )
    for name, why in result["left_out"].items():
        yield f"{name} is left out: {why}"
    ranking = "Full ranking" if result["ranking"] == "full" else f"SAMPLED ranking ({result['ranking']}), flattering"
    yield f"{ranking}, products already met left out. {result['seconds']} s, {result['peak_mb']:,} MB at most"
