"""How commands speak: tables and progress for people on stderr and stdout, one JSON object for machines."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from service.core.errors import RecommenderError

if TYPE_CHECKING:
    from rich.console import Console

    from config.settings import Settings

EXIT_FAILED = 1
EXIT_REJECTED_ROWS = 3


@dataclass(frozen=True, slots=True)
class Context:
    """The options given before the command's name."""

    data_dir: Path | None
    config_file: Path | None
    as_json: bool

    def settings(self, **overrides: object) -> "Settings":
        """The settings in force, command-line options first."""
        from config.settings import load_settings

        return load_settings(data_dir=self.data_dir, config_file=self.config_file, **overrides)

    def given(self) -> frozenset[str]:
        """Names of the settings that were set on the command line."""
        options = {"data_dir": self.data_dir, "config_file": self.config_file}
        return frozenset(name for name, value in options.items() if value is not None)

    def show(self, result: dict[str, Any], people: "Callable[[Console], None]") -> None:
        """The outcome of a command: `result` as JSON, or whatever `people` prints."""
        if self.as_json:
            sys.stdout.write(json.dumps(result, indent=2, default=str) + "\n")
        else:
            from rich.console import Console

            people(Console(highlight=False))

    def say(self, text: str) -> None:
        """A passing remark for people; goes to stderr so that output can be piped."""
        if not self.as_json:
            from rich.console import Console

            Console(stderr=True, highlight=False).print(text)

    @contextmanager
    def progress(self, what: str, total: float | None, unit: str) -> Iterator[Callable[[float], None]]:
        """A bar with rate and time left; yields a function to be called with the amount just done."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.progress import TimeRemainingColumn as TimeLeft

        from service.cli.rate import RateColumn

        console = Console(stderr=True, quiet=self.as_json)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), RateColumn(unit))
        with Progress(*columns, TimeElapsedColumn(), TextColumn("left:"), TimeLeft(), console=console) as bar:
            task = bar.add_task(what, total=total)
            yield lambda amount: bar.update(task, advance=amount)


def fail(error: RecommenderError, *, as_json: bool) -> NoReturn:
    """End with one clear line."""
    if as_json:
        sys.stdout.write(json.dumps({"error": {"code": error.code, "message": error.message}}) + "\n")
    else:
        sys.stderr.write(f"vitrine: {error.message}\n")
    raise typer.Exit(EXIT_FAILED)
