"""``vitrine keys``: the API keys of servers and public pages."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import Context
from service.cli.main import app

if TYPE_CHECKING:
    from rich.console import Console

    from service.store.api_keys import StoredKey

keys = typer.Typer(no_args_is_help=True, help="API keys of servers and public pages.")
app.add_typer(keys, name="keys")

Tenant = Annotated[str, typer.Option(help="The shop, where one service has several.")]


@keys.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="To know it by.")],
    scope: Annotated[
        list[str],
        typer.Option(
            help="read, events, users, catalogue, rules, metrics, admin; several times. Of a public page: read, events."
        ),
    ],
    days: Annotated[float | None, typer.Option(help="How long it is good for; for ever if left out.")] = None,
    tenant: Tenant = "default",
) -> None:
    """Make an API key and print it: it is shown this once."""
    from service.accounts.key_desk import make_key
    from service.runtime import open_database_only

    ctx: Context = context.obj
    with open_database_only(ctx.settings()) as database, database.session() as session:
        made = make_key(session, tenant, name, scope, days=days, now=datetime.now(UTC))
    ctx.show({"key": made.text, **described(made.stored)}, lambda console: _shown(ctx, console, made.text))


@keys.command("list")
def list_all(context: typer.Context, tenant: Tenant = "default") -> None:
    """List the newest 1,000 keys, with what they are for and when they were last used."""
    from service.runtime import open_database_only
    from service.store.api_keys import list_keys

    ctx: Context = context.obj
    with open_database_only(ctx.settings()) as database, database.session() as session:
        found = list_keys(session, tenant)
    ctx.show({"keys": [described(key) for key in found]}, lambda console: _table(console, found))


@keys.command()
def revoke(
    context: typer.Context,
    id: Annotated[int, typer.Argument(help="As `keys list` shows it.")],
    tenant: Tenant = "default",
) -> None:
    """Void a key; services that run take it for some seconds more, see `[accounts] trusted_s`."""
    from service.runtime import open_database_only
    from service.store.api_keys import revoke_key

    ctx: Context = context.obj
    with open_database_only(ctx.settings()) as database, database.session() as session:
        revoked = revoke_key(session, tenant, id, datetime.now(UTC))
    ctx.show(described(revoked), lambda console: console.print(f"Key {id} ({revoked.name}) is void.", markup=False))


def described(key: "StoredKey") -> dict[str, Any]:
    """A key as JSON."""
    moments = ("created_at", "expires_at", "last_used_at", "revoked_at")
    return {"id": key.id, "name": key.name, "hint": key.hint, "scopes": list(key.scopes)} | {
        name: moment.isoformat() if (moment := getattr(key, name)) else None for name in moments
    }


def _shown(ctx: Context, console: "Console", text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
    ctx.say("Keep it: it is shown this once. Send it as `Authorization: Bearer …` or `X-API-Key: …`.")


def _table(console: "Console", found: "list[StoredKey]") -> None:
    if not found:
        console.print("There are no keys; `vitrine keys create` makes one.", markup=False)
    for key in found:
        console.print(f"{key.id:>6}  {key.hint}…  {_state(key):<22}  {', '.join(key.scopes)}  {key.name}", markup=False,
                      soft_wrap=True)  # fmt: skip


def _state(key: "StoredKey") -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is not None:
        return f"{'expired' if key.expires_at <= datetime.now(UTC) else 'until'} {key.expires_at:%Y-%m-%d}"
    return f"used {key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never used"
