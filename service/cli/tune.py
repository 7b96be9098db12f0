"""``vitrine eval tune``: better weights, half-lives and diversity for the home feed, or a plain no."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import EXIT_FAILED, Context
from service.cli.main import evaluate
from service.cli.offline import Dataset, Folder, SplitName, Users, bar_of

if TYPE_CHECKING:
    from rich.console import Console


@evaluate.command("tune")
def tune(
    context: typer.Context,
    dataset: Dataset = "shop",
    path: Folder = None,
    split: SplitName = None,
    users: Users = None,
    trials: Annotated[int, typer.Option(min=2, help="Combinations tried.")] = 150,
    max_loss: Annotated[float, typer.Option(min=0, max=1, help="Share of NDCG that diversity may cost.")] = 0.02,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 7,
    write: Annotated[
        Path | None, typer.Option(help="TOML file to write, if it is better beyond doubt on users not tuned on.")
    ] = None,
) -> None:
    """Tune the home feed on a validation split; half of its users are kept aside to confirm the outcome."""
    from eval.offline.run import Offline
    from eval.tune.run import Tune
    from eval.tune.run import tune as run

    ctx: Context = context.obj
    wanted = Tune(Offline(dataset, path, split, users=users), trials, max_loss, seed)
    result = run(wanted, ctx.settings(), say=ctx.say, bar=bar_of(ctx))
    is_refused = write is not None and result["toml"] is None
    if write is not None and result["toml"] is not None:
        write.write_text(result["toml"], "utf-8")
    result |= {"written": str(write) if write is not None and not is_refused else None}
    ctx.show(result, lambda console: _show(console, result))
    if is_refused:
        ctx.say(f"{write} was not written: the verdict is {result['verdict']}, and only what is better is written")
        raise typer.Exit(EXIT_FAILED)


def _show(console: "Console", result: dict[str, Any]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    chosen = Table("", "in force", "tuned", title=f"{result['dataset']}, {result['split']}", box=SIMPLE_HEAD)
    current, tuned = result["current"], result["tuned"]
    for what, unit in (("weights", "weight"), ("half_life_products", "half-life")):
        for signal, value in current[what].items():
            chosen.add_row(f"{unit} of {signal}", f"{value:g}", f"{tuned[what][signal]:g}")
    chosen.add_row("mmr_lambda", f"{current['mmr_lambda']:g}", f"{tuned['mmr_lambda']:g}")
    console.print(chosen)
    front = Table("lambda", "NDCG@10", "diversity", "Pareto front", title="What diversity costs", box=SIMPLE_HEAD)
    for point in result["front"]:
        front.add_row(
            f"{point['mmr_lambda']:g}",
            f"{point['ndcg@10']:.4f}",
            f"{point['diversity']:.4f}",
            "yes" if point["on_front"] else "",
        )
    console.print(front)
    for line in result["origin"]:
        console.print(line)
    console.print(f"Verdict: {result['verdict']}. {result['seconds']} s")
