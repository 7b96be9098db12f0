"""``vitrine jobs``: what ran in the background, and how it went."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console

    from service.store.jobs import Job


@app.command()
def jobs(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
) -> None:
    """List what ran in the background: trainings, counts, and how they went."""
    from service.runtime import open_database_only
    from service.store.jobs import recent

    ctx: Context = context.obj
    with open_database_only(ctx.settings()) as database, database.session() as session:
        found = recent(session, limit)
    now = datetime.now(UTC)
    ctx.show({"jobs": [described(job, now) for job in found]}, lambda console: _table(console, found, now))


def described(job: "Job", now: datetime) -> dict[str, Any]:
    """A job as JSON."""
    return {
        "id": job.id,
        "name": job.name,
        "status": str(job.status),
        "scheduled_for": job.scheduled_for.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "seconds": _seconds(job, now),
        "progress": job.progress,
        "attempts": job.attempts,
        "worker": job.claimed_by,
        "message": job.message,
        "error": job.error,
    }


def _seconds(job: "Job", now: datetime) -> float | None:
    """How long it took, or has been running."""
    if job.started_at is None:
        return None
    return round(((job.finished_at or now) - job.started_at).total_seconds(), 3)


def _table(console: "Console", found: "list[Job]", now: datetime) -> None:
    if not found:
        console.print("Nothing has run in the background yet; `vitrine serve` does so.", markup=False, soft_wrap=True)
    for job in found:
        seconds = _seconds(job, now)
        took = "" if seconds is None else f"{seconds:,.1f} s"
        how = f"{job.progress:.0%}" if job.status == "running" else ""
        line = f"{job.scheduled_for:%Y-%m-%d %H:%M}  {job.name:<9} {job.status:<8} {how:>4} {took:>10}"
        console.print(f"{line}  {job.error or job.message or ''}".rstrip(), markup=False, soft_wrap=True)
