"""``vitrine doctor``: looks at everything a shop needs, and says what to do."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from service.cli.console import EXIT_FAILED, Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console

    from config.params import Params
    from config.settings import Settings
    from service.cli.checkup.finding import Finding
    from service.store.database import Database

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@app.command()
def doctor(context: typer.Context) -> None:
    """Check settings, connections, versions, dimensions, lag, disk, clock, secrets, and say what to do."""
    from service.cli.checkup.finding import Level

    ctx: Context = context.obj
    with ctx.working("Looking at everything"):
        found = examined(ctx)
    counts = Counter(str(finding.level) for finding in found)
    result = {"status": "fail" if counts["fail"] else "warn" if counts["warn"] else "ok"}
    ctx.show(result | {"findings": [asdict(finding) for finding in found]}, lambda console: _show(console, found))
    if any(finding.level is Level.FAIL for finding in found):
        raise typer.Exit(EXIT_FAILED)


def examined(ctx: Context) -> "list[Finding]":
    """Everything that was found; what cannot be looked at is a finding too."""
    from service.cli.checkup.finding import looked, opened
    from service.cli.checkup.own import check_disk, check_secrets, check_settings, check_signing, check_versions
    from service.cli.config import unknown_variables

    found = looked("versions", check_versions)
    read = opened("settings", lambda: _read(ctx), found)
    if read is None:
        return found
    settings, params = read
    found += looked("settings", lambda: check_settings(settings, unknown_variables()))
    found += looked("secrets", lambda: check_signing(settings))
    found += looked("secrets", lambda: check_secrets(settings))
    found += looked("disk", lambda: check_disk(settings))
    return found + _opened(ctx, settings, params)


def _read(ctx: Context) -> "tuple[Settings, Params]":
    from config.params import load_params
    from service.signals import SIGNALS

    settings = ctx.settings()
    return settings, load_params(*settings.overlays, signals=frozenset(SIGNALS))


def _opened(ctx: Context, settings: "Settings", params: "Params") -> "list[Finding]":
    """What must be opened to be looked at; each by itself, so that one that fails hides no other."""
    from service.cli.checkup.around import ask_service, check_models, check_redis, check_service, check_vectors, is_ours
    from service.cli.checkup.finding import looked, opened, warn
    from service.cli.status import is_new
    from service.loading import load_encoders
    from service.store.database import open_database

    found: list[Finding] = []
    answer = ask_service(settings)
    runs = is_ours(settings, answer)
    encoders = opened("models", lambda: load_encoders(settings, params), found)
    with ExitStack() as stack:
        database = None
        if is_new(settings):
            found.append(warn("database", "there is no shop here yet", ctx.command("load", "products", "FILE")))
        else:
            database = opened("database", lambda: open_database(settings.sql_url, migrate=False), found)
        filled = None
        if database is not None:
            stack.callback(database.close)
            about, is_current = _stored(ctx, settings, params, database, runs=runs)
            found += about
            filled = database if is_current else None
        if encoders is not None:
            found += looked("models", lambda: check_models(encoders, filled))
        if not is_new(settings):
            found += looked("vectors", lambda: check_vectors(settings, encoders))
        found += looked("redis", lambda: check_redis(settings))
    return found + looked("service", lambda: check_service(settings, answer))


def _stored(
    ctx: Context, settings: "Settings", params: "Params", database: "Database", *, runs: bool
) -> "tuple[list[Finding], bool]":
    """What the database says, and whether its tables are of this version."""
    from service.cli.checkup.finding import looked, opened
    from service.cli.checkup.stored import (
        check_clock,
        check_database,
        check_jobs,
        check_lag,
        check_release,
        has_our_tables,
    )

    found: list[Finding] = []
    current = opened("database", lambda: has_our_tables(database), found)
    if current is None:
        return found, False
    load = ctx.command("load", "products", "FILE")
    found += looked("database", lambda: check_database(database, load, current=current))
    if current:
        found += looked("clock", lambda: check_clock(database))
        found += looked("index lag", lambda: check_lag(database, runs=runs))
        found += looked("release", lambda: check_release(settings, database, params))
        found += looked("jobs", lambda: check_jobs(database))
    return found, current


def _show(console: "Console", found: "list[Finding]") -> None:
    width = max(len(finding.subject) for finding in found)
    for finding in found:
        console.print(f"{finding.level.upper():<4}", style=_COLOURS[finding.level], end="  ")
        console.print(f"{finding.subject:<{width}}  {finding.says}", markup=False, soft_wrap=True)
        if finding.do:
            console.print(f"{'':<6}{'':<{width}}  -> {finding.do}", markup=False, soft_wrap=True)
    counts = Counter(str(finding.level) for finding in found)
    console.print(f"{counts['ok']} fine, {counts['warn']} to look at, {counts['fail']} broken", style="bold")
