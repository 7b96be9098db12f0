"""``vitrine migrate``: from the embedded engines to servers, and back."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console

    from config.settings import Settings
    from service.backup.move import MovedTables
    from service.backup.rows import Counted


@app.command()
def migrate(
    context: typer.Context,
    to_database: Annotated[
        str | None, typer.Option(envvar="MIGRATE_TO_DATABASE_URL", help="postgresql://user:password@host/name")
    ] = None,
    to_qdrant: Annotated[str | None, typer.Option(envvar="MIGRATE_TO_QDRANT_URL", help="http://host:6333")] = None,
    to_qdrant_key: Annotated[
        str | None, typer.Option(envvar="MIGRATE_TO_QDRANT_API_KEY", help="The key of that Qdrant, if it wants one.")
    ] = None,
    to_folder: Annotated[
        Path | None, typer.Option(help="A data folder, for SQLite and the embedded vectors: the way back.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Make a target equal that is not empty.")] = False,
) -> None:
    """Move tables and vectors to other engines; ids stay, nothing is embedded again, the source is left as it is.

    Killed in the middle it goes on where it was when it is run again.
    """
    ctx: Context = context.obj
    source = ctx.settings()
    target = _target(source, to_database, to_qdrant, to_qdrant_key, to_folder)
    result = _migrate(ctx, source, target, force=force)
    ctx.show(result, lambda console: _show(console, result))


def _target(
    source: "Settings", database: str | None, qdrant: str | None, key: str | None, folder: Path | None
) -> "Settings":
    """The settings of the shop as it is to be."""
    from pydantic import SecretStr

    if folder is not None and (database or qdrant):
        raise typer.BadParameter("--to-folder is for both tables and vectors: leave out --to-database and --to-qdrant")
    if folder is not None:
        update: dict[str, Any] = {"data_dir": folder, "database_url": None, "qdrant_url": None}
        return source.model_copy(update=update)
    if not database and not qdrant:
        raise typer.BadParameter("say where to: --to-database, --to-qdrant, or --to-folder for the way back")
    update = {"database_url": SecretStr(database)} if database else {}
    if qdrant:
        update |= {"qdrant_url": qdrant, "qdrant_api_key": SecretStr(key) if key else None}
    return source.model_copy(update=update)


def _migrate(ctx: Context, source: "Settings", target: "Settings", *, force: bool) -> dict[str, Any]:
    from service.backup import move
    from service.backup.restore import refuse_filled
    from service.cli.backup import open_described
    from service.core.errors import ConfigurationError
    from service.runtime import open_database_only

    names = [_names(source), _names(target)]
    moves_tables, moves_points = (was != will for was, will in zip(*names, strict=True))
    if not (moves_tables or moves_points):
        raise ConfigurationError("the target is the source; name another with --to-database, --to-qdrant, --to-folder")
    with ExitStack() as stack:
        step = stack.enter_context(ctx.progress("Copying", None, "rows and points"))
        database = stack.enter_context(open_database_only(source))
        releases = move.known_releases(database)
        stores = [stack.enter_context(open_described(one)) for one in (source, target)] if moves_points else []
        copy = stack.enter_context(open_database_only(target)) if moves_tables else None
        journal = move.Journal(source.data_dir.absolute(), names[1])
        if not force and not journal.is_begun():
            if copy is not None:
                refuse_filled(
                    copy, "choose another one, or make it equal to the source with --force", code="target_not_empty"
                )
            if stores:
                move.refuse_filled_points(stores[0], stores[1], releases)
        journal.begin()
        tables = move.move_tables(database, copy, lambda _, n: step(n)) if copy is not None else None
        points = move.move_points(stores[0], stores[1], releases, lambda _, n: step(n)) if stores else {}
        files = move.copy_files(source.data_dir, target.data_dir)
        journal.end()
    return _described(source, target, tables, points, files)


def _names(settings: "Settings") -> list[str]:
    """Where tables and vectors are, without passwords."""
    from service.core.masking import without_password

    return [without_password(settings.sql_url), without_password(settings.qdrant_url or str(settings.vectors_dir))]


def _described(
    source: "Settings", target: "Settings", tables: "MovedTables | None", points: "dict[str, Counted]", files: list[str]
) -> dict[str, Any]:
    def counts(found: "dict[str, Counted]") -> dict[str, Any]:
        return {name: {"rows": one.rows, "checksum": one.checksum} for name, one in found.items()}

    late = tables.late if tables is not None else []
    notes = [f"Rows came into {name} meanwhile: stop the services and run it again with --force." for name in late]
    return {
        "from": dict(zip(("database", "vectors"), _names(source), strict=True)),
        "to": dict(zip(("database", "vectors"), _names(target), strict=True)),
        "tables": counts(tables.tables) if tables is not None else {},
        "collections": counts(points),
        "files": files,
        "notes": notes,
        "next": _next(source, target),
    }


def _next(source: "Settings", target: "Settings") -> str:
    if target.data_dir != source.data_dir or target.embedded:
        return f"Unset DATABASE_URL and QDRANT_URL and serve with --data-dir {target.data_dir}."
    changed = {
        "DATABASE_URL": target.database_url != source.database_url,
        "QDRANT_URL": target.qdrant_url != source.qdrant_url,
    }
    return f"Set {' and '.join(name for name, is_other in changed.items() if is_other)}, then serve."


def _show(console: "Console", result: dict[str, Any]) -> None:
    for kind in ("tables", "collections"):
        for name, one in result[kind].items():
            console.print(f"{name:<40} {one['rows']:>12,}  {one['checksum']}", markup=False, soft_wrap=True)
    rows, points = (sum(one["rows"] for one in result[kind].values()) for kind in ("tables", "collections"))
    lines = [
        f"{rows:,} rows and {points:,} points, counted and compared on both sides.",
        *result["notes"],
        result["next"],
    ]
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
