"""``vitrine worker``: what goes on behind the answers, in a process of its own beside a Qdrant server."""

import os
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

import typer

from service.cli.console import Context, write_json
from service.cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

    from config.settings import Settings
    from service.background import Background

_TOUCH_S = 5.0
_LONGEST_STEP_S = 900.0  # a batch whose pictures are all slow takes some minutes


@app.command()
def worker(context: typer.Context) -> None:
    """Index, count and train beside API processes; needs a Qdrant server."""
    from config.log import configure_logging
    from service.background import make_background
    from service.cli.opening import open_shop
    from service.cli.serving import ends_quietly

    ctx: Context = context.obj
    settings = ctx.settings()
    _check_server(settings)
    configure_logging(settings.log_level, settings.log_format)
    ctx = replace(ctx, as_json=ctx.as_json or settings.log_format == "json")  # then nothing else is said either
    with (
        ends_quietly(),
        open_shop(ctx, settings) as runtime,
        (background := make_background(runtime, partial(datetime.now, UTC))).running(),
    ):
        if ctx.as_json:
            write_json({"pid": os.getpid()})
        ctx.say("[bold]Vitrine[/bold] works in the background; `vitrine jobs` says what it did. Ctrl+C stops it.")
        _stay(background, settings.alive_file)


def _stay(background: "Background", alive: "Path | None") -> None:
    """Until a signal; says meanwhile, to whoever looks at the file, that the work goes on."""
    while True:
        if alive is not None and time.monotonic() - background.indexing.state.seen_at < _LONGEST_STEP_S:
            with suppress(OSError):  # what cannot be told counts as dead, and is looked after
                alive.touch()
        Event().wait(_TOUCH_S)


def _check_server(settings: "Settings") -> None:
    from service.core.errors import ConfigurationError

    if settings.qdrant_url is None:
        raise ConfigurationError(
            "the embedded engine belongs to one process, and `vitrine serve` already does what a worker does; a worker "
            "needs a Qdrant server: set VITRINE_QDRANT_URL"
        )
