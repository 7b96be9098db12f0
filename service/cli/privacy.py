"""``vitrine privacy``: hand out, erase, and check what is kept of somebody."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import EXIT_FAILED, Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console

    from config.params import Params
    from config.settings import Settings
    from service.privacy.around import Around
    from service.store.database import Database
    from service.store.erasures import Erasure, Membership

privacy = typer.Typer(no_args_is_help=True, help="Hand out, erase, and check what is kept of somebody.")
app.add_typer(privacy, name="privacy")

User = Annotated[str, typer.Argument(metavar="ID", help="The user's id, as events name them.")]
Tenant = Annotated[str, typer.Option(help="The shop, where one service has several.")]


@privacy.command()
def export(
    context: typer.Context,
    user: User,
    out: Annotated[Path | None, typer.Option(help="File to write; a ZIP where there is much.")] = None,
    tenant: Tenant = "default",
) -> None:
    """Write all that is kept of somebody as JSON, without hashes; a ZIP of JSON lines from ten thousand rows on."""
    from service.core.errors import InvalidQuery
    from service.privacy.export import Exporter

    ctx: Context = context.obj
    with opened(ctx) as (_, params, database, around):
        exporter = Exporter(database, params, around.sessions)
        if out is None:
            if sys.stdout.isatty() and ctx.as_json is False:
                raise InvalidQuery("name a file with --out, or send the export on: vitrine privacy export ID > FILE")
            exporter.write(tenant, user, sys.stdout.buffer, now=datetime.now(UTC))
            return
        with private_file(out) as file:
            kind = exporter.write(tenant, user, file, now=datetime.now(UTC))
    ctx.show(
        {"file": str(out), "type": kind}, lambda console: console.print(f"{out} is written ({kind}).", markup=False)
    )


@privacy.command()
def erase(
    context: typer.Context,
    user: User,
    now: Annotated[
        bool, typer.Option("--now", help="Train without them at once, and keep no release of before.")
    ] = False,
    tenant: Tenant = "default",
) -> None:
    """Erase somebody everywhere, for ever, and print a receipt.

    Beside a running `vitrine serve` on the embedded engine their vectors are deleted by it within the hour.
    """
    from service.core.errors import InvalidQuery
    from service.privacy.erase import Eraser
    from service.privacy.upkeep import PrivacyUpkeep
    from service.store.erasures import get_erasure, memberships

    ctx: Context = context.obj
    with opened(ctx) as (_, params, database, around):
        eraser = Eraser(database, params.privacy, around, lambda: datetime.now(UTC))
        erasure = eraser.erase(tenant, user, retrain=now)
    remark = ""
    if now:
        try:
            _train(ctx)
        except InvalidQuery as error:
            remark = f"No training: {error.message}"
    with opened(ctx) as (_, params, database, around):
        eraser = Eraser(database, params.privacy, around, lambda: datetime.now(UTC))
        if now:
            PrivacyUpkeep(eraser).end_models()
        with database.session() as session:
            erasure = get_erasure(session, tenant, erasure.id)
            known = memberships(session, erasure, params.privacy.rollback_days)
    result = _described(erasure, known) | ({"remark": remark} if remark else {})
    ctx.show(result, lambda console: _tell(console, ctx, erasure, known, remark))


@privacy.command()
def check(
    context: typer.Context,
    receipt: Annotated[str, typer.Argument(help="The receipt's id.")],
    tenant: Tenant = "default",
) -> None:
    """Look whether anything is left of somebody who was erased; ends with 1 where something is that should not be."""
    from dataclasses import asdict

    from service.privacy.check import check_erasure

    ctx: Context = context.obj
    with opened(ctx) as (_, params, database, around):
        checked = check_erasure(database, around, params.privacy, tenant, receipt)

    def people(console: "Console") -> None:
        says = {
            "clean": "Nothing is left.", "model": "Nothing is left but what releases learned of everybody together.",
            "left": "Something is left:", "unfinished": "The erasure was interrupted; ask for it again.",
        }  # fmt: skip
        console.print(says[checked.verdict], markup=False)
        for one in checked.left:
            console.print(f"  {one.where}: {one.count}", markup=False)
        _tell_releases(console, checked.releases)
        for place in checked.unseen:
            console.print(f"Not looked into from here: {place}", markup=False)

    result = _described(checked.erasure, checked.releases) | {
        "verdict": checked.verdict, "left": [asdict(one) for one in checked.left], "unseen": list(checked.unseen),
    }  # fmt: skip
    ctx.show(result, people)
    if checked.verdict in ("left", "unfinished"):
        raise typer.Exit(EXIT_FAILED)


@contextmanager
def opened(ctx: Context) -> "Iterator[tuple[Settings, Params, Database, Around]]":
    """What a command reaches: the vectors only where no other process has the embedded ones open."""
    from config.params import load_params
    from service.cli.training import own_vectors
    from service.privacy.around import Around
    from service.runtime import open_database_only, open_redis
    from service.sessions import open_sessions

    settings = ctx.settings()
    params = load_params(*settings.overlays)
    with ExitStack() as stack:
        database = stack.enter_context(open_database_only(settings))
        store = stack.enter_context(own_vectors(settings))
        redis = stack.enter_context(open_redis(settings))
        sessions = open_sessions(params.sessions, redis)
        yield settings, params, database, Around(store, settings.releases_dir, sessions)


@contextmanager
def private_file(path: Path) -> "Iterator[Any]":
    """A new file that only its owner can read."""
    with path.open("wb") as file:
        path.chmod(0o600)
        yield file


def _train(ctx: Context) -> None:
    from service.cli.training import train_release

    train_release(ctx, seed=None, go_live=True, wait=True)


def _described(erasure: "Erasure", known: "list[Membership] | tuple[Membership, ...]") -> dict[str, Any]:
    def moment(at: datetime | None) -> str | None:
        return None if at is None else at.isoformat()

    return {
        "receipt": erasure.id,
        "begun_at": moment(erasure.begun_at),
        "done_at": moment(erasure.done_at),
        "erased": dict(erasure.counts),
        "releases": [{"release": one.release, "status": one.status, "until": moment(one.until)} for one in known],
        "model_ended_at": moment(erasure.model_ended_at),
    }


def _tell(console: "Console", ctx: Context, erasure: "Erasure", known: "list[Membership]", remark: str) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in sorted(erasure.counts.items()) if count) or "nothing"
    console.print(f"Erased: {counts}.", markup=False, soft_wrap=True)
    _tell_releases(console, known)
    if remark:
        console.print(remark, markup=False, soft_wrap=True)
    console.print(f"Look again later: {ctx.command('privacy', 'check', erasure.id)}", markup=False, soft_wrap=True)


def _tell_releases(console: "Console", known: "list[Membership] | tuple[Membership, ...]") -> None:
    for one in known:
        ends = "until the next training" if one.until is None else f"until {one.until:%Y-%m-%d %H:%M} UTC at the latest"
        console.print(
            f"Release {one.release} ({one.status}) learned from them among others, {ends}.",
            markup=False,
            soft_wrap=True,
        )
