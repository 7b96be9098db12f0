"""The commands; each imports what it needs when it runs, so that ``vitrine --help`` answers at once."""

import atexit
import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.arguments import split_options
from service.cli.console import EXIT_FAILED, EXIT_WRONG_USAGE, Context, complain, fail
from service.core.errors import RecommenderError
from service.core.threads import wait_without_spinning

EXIT_INTERRUPTED = 130

# typer keeps the base of its usage errors to itself
_UsageError: Any = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="vitrine",
    help="Product recommendations and search for online shops.",
    epilog="The options above may also stand after the command: vitrine status --json",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
load = typer.Typer(no_args_is_help=True, help="Load files into the shop.")
evaluate = typer.Typer(no_args_is_help=True, help="Measure quality and speed on the real pipeline.")
app.add_typer(load, name="load")
app.add_typer(evaluate, name="eval")


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"vitrine {version('vitrine')}\n")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of database, vectors and pictures [VITRINE_DATA_DIR].")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML laid over recommender.toml [VITRINE_CONFIG_FILE].")] = None,
    profile: Annotated[
        str | None, typer.Option(help="A profile of config/profiles, or the path of one [VITRINE_PROFILE].")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    from config.log import configure_logging

    configure_logging("warning")  # commands speak for themselves; `serve` turns its own log on
    context.obj = Context(data_dir, config, json, profile)


def _register() -> None:
    """Commands live in modules of their own that import only typer at the top."""
    modules = (
        "demo", "catalogue", "events", "serving", "worker", "status", "doctor", "config", "train", "release", "jobs",
        "measure", "offline", "measure_search", "measure_searches", "measure_catalogue", "measure_online",
        "measure_load", "compare", "tune", "source", "keys", "accounts", "backup", "migrate", "privacy",
        "receipts",
    )  # fmt: skip
    for module in modules:
        import_module(f"service.cli.{module}")


def main(arguments: Sequence[str]) -> int:
    """Run one command; whatever a user can act on becomes one line.

    Returns
    -------
    0 done, 1 failed, 2 wrong usage, 3 finished with rejected rows, 130 interrupted.
    """
    options, rest = split_options(arguments)
    as_json = "--json" in options
    try:
        code = int(app(args=[*options, *rest], prog_name="vitrine", standalone_mode=False) or 0)
        sys.stdout.flush()
    except RecommenderError as error:
        return fail(error, as_json=as_json)
    except _UsageError as error:
        return _wrong_usage(error, as_json=as_json)
    except BrokenPipeError:
        # the reader has what it wanted (`vitrine … | head`); nothing more can be said, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except OSError as error:
        return complain("os_error", _system_complaint(error), EXIT_FAILED, as_json=as_json)
    if code == EXIT_INTERRUPTED:
        message = "interrupted; what was acknowledged is stored, run the command again to go on"
        return complain("interrupted", message, code, as_json=as_json)
    return code


def run() -> None:
    """Entry point of the ``vitrine`` script."""
    wait_without_spinning()
    codes: list[int] = []
    atexit.register(_end_at_once, codes)  # what registers first is called last: all others have tidied up by then
    codes.append(main(sys.argv[1:]))
    sys.exit(codes[0])


def _end_at_once(codes: Sequence[int]) -> None:
    """Leave models and libraries to the operating system: taking them apart takes Python seconds, for nothing."""
    if not codes:
        return  # it crashed: the usual way shows why
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(codes[0])


def _wrong_usage(error: Any, *, as_json: bool) -> int:
    message = error.format_message().rstrip(".")
    if not message:  # no arguments: the help has just been printed
        return EXIT_WRONG_USAGE
    command = error.ctx.command_path if error.ctx else "vitrine"
    return complain("wrong_usage", f"{message}; see `{command} --help`", EXIT_WRONG_USAGE, as_json=as_json)


def _system_complaint(error: OSError) -> str:
    what = ": ".join(filter(None, (error.filename and str(error.filename), error.strerror or str(error))))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{what}; free some space and run the command again: nothing already stored is lost"
    return f"{what}; check the path and its permissions"


_register()
