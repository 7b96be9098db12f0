"""What became of the rows of loaded files, for people and for machines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from service.cli.console import Context, fail
from service.core.errors import RecommenderError

if TYPE_CHECKING:
    from rich.console import Console


class Report(Protocol):
    """What the reports of products and events have in common."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def format(self) -> str:
        """What it was read as."""

    @property
    def rows(self) -> int:
        """Data rows."""

    @property
    def rejected(self) -> int:
        """Rows that were not loaded."""

    @property
    def rejections(self) -> Mapping[str, int]:
        """Reason -> how often."""

    @property
    def repairs(self) -> Mapping[str, int]:
        """Reason -> how often."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """About the file as a whole."""

    @property
    def file(self) -> Path | None:
        """Where every case is listed by line."""

    @property
    def seconds(self) -> float:
        """How long it took."""


R = TypeVar("R", bound=Report)


def show_files(
    ctx: Context,
    reports: Sequence[R],
    counts: Callable[[R], list[str]],
    *,
    hint: str | None = None,
    error: RecommenderError | None = None,
) -> None:
    """The account of every file, then what to do next, then what stopped the rest.

    Parameters
    ----------
    counts : the lines special to this kind of report.
    """

    def people(console: "Console") -> None:
        for report in reports:
            console.print("\n".join(_account(report, counts(report))), markup=False, soft_wrap=True)
        if hint is not None:
            console.print(hint, markup=False, soft_wrap=True)
        if error is not None:
            fail(error, as_json=False)

    result: dict[str, Any] = {"files": [asdict(report) for report in reports]}  # type: ignore[call-overload]
    if error is not None:
        result["error"] = {"code": error.code, "message": error.message}
    ctx.show(result, people)


def _account(report: Report, counts: list[str]) -> list[str]:
    lines = [f"{report.path.name} ({report.format}): {report.rows:,} rows in {report.seconds:.1f} s", *counts]
    if report.rejected:
        lines.append(f"  {report.rejected:,} rows rejected")
    for what, reasons in (("rejected", report.rejections), ("repaired", report.repairs)):
        lines += [f"    {count:>9,} {what}: {reason.replace('_', ' ')}" for reason, count in sorted(reasons.items())]
    lines += [f"  note: {warning}" for warning in report.warnings]
    if report.file is not None:
        lines.append(f"  every case by line: {report.file}")
    return lines
