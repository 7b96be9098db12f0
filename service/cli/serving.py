"""``vitrine serve``."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import Context
from service.cli.main import app

if TYPE_CHECKING:
    from socket import socket

    from service.runtime import Runtime


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on [VITRINE_HOST].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [VITRINE_PORT].")] = None,
) -> None:
    """Answer HTTP requests and keep the index up to date."""
    from config.log import configure_logging
    from service.cli.ports import bound_socket
    from service.runtime import open_runtime

    ctx: Context = context.obj
    settings = ctx.settings(host=host, port=port)
    configure_logging(settings.log_level)
    # the port first: that it is taken should not take five seconds of loading models to learn
    with bound_socket(settings.host, settings.port) as listener, open_runtime(settings) as runtime:
        serve_on(ctx, runtime, listener)


def serve_on(ctx: Context, runtime: "Runtime", listener: "socket") -> None:
    """Serve an opened runtime until interrupted."""
    import uvicorn

    from service.app import create_app

    address = "http://{}:{}".format(*listener.getsockname()[:2])
    ctx.say(f"[bold]Vitrine[/bold] answers at {address} (API documentation: {address}/docs). Ctrl+C stops it.")
    config = uvicorn.Config(create_app(runtime), log_level="warning", access_log=False, lifespan="on")
    uvicorn.Server(config).run(sockets=[listener])
