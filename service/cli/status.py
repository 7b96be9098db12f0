"""``vitrine status``: what is stored, what is indexed, what waits, and how old the release is."""

from typing import TYPE_CHECKING, Any

import typer

from service.cli.console import EXIT_FAILED, Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console

    from config.settings import Settings


_JOBS = 100  # looked through


@app.command()
def status(context: typer.Context) -> None:
    """Show what is stored, what is indexed, what waits, the release and the jobs."""
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
        "index_lag_s": 0,
        "release": None,
        "release_age_s": None,
        "jobs_waiting": 0,
        "jobs_running": 0,
        "last_jobs": {},
        "service": None,
        "note": None,
    }
    failed = False
    if is_new(settings):
        result["note"] = f"there is no shop here yet: make one with `{ctx.command('load', 'products', 'FILE')}`"
    else:
        result |= _stored(settings)
        indexed, failed = _indexed(settings)
        result |= indexed
        if result["indexed"] is None and not failed:
            result |= _asked(settings)
    ctx.show(result, lambda console: _table(console, result))
    if failed:
        raise typer.Exit(EXIT_FAILED)


def is_new(settings: "Settings") -> bool:
    """Whether looking would make a shop where there is none."""
    folder = settings.data_dir
    return settings.embedded and not (folder / "vitrine.db").exists() and (folder.is_dir() or not folder.exists())


def _stored(settings: "Settings") -> dict[str, Any]:
    from datetime import UTC, datetime

    from service.core.types import DEFAULT_TENANT
    from service.runtime import open_database_only
    from service.store.catalog import count_products
    from service.store.jobs import JobStatus, recent
    from service.store.lag import index_lag
    from service.store.releases import live_release

    with open_database_only(settings) as database, database.session() as session:
        products = count_products(session, DEFAULT_TENANT, None)
        lag, live, jobs = index_lag(session), live_release(session), recent(session, _JOBS)
    now = datetime.now(UTC)
    ended = [job for job in jobs if job.status in (JobStatus.DONE, JobStatus.FAILED)]
    return {
        "products": products,
        "waiting_to_be_indexed": lag.waiting,
        "index_lag_s": round(lag.seconds(now)),
        "release": live.id if live else None,
        "release_age_s": round((now - live.created_at).total_seconds()) if live else None,
        "jobs_waiting": sum(job.status is JobStatus.QUEUED for job in jobs),
        "jobs_running": sum(job.status is JobStatus.RUNNING for job in jobs),
        "last_jobs": {job.name: str(job.status) for job in reversed(ended)},
    }


def _asked(settings: "Settings") -> dict[str, Any]:
    """What the running service says, which has the vectors open; nothing where it listens elsewhere."""
    from service.cli.checkup.around import ask_service, is_ours

    answer = ask_service(settings)
    if answer is None or not is_ours(settings, answer):
        return {}
    _, body = answer
    told = {"indexed": body.get("indexed"), "service": body["status"] if answer[0] == 200 else "unavailable"}
    queues = {"events_waiting": body.get("events_waiting"), "impressions": body.get("impressions")}
    return told | queues | ({"note": None} if told["indexed"] is not None else {})


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
        if value is not None or name == "indexed":
            shown = _shown(value)
            console.print(f"{name.replace('_', ' '):<{width}}  {shown}", markup=False, soft_wrap=True)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items() if one is not None) or "none"
    return "unknown" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
