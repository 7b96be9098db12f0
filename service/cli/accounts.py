"""``vitrine accounts``: the accounts of people, and the first operator."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import Context
from service.cli.main import app

if TYPE_CHECKING:
    from sqlmodel import Session

    from service.store.accounts import StoredAccount

accounts = typer.Typer(no_args_is_help=True, help="Accounts of people: shoppers, merchants, operators.")
app.add_typer(accounts, name="accounts")

Email = Annotated[str, typer.Argument(help="The e-mail address they sign in with.")]
Tenant = Annotated[str, typer.Option(help="The shop, where one service has several.")]


@accounts.command()
def create(
    context: typer.Context,
    email: Email,
    role: Annotated[str, typer.Option(help="shopper, merchant (catalogue and rules) or operator (everything).")],
    name: Annotated[str, typer.Option(help="What they are called.")] = "",
    tenant: Tenant = "default",
) -> None:
    """Make an account; the password is asked for, or read from the first line of standard input."""
    from service.accounts.desk import folded, new_account
    from service.accounts.details import check_details
    from service.core.errors import Conflict
    from service.runtime import open_database_only

    ctx: Context = context.obj
    settings = ctx.settings()
    check_details(email, role, name)
    password = _password()
    with open_database_only(settings) as database:
        is_made = new_account(database, tenant, email, password, name=name, role=role, now=datetime.now(UTC))
    if not is_made:
        raise Conflict(f"{folded(email)} has an account already; `vitrine accounts password` gives it another password")
    ctx.show(
        {"email": folded(email), "role": role, "tenant": tenant},
        lambda console: console.print(f"{folded(email)} can sign in as {role}.", markup=False),
    )


@accounts.command()
def password(context: typer.Context, email: Email, tenant: Tenant = "default") -> None:
    """Give an account another password, for somebody who forgot it; whoever is signed in to it is signed out."""
    from service.accounts.passwords import hash_password
    from service.store.accounts import revoke_account, set_password

    ctx: Context = context.obj
    with _account(ctx, tenant, email):
        pass  # before a password is asked for
    hashed = hash_password(_password())
    with _account(ctx, tenant, email) as (session, account):
        set_password(session, account.id, hashed)
        revoke_account(session, account.id, datetime.now(UTC))
    ctx.show({"email": account.email}, lambda console: console.print("The password is changed.", markup=False))


@accounts.command()
def close(context: typer.Context, email: Email, tenant: Tenant = "default") -> None:
    """Let nobody sign in to an account any more, and sign out who is; what they did stays."""
    from service.store.accounts import close_account

    ctx: Context = context.obj
    with _account(ctx, tenant, email) as (session, account):
        close_account(session, account.id, datetime.now(UTC))
    ctx.show({"email": account.email}, lambda console: console.print(f"{account.email} is closed.", markup=False))


@contextmanager
def _account(ctx: Context, tenant: str, email: str) -> "Iterator[tuple[Session, StoredAccount]]":
    from service.accounts.desk import folded
    from service.core.errors import NotFound
    from service.runtime import open_database_only
    from service.store.accounts import find_account

    with open_database_only(ctx.settings()) as database, database.session() as session:
        account = find_account(session, tenant, folded(email))
        if account is None:
            raise NotFound(f"{folded(email)[:200]} has no account", code="account_not_found")
        yield session, account


def _password() -> str:
    """A new password from people who type it twice, or from a pipe."""
    from service.accounts.details import check_new_password

    if sys.stdin.isatty():
        text = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    check_new_password(text)
    return text
