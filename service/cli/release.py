"""``vitrine train``, ``releases``, ``promote``, ``rollback`` and ``prune``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import EXIT_FAILED, Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console

    from service.store.releases import Release


@app.command()
def train(
    context: typer.Context,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed gives another release.")] = None,
    promote: Annotated[bool, typer.Option(help="Let the new release answer once it passed its checks.")] = True,
    wait: Annotated[bool, typer.Option(help="Wait until a running service has published it.")] = True,
) -> None:
    """Learn from what users did: train a release, check it, and let it answer."""
    from config.log import configure_logging
    from service.cli.training import train_release

    ctx: Context = context.obj
    settings = ctx.settings()
    if ctx.as_json or settings.log_format == "json":
        configure_logging(settings.log_level, settings.log_format)  # what is done at the moment, for machines
    release = train_release(ctx, seed=seed, go_live=promote, wait=wait)
    ctx.show(described(release), lambda console: _show(ctx, console, release))
    if release.status == "failed":
        raise typer.Exit(EXIT_FAILED)


@app.command()
def releases(context: typer.Context) -> None:
    """List the releases, newest first."""
    from service.runtime import open_database_only
    from service.store.releases import list_releases

    ctx: Context = context.obj
    with open_database_only(ctx.settings()) as database, database.session() as session:
        found = list_releases(session)
    ctx.show({"releases": [described(release) for release in found]}, lambda console: _table(ctx, console, found))


@app.command()
def promote(
    context: typer.Context, release_id: Annotated[str, typer.Argument(help="Id, as `vitrine releases` lists it.")]
) -> None:
    """Let another release answer; a running service takes it up within a second."""
    from service.cli.training import check_release
    from service.runtime import open_database_only
    from service.store.releases import promote as promote_release

    ctx: Context = context.obj
    settings = ctx.settings()
    with open_database_only(settings) as database:
        check_release(settings, database, release_id)
        with database.session() as session:
            release = promote_release(session, release_id)
    ctx.show(described(release), lambda console: _show(ctx, console, release))


@app.command()
def rollback(context: typer.Context) -> None:
    """Let the release answer again that the live one replaced."""
    from service.runtime import open_database_only
    from service.store.releases import rollback as roll_back

    ctx: Context = context.obj
    with open_database_only(ctx.settings()) as database, database.session() as session:
        release = roll_back(session)
    ctx.show(described(release), lambda console: _show(ctx, console, release))


@app.command()
def prune(
    context: typer.Context,
    keep: Annotated[int | None, typer.Option(min=1, help="Newest releases to keep [releases.keep].")] = None,
) -> None:
    """Delete old releases; the live one and the one before it stay."""
    from service.cli.training import prune_releases

    ctx: Context = context.obj
    gone = prune_releases(ctx.settings(), keep)
    ctx.show({"pruned": gone}, lambda console: console.print(f"{len(gone)} releases deleted.", *gone, sep="\n  "))


def described(release: "Release") -> dict[str, Any]:
    """A release as JSON, without its fold matrix."""
    manifest = {name: value for name, value in release.manifest.items() if name != "fold"}
    return {
        "id": release.id,
        "status": str(release.status),
        "created_at": release.created_at.isoformat(),
        "promoted_at": release.promoted_at.isoformat() if release.promoted_at else None,
        "replaced": release.replaced,
        "message": release.message,
        "metrics": dict(release.metrics),
        "manifest": manifest,
    }


def _show(ctx: Context, console: "Console", release: "Release") -> None:
    counts = release.manifest.get("counts", {})
    line = f"Release {release.id} is {release.status}"
    if counts:
        line += f": {counts['interactions']:,} interactions, {counts['products']:,} products, {counts['users']:,} users"
    console.print(line + (f"; {release.message}" if release.message else "."), markup=False, soft_wrap=True)
    for name, figures in release.metrics.get("signals", {}).items():
        console.print(f"  {name:<12} NDCG@10 {figures['ndcg_10']:.4f}  hit rate@10 {figures['hit_rate_10']:.4f}")
    if release.status == "ready":
        console.print(f"Let it answer: {ctx.command('promote', release.id)}", markup=False, soft_wrap=True)


def _table(ctx: Context, console: "Console", found: "list[Release]") -> None:
    if not found:
        console.print(f"There is no release yet; make one with `{ctx.command('train')}`", markup=False, soft_wrap=True)
    for release in found:
        fused = release.metrics.get("signals", {}).get("fused", {}).get("ndcg_10")
        figure = "" if fused is None else f"  NDCG@10 {fused:.4f}"
        why = f"  {release.message}" if release.message else ""
        moment = f"{release.created_at:%Y-%m-%d %H:%M:%S}"
        console.print(f"{release.id}  {release.status:<8}  {moment}{figure}{why}", markup=False, soft_wrap=True)
