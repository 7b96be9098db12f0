"""``vitrine backup`` and ``vitrine restore``."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import Context
from service.cli.main import app
from service.cli.status import is_new

if TYPE_CHECKING:
    from rich.console import Console

    from config.settings import Settings
    from service.backup.manifest import Manifest

_REMADE = "Vectors are not in it: they are made again from the products, see `--with-vectors`."
_NO_SECRET = "The secret that signs tokens is not in it: without it everybody signs in anew, see `--with-secret`."
_OWN_SECRET = "VITRINE_SECRET is not in it: keep it elsewhere."


@app.command()
def backup(
    context: typer.Context,
    to: Annotated[
        Path, typer.Argument(metavar="DIR|FILE", help="A new folder, or a file that ends in .tar, .tar.gz or .tgz.")
    ],
    with_vectors: Annotated[
        bool, typer.Option(help="The vectors too, so that nothing is embedded again; embedded ones: stop the service.")
    ] = False,
    with_secret: Annotated[bool, typer.Option(help="The secret of the data folder too; guard such a backup.")] = False,
) -> None:
    """Back up the shop, as of one moment, beside a running service: all tables, releases, synonyms."""
    from service.backup.make import Shop, make_backup
    from service.core.errors import NotFound
    from service.store.database import open_database

    ctx: Context = context.obj
    settings = ctx.settings()
    if is_new(settings):
        raise NotFound(f"there is no shop in {settings.data_dir}; name another with --data-dir")
    with ExitStack() as stack:
        database = open_database(settings.sql_url, migrate=False)
        stack.callback(database.close)
        store = stack.enter_context(open_described(settings)) if with_vectors else None
        step = stack.enter_context(ctx.progress("Backing up", None, "rows and points"))
        synonyms, secret = _synonyms(settings), settings.data_dir / "secret"
        shop = Shop(
            database,
            settings.releases_dir,
            store,
            synonyms if synonyms is not None and synonyms.is_file() else None,
            secret if with_secret and secret.is_file() else None,
        )
        manifest = make_backup(shop, to, on_rows=lambda _, n: step(n), on_points=lambda _, n: step(n))
    notes = _left_out(settings, manifest)
    result = {"backup": str(to), **described(manifest), "notes": notes}
    ctx.show(result, lambda console: _made(ctx, console, to, manifest, notes))


@app.command()
def restore(
    context: typer.Context,
    backup: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="What `vitrine backup` made.")],
    force: Annotated[bool, typer.Option("--force", help="Put it in the place of a shop that is not empty.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only see whether the backup is whole.")] = False,
) -> None:
    """Put a backup in the place of the shop that the settings name; stop its services first."""
    from service.backup.archive import opened_backup
    from service.backup.restore import check_schema

    ctx: Context = context.obj
    settings = ctx.settings()
    with ExitStack() as stack:
        with ctx.working("Checking the backup"):
            manifest, folder = stack.enter_context(opened_backup(backup, settings.data_dir))
        check_schema(manifest)
        notes = [] if check else _restore(ctx, settings, manifest, folder, force=force)
    result = {"backup": str(backup), "restored": not check, **described(manifest), "notes": notes}
    ctx.show(result, lambda console: _restored(ctx, console, manifest, notes, only_checked=check))


@contextmanager
def open_described(settings: "Settings") -> Iterator[Any]:
    """The vector store, which says what its collections hold: both kinds do."""
    from service.runtime import open_vectors_only

    with open_vectors_only(settings) as store:
        yield store


def described(manifest: "Manifest") -> dict[str, Any]:
    """A backup as JSON."""
    return {
        "made_at": manifest.made_at,
        "vitrine": manifest.vitrine,
        "schema": manifest.schema,
        "database": manifest.source,
        "bytes": manifest.bytes,
        "tables": {name: table.rows for name, table in manifest.tables.items()},
        "collections": {name: collection.rows for name, collection in manifest.collections.items()},
        "releases": manifest.releases,
        "holds_secret": "secret" in manifest.files,
    }


def _restore(ctx: Context, settings: "Settings", manifest: "Manifest", folder: Path, *, force: bool) -> list[str]:
    from service.backup.move import known_releases
    from service.backup.points import our_collections
    from service.backup.restore import drop_points, refuse_filled, restore_files, restore_points, restore_tables
    from service.cli.receipts import Kept, erased_again
    from service.runtime import open_database_only

    with ExitStack() as stack:
        store = stack.enter_context(open_described(settings))  # of an embedded shop nobody else may have it
        database = stack.enter_context(open_database_only(settings))
        if not force:
            refuse_filled(
                database,
                "choose another --data-dir or DATABASE_URL, or put the backup in its place with --force",
                code="shop_not_empty",
            )
        step = stack.enter_context(ctx.progress("Restoring", None, "rows and points"))
        kept = Kept(database)
        drop_points(store, our_collections(store, {*known_releases(database), *manifest.releases}))
        restore_tables(
            folder, manifest, database, settings.data_dir, lambda _, rows: step(rows), before_commit=kept.put
        )
        synonyms = _synonyms(settings) or settings.data_dir / "synonyms.txt"
        restore_files(
            folder, manifest, releases=settings.releases_dir, synonyms=synonyms, secret=settings.data_dir / "secret"
        )
        restore_points(folder, manifest, store, lambda _, points: step(points))
        notes = _vectors_after(settings, manifest, database, store)
        return [*notes, *erased_again(settings, kept, database, store, manifest)]


def _vectors_after(settings: "Settings", manifest: "Manifest", database: Any, store: Any) -> list[str]:
    """Bring the index in line with the tables; says what is still to be done."""
    from indexer.check import check_index, repair_index
    from service.store.lag import index_lag
    from service.store.spaces import PRODUCTS

    notes = _rewritten(settings, database, store)
    if PRODUCTS in store.names():
        report = check_index(database, store)
        repair_index(database, store, report)
        with database.session() as session:
            waiting = index_lag(session).waiting
    else:
        waiting = manifest.tables["product"].rows
    if waiting:
        notes.append(f"{waiting:,} products are embedded when the service starts, or by `vitrine index`.")
    return notes


def _rewritten(settings: "Settings", database: Any, store: Any) -> list[str]:
    """Write the collections of releases that lack them, from their files."""
    from config.params import load_params
    from indexer.release.publish import Publisher, rewrite_release
    from service.core.errors import NotFound
    from service.core.fields import with_attributes
    from service.signals import SIGNALS
    from service.store.releases import ReleaseStatus, list_releases
    from service.store.spaces import behaviour_name, users_name

    params = load_params(*settings.overlays, signals=frozenset(SIGNALS))
    fields = with_attributes(params.catalogue.filterable_attributes)
    publisher = Publisher(database, store, settings.releases_dir, fields, params.training.checks)
    with database.session() as session:
        usable = {ReleaseStatus.LIVE, ReleaseStatus.READY, ReleaseStatus.RETIRED}
        releases = [release.id for release in list_releases(session) if release.status in usable]
    notes, there = [], set(store.names())
    for release in releases:
        if not {behaviour_name(release), users_name(release)} <= there:
            try:
                rewrite_release(publisher, release)
            except NotFound as error:
                notes.append(f"Release {release} cannot answer: {error.message}.")
    return notes


def _synonyms(settings: "Settings") -> Path | None:
    """The shop's own file of synonyms, where the configuration names one in the data folder."""
    from config.params import load_params

    named = load_params(*settings.overlays).search.synonyms_file
    path = settings.data_dir.absolute() / named
    return path if named and path.is_relative_to(settings.data_dir.absolute()) else None


def _left_out(settings: "Settings", manifest: "Manifest") -> list[str]:
    notes = [] if manifest.collections else [_REMADE]
    if settings.secret is not None or settings.secret_file is not None:
        notes.append(_OWN_SECRET)
    elif "secret" not in manifest.files and (settings.data_dir / "secret").exists():
        notes.append(_NO_SECRET)
    return notes


def _made(ctx: Context, console: "Console", to: Path, manifest: "Manifest", notes: list[str]) -> None:
    lines = [f"{to}: {_contents(manifest)}.", *notes, f"Put it back with `{ctx.command('restore', str(to))}`"]
    _print(console, lines)


def _restored(ctx: Context, console: "Console", manifest: "Manifest", notes: list[str], *, only_checked: bool) -> None:
    what = "The backup is whole" if only_checked else "Restored"
    _print(console, [f"{what}: {_contents(manifest)}, as of {manifest.made_at}.", *notes])


def _contents(manifest: "Manifest") -> str:
    points = sum(collection.rows for collection in manifest.collections.values())
    return (
        f"{manifest.rows:,} rows in {len(manifest.tables)} tables, {len(manifest.releases)} releases, "
        f"{points:,} points, {manifest.bytes / 1e6:,.1f} MB"
    )


def _print(console: "Console", lines: list[str]) -> None:
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
