"""``vitrine demo``: a whole shop from nothing, searched and served."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import Context
from service.cli.main import app
from service.core.types import DEFAULT_TENANT

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from service.runtime import Runtime

EXAMPLE = "striped green bag"


@app.command()
def demo(
    context: typer.Context,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the shop when it is ready.")] = True,
    products: Annotated[int, typer.Option(min=10, max=100_000, help="How many products to make.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed makes another shop.")] = 7,
    host: Annotated[str | None, typer.Option(help="Address to listen on [VITRINE_HOST].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [VITRINE_PORT].")] = None,
) -> None:
    """Make the demo shop, index it, try a search, and serve it."""
    import time

    from indexer.demo.shop import make_demo_shop
    from service.cli.catalogue import index_all
    from service.cli.loading import load_files
    from service.cli.ports import bound_socket
    from service.cli.serving import serve_on
    from service.runtime import open_database_only, open_runtime

    ctx: Context = context.obj
    settings = ctx.settings(host=host, port=port)
    start = time.monotonic()
    with bound_socket(settings.host, settings.port if serve else 0) as listener:
        with ctx.progress("Drawing the shop", products, "products") as advance:
            shop = make_demo_shop(
                settings.data_dir / "demo", seed=seed, products=products, on_progress=_pictures(advance)
            )
        with open_database_only(settings) as database:
            load_files(ctx, database, [shop.products], format="native")
        with open_runtime(settings) as runtime:
            report = index_all(ctx, runtime)
            seconds = time.monotonic() - start
            _show(ctx, runtime, report.total, seconds)
            if serve:
                serve_on(ctx, runtime, listener)


def _pictures(advance: "Callable[[float], None]") -> "Callable[[str, int, int], None]":
    """Advance the bar with the pictures: they are what takes time."""
    drawn = 0

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal drawn
        if stage == "pictures":
            advance(done - drawn)
            drawn = done

    return progress


def _show(ctx: Context, runtime: "Runtime", indexed: int, seconds: float) -> None:
    from service.pipeline import Request, recommend
    from service.store.catalog import count_products, get_products

    slate = recommend(runtime.services, Request("search", "demo", DEFAULT_TENANT, text=EXAMPLE, n=5))
    with runtime.database.session() as session:
        total = count_products(session, DEFAULT_TENANT, None)
        found = get_products(session, [item.product_id for item in slate.items])
    names = [(item.score, found[item.product_id].product) for item in slate.items]

    def people(console: "Console") -> None:
        console.print(
            f"\nThe shop has {total:,} products; {indexed:,} were indexed now. Ready after {seconds:.0f} s.\n"
        )
        console.print(f"Search for {EXAMPLE!r}:")
        for score, product in names:
            console.print(f"  {score:.2f}  {product.external_id}  {product.name}", markup=False)
        base = f"http://{runtime.settings.host}:{runtime.settings.port}"
        first = names[0][1].external_id if names else "VT-00001"
        console.print(
            f"\nTry, while it is served ([bold]vitrine serve[/bold] starts it again):\n"
            f"  {base}/docs  (every call, explained)\n"
            f"  curl '{base}/v1/search?q=warm+winter+coat&max_price=80'\n"
            f"  curl '{base}/v1/similar/{first}?n=5&explain=true'\n"
            f"  curl '{base}/v1/products?category=Shoes&sort=-price&limit=3'\n"
        )

    ctx.show(
        {
            "products": total,
            "indexed": indexed,
            "seconds": round(seconds, 1),
            "search": EXAMPLE,
            "found": [product.external_id for _, product in names],
        },
        people,
    )
