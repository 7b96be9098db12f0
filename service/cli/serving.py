"""``vitrine serve``."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import Context, write_json
from service.cli.main import app

if TYPE_CHECKING:
    from socket import socket

    from fastapi import FastAPI
    from uvicorn import Server

    from service.live.live import Live
    from service.runtime import Runtime

_GRACE_S = 2  # answers in flight may finish; who never reads his answer keeps nobody waiting for longer


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on [VITRINE_HOST].")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on, 0 = any free one [VITRINE_PORT].")
    ] = None,
) -> None:
    """Answer HTTP requests; without a Qdrant server also index, count and train, see `worker`."""
    from config.log import configure_logging
    from service.accounts.secret import check_secret
    from service.cli.opening import open_shop
    from service.cli.ports import address_of, bound_socket

    ctx: Context = context.obj
    settings = ctx.settings(host=host, port=port)
    configure_logging(settings.log_level, settings.log_format)
    ctx = replace(ctx, as_json=ctx.as_json or settings.log_format == "json")  # then nothing else is said either
    check_secret(settings)
    # the port first: that it is taken should not take five seconds of loading models to learn
    with ends_quietly(), bound_socket(settings.host, settings.port) as listener, open_shop(ctx, settings) as runtime:
        if ctx.as_json:
            write_json({"address": address_of(listener)})
        serve_on(ctx, runtime, listener)


def serve_on(ctx: Context, runtime: "Runtime", listener: "socket") -> None:
    """Serve an opened runtime until interrupted."""
    from service.app import create_app
    from service.cli.ports import address_of, is_loopback

    application = create_app(runtime)
    address = address_of(listener)
    ctx.say(f"[bold]Vitrine[/bold] answers at {address} (API documentation: {address}/docs). Ctrl+C stops it.")
    if runtime.params.profile.about:
        ctx.say(f"Profile: {runtime.params.profile.about}")
    if runtime.params.source.enabled and runtime.settings.source_url is None:
        ctx.say("No shop database is named (VITRINE_SOURCE_URL or DATABASE_URL): only what is here already is served.")
    if runtime.settings.access == "open" and not is_loopback(listener):
        ctx.say(
            "[bold red]Anybody who reaches this address may read and change the shop:[/bold red] it is open "
            "(VITRINE_ACCESS=open) and not only to this machine. Set VITRINE_ACCESS=keys, or let nobody reach it."
        )
    if not runtime.settings.runs_background:
        ctx.say("Indexing, counting and training are left to `vitrine worker` (VITRINE_BACKGROUND).")
    make_server(application).run(sockets=[listener])


def make_server(application: "FastAPI") -> "Server":
    """What serves the application of a runtime: open pages are told when it stops, before their connections end."""
    import uvicorn

    live: Live = application.state.live

    class Vitrine(uvicorn.Server):
        async def shutdown(self, sockets: "list[socket] | None" = None) -> None:
            await live.close()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        application, log_level="warning", log_config=None, access_log=False, lifespan="on",
        timeout_graceful_shutdown=_GRACE_S, ws_max_size=4 * live.params.message_bytes, ws_per_message_deflate=False,
        ws_ping_interval=live.params.ping_s, ws_ping_timeout=live.params.ping_s,
    )  # fmt: skip
    return Vitrine(config)


@contextmanager
def ends_quietly() -> Iterator[None]:
    """SIGTERM and Ctrl+C are how a service is meant to end: everything is closed, and the exit code is 0."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)
