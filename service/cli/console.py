"""How commands speak: text for people on stdout, remarks and progress on stderr, or one JSON object for machines."""

import json
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from service.core.errors import RecommenderError

if TYPE_CHECKING:
    from rich.console import Console

    from config.settings import Settings

EXIT_FAILED = 1
EXIT_WRONG_USAGE = 2
EXIT_REJECTED_ROWS = 3

_SHORT_S = 2.0


class Advance(Protocol):
    """Moves a progress bar."""

    def __call__(self, amount: float, /, total: float | None = None) -> None:
        """Add the amount just done; `total` where it becomes known only now."""


@dataclass(frozen=True, slots=True)
class Context:
    """The options of the whole program."""

    data_dir: Path | None
    config_file: Path | None
    as_json: bool
    profile: str | None = None

    def settings(self, **overrides: object) -> "Settings":
        """The settings in force, command-line options first."""
        from config.settings import load_settings

        options = {"data_dir": self.data_dir, "config_file": self.config_file, "profile": self.profile}
        return load_settings(**options, **overrides)

    def given(self) -> frozenset[str]:
        """Names of the settings that were set on the command line."""
        options = {"data_dir": self.data_dir, "config_file": self.config_file, "profile": self.profile}
        return frozenset(name for name, value in options.items() if value is not None)

    def command(self, *words: str) -> str:
        """Another command on the same shop, to be pasted into a shell."""
        options = {"--data-dir": self.data_dir, "--config": self.config_file, "--profile": self.profile}
        given = [part for name, value in options.items() if value is not None for part in (name, str(value))]
        return shlex.join(["vitrine", *given, *words])

    def show(self, result: dict[str, Any], people: "Callable[[Console], None]") -> None:
        """The outcome of a command: `result` as JSON, or whatever `people` prints."""
        if self.as_json:
            write_json(result, indent=2)
        else:
            from rich.console import Console

            people(Console(highlight=False))

    def say(self, text: str) -> None:
        """A passing remark for people; goes to stderr so that output can be piped."""
        self._stderr().print(text, soft_wrap=True)

    @contextmanager
    def progress(self, what: str, total: float | None, unit: str) -> Iterator[Advance]:
        """A bar with rate and time left; yields a function to be called with the amount just done.

        The bar stays only if the work took long and succeeded: the outcome is what people want to read. Where there is
        no terminal one line at the end says it all.
        """
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.progress import TimeRemainingColumn as TimeLeft

        from service.cli.rate import AmountColumn, RateColumn, summary

        start = time.monotonic()
        console = self._stderr()
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), AmountColumn(unit), RateColumn(unit))
        times = (TimeElapsedColumn(), TextColumn("left:"), TimeLeft())
        with Progress(*columns, *times, console=console, transient=True, disable=not console.is_interactive) as bar:
            task = bar.add_task(what, total=total)
            yield lambda amount, total=None: bar.update(task, advance=amount, total=total)
            seconds = time.monotonic() - start
            bar.live.transient = seconds < _SHORT_S
        if seconds >= _SHORT_S and not console.is_interactive:
            console.print(summary(what, bar.tasks[0].completed, unit, seconds), markup=False, soft_wrap=True)

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """A sign of life for work whose length nobody knows."""
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        console = self._stderr()
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_interactive) as bar:
            bar.add_task(what, total=None)
            yield

    def _stderr(self) -> "Console":
        from rich.console import Console

        return Console(stderr=True, highlight=False, quiet=self.as_json)


def write_json(result: dict[str, Any], indent: int | None = None) -> None:
    """One JSON object on stdout, at once."""
    sys.stdout.write(json.dumps(result, indent=indent, default=str) + "\n")
    sys.stdout.flush()


def fail(error: RecommenderError, *, as_json: bool) -> int:
    """Say in one line what is wrong and return the exit code."""
    return complain(error.code, error.message, EXIT_FAILED, as_json=as_json)


def complain(code: str, message: str, exit_code: int, *, as_json: bool) -> int:
    """One line on stderr, or one JSON object on stdout; returns the exit code."""
    if as_json:
        write_json({"error": {"code": code, "message": message}})
    else:
        sys.stderr.write(f"vitrine: {message}\n")
    return exit_code
