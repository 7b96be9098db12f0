"""``vitrine status``: what is stored, what is indexed and what waits."""

from typing import TYPE_CHECKING, Any

import typer

from service.cli.console import EXIT_FAILED, Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console

    from config.settings import Settings


@app.command()
def status(context: typer.Context) -> None:
    """Show what is stored, what is indexed and what waits."""
    from service.core.masking import without_password

    ctx: Context = context.obj
    settings = ctx.settings()
    result: dict[str, Any] = {
        "data_dir": str(settings.data_dir.resolve()),
        "database": without_password(settings.sql_url),
        "products": 0,
        "waiting_to_be_indexed": 0,
        "vectors": without_password(settings.qdrant_url or str(settings.vectors_dir)),
        "indexed": 0,
        "note": None,
    }
    failed = False
    if _is_new(settings):
        result["note"] = f"there is no shop here yet: make one with `{ctx.command('load', 'products', 'FILE')}`"
    else:
        result |= _stored(settings)
        indexed, failed = _indexed(settings)
        result |= indexed
    ctx.show(result, lambda console: _table(console, result))
    if failed:
        raise typer.Exit(EXIT_FAILED)


def _is_new(settings: "Settings") -> bool:
    """Whether looking would make a shop where there is none."""
    folder = settings.data_dir
    return settings.embedded and not (folder / "vitrine.db").exists() and (folder.is_dir() or not folder.exists())


def _stored(settings: "Settings") -> dict[str, int]:
    from service.core.types import DEFAULT_TENANT
    from service.runtime import open_database_only
    from service.store.catalog import count_products, count_stale

    with open_database_only(settings) as database, database.session() as session:
        products = count_products(session, DEFAULT_TENANT, None)
        return {"products": products, "waiting_to_be_indexed": count_stale(session)}


def _indexed(settings: "Settings") -> tuple[dict[str, Any], bool]:
    """How many points there are, or why nobody knows; and whether that is a failure."""
    from service.core.errors import ConfigurationError, DependencyUnavailable
    from service.runtime import open_vectors_only
    from service.store.spaces import PRODUCTS

    try:
        with open_vectors_only(settings) as store:
            return {"indexed": store.count(PRODUCTS) if PRODUCTS in store.names() else 0}, False
    except (ConfigurationError, DependencyUnavailable) as error:
        # a running service owns the embedded folder: a normal state
        is_normal = isinstance(error, ConfigurationError) and settings.qdrant_url is None
        return {"indexed": None, "note": error.message}, not is_normal


def _table(console: "Console", result: dict[str, Any]) -> None:
    width = max(map(len, result))
    for name, value in result.items():
        if (name, value) != ("note", None):
            shown = "unknown" if value is None else f"{value:,}" if isinstance(value, int) else value
            console.print(f"{name.replace('_', ' '):<{width}}  {shown}", markup=False, soft_wrap=True)
