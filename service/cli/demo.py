"""``vitrine demo``: a whole shop from nothing, searched and served."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import Advance, Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console

    from config.settings import Settings
    from service.core.types import Product
    from service.runtime import Runtime

EXAMPLE = "green polka dot bag"
TRY = (
    "{base}/docs  (every call, explained)",
    "curl '{base}/v1/search?q=warm+winter+coat&max_price=80'",
    "curl '{base}/v1/similar/{first}?n=5&explain=true'",
    "curl '{base}/v1/home?user=U0001&n=5'",
    "curl '{base}/v1/products?category=Shoes&sort=-price&limit=3'",
)


@app.command()
def demo(
    context: typer.Context,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the shop when it is ready.")] = True,
    products: Annotated[int, typer.Option(min=10, max=100_000, help="How many products to make.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed makes another shop.")] = 7,
    host: Annotated[str | None, typer.Option(help="Address to listen on [VITRINE_HOST].")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on, 0 = any free one [VITRINE_PORT].")
    ] = None,
) -> None:
    """Make the demo shop, index it, try a search, and serve it; while served, it learns from its shoppers."""
    import time

    from indexer.memory import return_large_blocks
    from service.cli.catalogue import index_all
    from service.cli.opening import open_shop
    from service.cli.ports import address_of, bound_socket, web_address
    from service.cli.serving import ends_quietly, serve_on

    return_large_blocks()  # a first look should fit a small machine
    ctx: Context = context.obj
    settings = ctx.settings(host=host, port=port)
    start = time.monotonic()
    # whatever can be wrong with port, database or folder is found out before a minute is spent on drawing
    with bound_socket(settings.host, settings.port) if serve else nullcontext() as listener:
        _check_folder(settings)
        _make(ctx, settings, seed, products)
        settings = _with_secret(ctx, settings)
        with open_shop(ctx, settings) as runtime:
            indexed = index_all(ctx, runtime).total
            runtime.count_popular()
            base = address_of(listener) if listener else web_address(settings.host, settings.port or 8000)
            _show(ctx, _try(runtime, base, indexed, time.monotonic() - start, is_served=serve))
            if listener is not None:
                with ends_quietly():
                    serve_on(ctx, runtime, listener)


def _check_folder(settings: "Settings") -> None:
    """Refuse a database that another shop lives in, and an index that cannot be opened."""
    from service.core.errors import ConfigurationError
    from service.core.types import DEFAULT_TENANT
    from service.runtime import open_database_only, open_vectors_only
    from service.store.catalog import count_products

    with open_database_only(settings) as database, database.session() as session:
        count = count_products(session, DEFAULT_TENANT, None)
        if count and not _folder(settings).exists():
            raise ConfigurationError(
                f"the database {database.name} holds another shop with {count:,} products, and the demo would mix with "
                "it; give it a folder of its own, as `vitrine demo --data-dir demo-data`, and no DATABASE_URL"
            )
    with open_vectors_only(settings):
        pass


def _with_secret(ctx: Context, settings: "Settings") -> "Settings":
    """The settings with something to sign tokens with; made for this shop where none is named."""
    from service.accounts.secret import kept_secret_file, make_kept_secret

    if settings.access == "keys":
        ctx.say("This shop is behind keys; make one and send it along as `X-API-Key`:")
        ctx.say(f"  {ctx.command('keys', 'create', 'me', '--scope', 'read', '--scope', 'users')}")
    if settings.secret is not None or settings.secret_file is not None:
        return settings
    kept = kept_secret_file(settings)
    if not kept.exists():
        make_kept_secret(settings)
        ctx.say(f"A secret that sign-ins of this shop are signed with was made: {kept}")
    return settings.model_copy(update={"secret_file": kept})


def _folder(settings: "Settings") -> Path:
    return settings.data_dir / "demo"


def _make(ctx: Context, settings: "Settings", seed: int, products: int) -> None:
    """Draw and load the shop, and what its shoppers did in the 90 days before today."""
    from indexer.demo.shop import make_demo_shop
    from indexer.memory import give_back_memory
    from service.cli.events import load_event_file
    from service.cli.loading import load_file
    from service.runtime import open_database_only

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with ctx.progress("Drawing the shop", products, "products") as advance:
        shop = make_demo_shop(
            _folder(settings), seed=seed, products=products, shoppers=max(30, products * 3 // 4),
            events=max(600, products * 30), now=today, on_progress=_pictures(advance),
        )  # fmt: skip
    with open_database_only(settings) as database:
        load_file(ctx, database, shop.products, format="native")
        load_event_file(ctx, database, shop.events, "refuse")
    give_back_memory()


def _pictures(advance: Advance) -> Callable[[str, int, int], None]:
    """Advance the bar with the pictures: they are what takes time."""
    drawn = 0

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal drawn
        if stage == "pictures":
            advance(done - drawn)
            drawn = done

    return progress


@dataclass(frozen=True, slots=True)
class _Outcome:
    products: int
    indexed: int
    seconds: float
    found: "tuple[tuple[float, Product], ...]"
    base: str
    is_served: bool

    @property
    def commands(self) -> list[str]:
        first = self.found[0][1].external_id if self.found else "VT00000001"
        return [line.format(base=self.base, first=first) for line in TRY]


def _try(runtime: "Runtime", base: str, indexed: int, seconds: float, *, is_served: bool) -> _Outcome:
    from service.context import Request
    from service.core.types import DEFAULT_TENANT
    from service.pipeline import recommend
    from service.store.catalog import count_products, get_products

    slate = recommend(runtime.services, Request("search", "demo", DEFAULT_TENANT, text=EXAMPLE, n=5))
    with runtime.database.session() as session:
        total = count_products(session, DEFAULT_TENANT, None)
        cards = get_products(session, [item.product_id for item in slate.items])
    found = tuple((item.score, cards[item.product_id].product) for item in slate.items)
    return _Outcome(total, indexed, seconds, found, base, is_served)


def _show(ctx: Context, outcome: _Outcome) -> None:
    def people(console: "Console") -> None:
        lines = [
            f"The shop has {outcome.products:,} products; {outcome.indexed:,} were indexed now. "
            f"Ready after {outcome.seconds:.0f} s.",
            f"\nSearch for {EXAMPLE!r}:",
            *(f"  {score:.2f}  {product.external_id}  {product.name}" for score, product in outcome.found),
            "\nTry:" if outcome.is_served else f"\nServe it with `{ctx.command('serve')}`, then try:",
            *(f"  {line}" for line in outcome.commands),
            "",
        ]
        console.print("\n".join(lines), markup=False, soft_wrap=True)

    ctx.show(
        {
            "products": outcome.products,
            "indexed": outcome.indexed,
            "seconds": round(outcome.seconds, 1),
            "search": EXAMPLE,
            "found": [product.external_id for _, product in outcome.found],
            "address": outcome.base if outcome.is_served else None,
        },
        people,
    )
