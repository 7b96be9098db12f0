"""``vitrine sync``."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from service.cli.console import Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console

    from config.params import Params
    from config.settings import Settings
    from indexer.source.sync import SourceReport
    from service.store.database import Database


@app.command()
def sync(context: typer.Context) -> None:
    """Read what is new in the shop's own database, as configured; `train` does it too, before it trains."""
    from dataclasses import asdict

    from config.params import load_params
    from service.core.errors import ConfigurationError
    from service.runtime import open_database_only

    ctx: Context = context.obj
    settings = ctx.settings()
    params = load_params(*settings.overlays)
    if not params.source.enabled:
        raise ConfigurationError(
            "this configuration reads no shop database; use one that does, such as --profile marketplace, or set "
            "enabled = true under [source] in a file of your own"
        )
    with open_database_only(settings) as database, ctx.working("Reading the shop's database"):
        report = read_source(settings, params, database)
    taken = {kind: asdict(one) for kind, one in report.taken.items()}
    ctx.show({"taken": taken, "seconds": round(report.seconds, 2)}, lambda console: _show(console, report))


def read_source(settings: "Settings", params: "Params", database: "Database") -> "SourceReport":
    """Take over what is new in the shop's own database, and count what trends anew if there was anything."""
    from indexer.popular import make_popular
    from indexer.source.sync import sync_source
    from service.core.types import DEFAULT_TENANT

    url = settings.source_url.get_secret_value() if settings.source_url else None
    report = sync_source(database, url, params.source, now=datetime.now(UTC))
    if report.is_news:  # or newcomers would see nothing before the next count
        make_popular(database, DEFAULT_TENANT, params.popular, params.events.taste())
    return report


def _show(console: "Console", report: "SourceReport") -> None:
    for kind, one in report.taken.items():
        line = f"  {kind:<10} {one.rows:>9,} rows read: {one.added:,} new, {one.changed:,} changed, "
        line += f"{one.withdrawn:,} taken back"
        if one.refused:
            line += f"; {one.refused:,} cannot be used"
        if one.problem:
            line += f" ({one.problem})"
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"Done in {report.seconds:.1f} s.", markup=False, soft_wrap=True)
