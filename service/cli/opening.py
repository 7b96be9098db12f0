"""Opening a shop for a command, with a sign of life while models load."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from service.cli.console import Context
from service.core.memory import share_freed_memory

if TYPE_CHECKING:
    from config.settings import Settings
    from service.runtime import Runtime


@contextmanager
def open_shop(ctx: Context, settings: "Settings", *, rebuild: bool = False) -> "Iterator[Runtime]":
    """`open_runtime`; loading models takes seconds."""
    share_freed_memory()  # before models and engines start their threads
    with ExitStack() as stack:
        with ctx.working("Loading the models"):
            from service.runtime import open_runtime

            runtime = stack.enter_context(open_runtime(settings, rebuild=rebuild))
        yield runtime
