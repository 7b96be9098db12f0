"""``vitrine train-image``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console


@app.command("train-image")
def train_image(
    context: typer.Context,
    pairs: Annotated[Path, typer.Option(help='JSON Lines: {"image": "a.jpg", "captions": ["green striped bag"]}.')],
    out: Annotated[Path, typer.Option(help="Folder to write the model to.")],
    model: Annotated[str, typer.Option(help="Where to start: bundled, new, or any open_clip model.")] = "bundled",
    pretrained: Annotated[str | None, typer.Option(help="Weights tag of that model.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the pictures.")] = 20,
    batch: Annotated[int, typer.Option(min=2, help="Pictures per step.")] = 128,
    seed: Annotated[int, typer.Option(help="Another seed gives another order.")] = 7,
) -> None:
    """Fine-tune a CLIP model on your own pictures and captions."""
    from dataclasses import asdict

    ctx: Context = context.obj
    settings = ctx.settings()
    with ctx.working("Loading the model"):
        from indexer.train_image.pairs import read_pairs
        from indexer.train_image.train import train_image as train
    with ctx.progress("Training", None, "batches") as advance:
        report = train(
            read_pairs(pairs), out, model=model, pretrained=pretrained, epochs=epochs, batch=batch, seed=seed,
            base=pairs.parent, allow_private=settings.image_private_hosts,
            on_progress=lambda done, total, loss: advance(1, total=total),
        )  # fmt: skip

    def people(console: "Console") -> None:
        console.print(
            f"Trained on {report.pictures:,} pictures with {report.captions:,} captions in {report.seconds:.0f} s "
            f"(loss {report.loss:.3f}); {report.bad_pictures:,} pictures could not be read.\n"
            f"Use it: VITRINE_IMAGE_MODEL={out} {ctx.command('index')}",
            markup=False,
            soft_wrap=True,
        )

    ctx.show({"out": str(out), **asdict(report)}, people)
