"""``vitrine eval compare``: two releases, or two configurations, on the same users."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import Context
from service.cli.main import evaluate
from service.cli.offline import Dataset, Folder, SplitName, Users, bar_of

if TYPE_CHECKING:
    from rich.console import Console


@evaluate.command("compare")
def compare(
    context: typer.Context,
    a: Annotated[str, typer.Argument(help="A release, as `vitrine releases` lists it, or a TOML file.")],
    b: Annotated[str, typer.Argument(help="The other one.")],
    dataset: Dataset = "shop",
    path: Folder = None,
    split: SplitName = None,
    users: Users = None,
    report: Annotated[Path | None, typer.Option(help="Folder for report.html and report.md.")] = None,
) -> None:
    """Say whether B is better than A, worse, no different, or whether so many users cannot tell."""
    ctx: Context = context.obj
    if Path(a).is_file() and Path(b).is_file():
        from eval.compare_configs import compare_configs
        from eval.offline.run import Offline

        wanted = Offline(dataset, path, split, users=users)
        result = compare_configs(wanted, ctx.settings(), Path(a), Path(b), say=ctx.say, bar=bar_of(ctx))
    else:
        from eval.compare_releases import compare_releases

        result = compare_releases(ctx.settings(), _release(a), _release(b))
    if report is not None:
        from eval.comparison import comparison_report

        page, _ = comparison_report(
            report, result, ctx.command("eval", "compare", a, b, *_options(result, path, users))
        )
        ctx.say(f"Report: {page}")
    ctx.show(result, lambda console: _show(console, result))


def _release(name: str) -> str:
    if name.endswith(".toml"):
        from service.core.errors import InvalidQuery

        raise InvalidQuery(f"{name} and the other one must both be files that exist, or both be releases")
    return name


def _options(result: dict[str, Any], path: Path | None, users: int | None) -> list[str]:
    given = {"--dataset": result.get("dataset"), "--path": path, "--split": result.get("split"), "--users": users}
    return [word for name, value in given.items() if value is not None for word in (name, str(value))]


def _show(console: "Console", result: dict[str, Any]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from eval.comparison import table_of

    told = table_of(result)
    table = Table(*told.head, title=f"A = {result['a']}, B = {result['b']}", box=SIMPLE_HEAD)
    for row in told.rows:
        table.add_row(*row)
    console.print(table)
    console.print(f"Verdict: {result['verdict']} ({result['metric']}, {result['users']:,} users)")
    console.print(result["rule"])
