"""The commands; each imports what it needs when it runs, so that ``vitrine --help`` answers at once."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from service.cli.console import Context, fail
from service.core.errors import RecommenderError

app = typer.Typer(
    name="vitrine",
    help="Product recommendations and search for online shops.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
load = typer.Typer(no_args_is_help=True, help="Load files into the shop.")
evaluate = typer.Typer(no_args_is_help=True, help="Measure quality and speed on the real pipeline.")
app.add_typer(load, name="load")
app.add_typer(evaluate, name="eval")


@app.callback()
def _options(
    context: typer.Context,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of database, vectors and pictures [VITRINE_DATA_DIR].")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML laid over recommender.toml [VITRINE_CONFIG_FILE].")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")] = False,
) -> None:
    from config.log import configure_logging

    configure_logging("warning")  # commands speak for themselves; `serve` turns its own log on
    context.obj = Context(data_dir, config, json)


def _register() -> None:
    """Commands live in modules of their own that import only typer at the top."""
    for module in ("catalogue", "serving", "demo", "info", "measure"):
        import_module(f"service.cli.{module}")


def run() -> None:
    """Entry point of the ``vitrine`` script."""
    _allow_json_anywhere()
    try:
        app()
    except RecommenderError as error:
        try:
            fail(error, as_json="--json" in sys.argv)
        except typer.Exit as exit_:
            sys.exit(exit_.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("vitrine: interrupted; what was acknowledged is stored, run the command again to go on\n")
        sys.exit(130)


def _allow_json_anywhere() -> None:
    """``vitrine status --json`` is what people type; typer wants options of the whole program first."""
    if "--json" in sys.argv[1:]:
        rest = [argument for argument in sys.argv[1:] if argument != "--json"]
        sys.argv[1:] = ["--json", *rest]


_register()
