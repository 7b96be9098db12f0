"""``vitrine privacy receipts`` and ``recheck``, and what ``vitrine restore`` does so that an erasure holds."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import EXIT_FAILED, Context
from service.cli.privacy import opened, privacy, private_file

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy import Connection

    from config.settings import Settings
    from service.backup.manifest import Manifest
    from service.privacy.again import Found
    from service.store.database import Database
    from service.store.vectors import VectorStore


@privacy.command()
def receipts(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; guard it as you guard the database.")],
) -> None:
    """Write the receipts of all erasures, to be kept elsewhere: an older backup does not have the newer ones."""
    from service.backup.sync import reading
    from service.store.receipts import read_receipts, receipts_as_json

    ctx: Context = context.obj
    with opened(ctx) as (_, _, database, _):
        with reading(database) as connection:
            found = read_receipts(connection)
        with private_file(file) as out:
            out.write(receipts_as_json(found))
    count = len(found.erasures)
    ctx.show(
        {"file": str(file), "receipts": count},
        lambda console: console.print(f"{file} is written ({count:,} receipts).", markup=False),
    )


@privacy.command()
def recheck(
    context: typer.Context,
    erase: Annotated[bool, typer.Option("--erase", help="Erase them again.")] = False,
    file: Annotated[
        Path | None,
        typer.Option("--receipts", help="Also by the receipts of this file, which are added to the database."),
    ] = None,
) -> None:
    """Look whether anybody is there again who was erased, as after an older backup; ends with 1 where somebody is."""
    from service.privacy.again import erase_again, find_returned
    from service.privacy.erase import Eraser

    ctx: Context = context.obj
    with opened(ctx) as (_, params, database, around):
        if file is not None:
            _add(database, file)
        eraser = Eraser(database, params.privacy, around, lambda: datetime.now(UTC))
        found = erase_again(eraser) if erase else find_returned(database)
    ctx.show({"again": _told(found), "erased": erase}, lambda console: _tell(console, ctx, found, erased=erase))
    if found and not erase:
        raise typer.Exit(EXIT_FAILED)


class Kept:
    """The receipts of a database whose rows are about to be replaced.

    Attributes
    ----------
    added : those that the backup did not have; None where they are of another shop.
    """

    def __init__(self, database: "Database") -> None:
        from service.backup.sync import reading
        from service.store.receipts import marks_of, read_receipts

        with reading(database) as connection:
            self._receipts, self._marks = read_receipts(connection), marks_of(connection)
        self.added: int | None = 0

    def put(self, connection: "Connection") -> None:
        """Add them to the rows of the backup."""
        from service.store.receipts import marks_of, put_receipts

        is_ours = self._receipts.salt is None or not self._marks.isdisjoint(marks_of(connection))
        self.added = put_receipts(connection, self._receipts) if is_ours else None


def erased_again(
    settings: "Settings", kept: Kept, database: "Database", store: "VectorStore", manifest: "Manifest"
) -> list[str]:
    """Erase whom the restored backup brought back, by the receipts that were kept; says what came of it."""
    from config.params import load_params
    from service.privacy.again import erase_again
    from service.privacy.around import Around
    from service.privacy.erase import Eraser

    if kept.added is None:
        return ["The shop that was replaced had receipts of erasures; they are of another shop than this and are gone."]
    if kept.added:
        around = Around(store, settings.releases_dir)
        eraser = Eraser(database, load_params(*settings.overlays).privacy, around, lambda: datetime.now(UTC))
        found = erase_again(eraser)
        return [f"{kept.added:,} receipts of erasures after the backup are kept; {_counted(found)} erased again."]
    if not manifest.tables["users"].rows:
        return []
    return [
        f"Who was erased after {manifest.made_at} is here again, unless this shop was the place of it: run `vitrine "
        "privacy recheck --erase --receipts FILE` with what `vitrine privacy receipts FILE` wrote, or erase them anew."
    ]


def _add(database: "Database", file: Path) -> None:
    """Put the receipts of a file into the database."""
    from service.core.errors import Conflict, InvalidQuery
    from service.store.erased import lock_erased
    from service.store.receipts import put_receipts, receipts_from_json

    try:
        text = file.read_bytes()
    except OSError as error:
        raise InvalidQuery(f"{file} cannot be read ({error.strerror})") from error
    found = receipts_from_json(text)
    with database.session() as session:
        lock_erased(session)
        if put_receipts(session.connection(), found) is None:
            raise Conflict(f"the receipts of {file} are of another shop: they say nothing here", code="other_receipts")


def _told(found: "Found") -> list[dict[str, object]]:
    people = ((one.receipt, "users", 1) for one in found.people)
    rows = ((one.receipt, str(one.table.name), one.count) for one in found.traces)
    return [{"receipt": receipt, "where": where, "count": count} for receipt, where, count in (*people, *rows)]


def _counted(found: "Found") -> str:
    people = len({(one.tenant, one.user) for one in found.people})
    rows = sum(one.count for one in found.traces)
    return f"{people:,} people and {rows:,} rows of anonymous visits are"


def _tell(console: "Console", ctx: Context, found: "Found", *, erased: bool) -> None:
    if not found:
        console.print("Nobody is there again who was erased.", markup=False)
        return
    again = "" if erased else " there again"
    console.print(f"{_counted(found)}{again or ' erased again'}:", markup=False)
    for receipt in found.receipts:
        console.print(f"  {receipt}", markup=False)
    if not erased:
        console.print(f"Erase them: {ctx.command('privacy', 'recheck', '--erase')}", markup=False, soft_wrap=True)
