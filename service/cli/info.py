"""``vitrine status`` and ``vitrine config``: what is there and what is in force."""

from typing import TYPE_CHECKING, Any

import typer

from service.cli.console import Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console


@app.command()
def status(context: typer.Context) -> None:
    """Show what is stored, what is indexed and what waits."""
    from service.core.errors import RecommenderError
    from service.core.types import DEFAULT_TENANT
    from service.runtime import open_database_only, open_vectors_only
    from service.store.catalog import count_products, count_stale
    from service.store.spaces import PRODUCTS

    ctx: Context = context.obj
    settings = ctx.settings()
    result: dict[str, Any] = {"data_dir": str(settings.data_dir.absolute())}
    with open_database_only(settings) as database:
        result["database"] = database.name
        with database.session() as session:
            result["products"] = count_products(session, DEFAULT_TENANT, None)
            result["waiting_to_be_indexed"] = count_stale(session)
    try:
        with open_vectors_only(settings) as store:
            result["indexed"] = store.count(PRODUCTS) if PRODUCTS in store.names() else 0
    except RecommenderError as error:
        # a running service owns the folder; that is a normal state, not a failure
        result["indexed"] = None
        result["index_note"] = error.message
    result["vectors"] = settings.qdrant_url or str(settings.vectors_dir)

    def people(console: "Console") -> None:
        width = max(map(len, result))
        for name, value in result.items():
            console.print(f"{name.replace('_', ' '):<{width}}  {value}", markup=False)

    ctx.show(result, people)


@app.command()
def config(context: typer.Context) -> None:
    """Show the settings in force and where each came from; secrets are masked."""
    from config.params import load_params
    from config.settings import effective_settings
    from service.signals import SIGNALS

    ctx: Context = context.obj
    settings = ctx.settings()
    rows = effective_settings(settings, ctx.given())
    params = load_params(settings.config_file, signals=frozenset(SIGNALS))

    def people(console: "Console") -> None:
        from rich.table import Table

        table = Table("setting", "value", "from", "meaning", title="Deployment settings")
        for row in rows:
            table.add_row(row.name, row.value, row.source, row.description)
        console.print(table)
        console.print("Behaviour (config/recommender.toml and overlay): vitrine config --json")

    ctx.show(
        {
            "settings": {row.name: {"value": row.value, "source": row.source} for row in rows},
            "behaviour": params.model_dump(mode="json"),
        },
        people,
    )
