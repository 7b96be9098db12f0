"""``vitrine eval offpolicy`` and ``vitrine eval abtest``: what the log of a running shop says."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import Context
from service.cli.main import evaluate

if TYPE_CHECKING:
    from rich.console import Console

    from config.params import Params
    from config.settings import Settings
    from eval.offpolicy.candidate import Diversify
    from eval.report import Table

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]

Since = Annotated[datetime | None, typer.Option(formats=_FORMATS, help="From then on, UTC; all if not given.")]
Until = Annotated[datetime | None, typer.Option(formats=_FORMATS, help="Before then, UTC.")]
Hours = Annotated[
    float, typer.Option("--window-hours", min=0, help="How long what was shown is remembered by events without its id.")
]
Currency = Annotated[str | None, typer.Option(help="Of revenue, where purchases have several.")]
Report = Annotated[Path | None, typer.Option(help="Folder for report.html and report.md.")]


@evaluate.command("offpolicy")
def offpolicy(
    context: typer.Context,
    surface: Annotated[str, typer.Option(help="Surface whose log is read.")],
    reward: Annotated[str, typer.Option(help="click, cart, purchase or revenue.")] = "click",
    currency: Currency = None,
    since: Since = None,
    until: Until = None,
    window_hours: Hours = 24.0,
    clip: Annotated[float, typer.Option(min=1, help="Weights are cut here.")] = 100.0,
    slates: Annotated[int, typer.Option(min=1, help="Slates looked at, at random if there are more.")] = 5000,
    min_ess: Annotated[float, typer.Option(min=1, help="Effective slates below which nothing is said.")] = 100.0,
    seed: Annotated[int, typer.Option(min=0, help="Of every draw.")] = 7,
    report: Report = None,
) -> None:
    """Estimate what the configuration of --config would have earned, from what was shown by chance."""
    from eval.offpolicy.report import offpolicy_report, remarks, table
    from eval.offpolicy.run import Options
    from eval.offpolicy.run import offpolicy as judge
    from service.core.types import DEFAULT_TENANT
    from service.runtime import open_database_only

    ctx: Context = context.obj
    settings = ctx.settings()
    params = _params(settings)
    _check_surface(surface, params)
    window = timedelta(hours=window_hours)
    options = Options(surface, reward, currency, _utc(since), _utc(until), window, clip, slates, min_ess, seed)
    with (
        _database_there(settings),
        open_database_only(settings) as database,
        _diversified(settings, params) as diversified,
        ctx.progress("Weighing", None, "slates") as advance,
    ):
        result = judge(
            database, DEFAULT_TENANT, params.surfaces[surface], options, diversified,
            lambda done, total: advance(done, total=total),
        )  # fmt: skip
    result = {"config": " + ".join(map(str, settings.overlays)) or "packaged", **result}
    if report is not None:
        page, _ = offpolicy_report(report, result, _again(context, "--surface", surface))
        ctx.say(f"Report: {page}")
    ctx.show(result, lambda console: _show(console, [("", table(result))], remarks(result)))


@evaluate.command("abtest")
def abtest(
    context: typer.Context,
    experiment: Annotated[str, typer.Argument(help="Its name in the configuration.")],
    since: Since = None,
    until: Until = None,
    window_hours: Hours = 24.0,
    planned: Annotated[
        int, typer.Option(min=10, help="Visitors the experiment was planned for; decide before you look.")
    ] = 10_000,
    report: Report = None,
) -> None:
    """Read an experiment out: the split first, then rates, revenue and what may be said, however often one looks."""
    from eval.abtest.report import abtest_report, remarks, tables
    from eval.abtest.run import Options
    from eval.abtest.run import abtest as read_out
    from service.core.types import DEFAULT_TENANT
    from service.runtime import open_database_only

    ctx: Context = context.obj
    settings = ctx.settings()
    params = _params(settings)
    options = Options(experiment, _utc(since), _utc(until), timedelta(hours=window_hours), planned)
    with _database_there(settings), open_database_only(settings) as database, ctx.working("Reading the log"):
        result = read_out(database, DEFAULT_TENANT, params, options)
    if report is not None:
        page, _ = abtest_report(report, result, _again(context, experiment))
        ctx.say(f"Report: {page}")
    ctx.show(result, lambda console: _show(console, list(tables(result)), remarks(result)))


@contextmanager
def _diversified(settings: "Settings", params: "Params") -> "Iterator[Diversify]":
    """Step 7 of the pipeline; the store is opened when it is first needed, for `vitrine serve` may hold it."""
    from service.runtime import open_vectors_only
    from service.store.vector_cache import VectorCache
    from service.variety import Known, diversify

    with ExitStack() as stack:
        opened: list[VectorCache] = []

        def order(fused: Any, surface: Any, n: int) -> Any:
            if not opened:
                store = stack.enter_context(open_vectors_only(settings))
                opened.append(VectorCache(store, params.retrieval.vector_cache, None))
            return diversify(Known(opened[0]), fused, surface, n, 0).fused.ids

        yield order


@contextmanager
def _database_there(settings: "Settings") -> Iterator[None]:
    """A shop is only looked at here, not made."""
    from service.core.errors import ConfigurationError

    if not settings.database_url and not (settings.data_dir / "vitrine.db").exists():
        raise ConfigurationError(f"there is no shop in {settings.data_dir}; name another with --data-dir")
    yield


def _params(settings: "Settings") -> "Params":
    from config.params import load_params
    from service.signals import SIGNALS

    return load_params(*settings.overlays, signals=frozenset(SIGNALS))


def _check_surface(surface: str, params: "Params") -> None:
    from service.core.errors import InvalidQuery

    if surface not in params.surfaces:
        known = ", ".join(params.surfaces)
        raise InvalidQuery(f"there is no surface {surface!r}; there are {known}", code="unknown_surface")


def _again(context: typer.Context, *first: str) -> str:
    """The command that repeats this one: options that were not given stay away."""
    ctx: Context = context.obj
    words = list(first)
    for name, value in context.params.items():
        is_given = str(context.get_parameter_source(name)).endswith("COMMANDLINE")
        if is_given and name not in ("surface", "experiment", "report"):
            shown = value.isoformat() if isinstance(value, datetime) else str(value)
            words += [f"--{name.replace('_', '-')}", shown]
    return ctx.command("eval", str(context.info_name), *words)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _show(console: "Console", tables: "list[tuple[str, Table]]", remarks: Iterator[str]) -> None:
    from rich.table import Table as Shown

    for title, found in tables:
        shown = Shown(*found.head, title=title or None, title_justify="left")
        for row in found.rows:
            shown.add_row(*row, style="bold" if row[0] in found.marked else None)
        console.print(shown)
    for remark in remarks:
        console.print(remark, markup=False)
