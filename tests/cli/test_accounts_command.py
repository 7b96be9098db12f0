"""`vitrine keys` and `vitrine accounts`: the first key and the first operator, and no secret shown twice."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.params import load_params
from config.settings import Settings
from service.accounts.attempts import Attempts
from service.accounts.caller import Role
from service.accounts.desk import Desk
from service.accounts.secret import Keyring
from service.cli.ports import bound_socket, is_loopback
from service.core.errors import NotAuthenticated
from service.store.database import open_database

Vitrine = Callable[..., Any]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Where those who were given accounts sign in."""
    settings = Settings.model_construct(data_dir=tmp_path / "vitrine-data")
    database = open_database(settings.sql_url)
    yield Desk(database, Keyring(settings), load_params().accounts, lambda: datetime.now(UTC), Attempts(100))
    database.close()


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a password into the pipe."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_key_is_made_listed_and_revoked(vitrine: Vitrine) -> None:
    made = vitrine("keys", "create", "till", "--scope", "events", "--scope", "read", "--days", "30", "--json").json
    assert made["key"].startswith("vk_")
    assert (made["scopes"], made["hint"]) == (["read", "events"], made["key"][:8])
    listed = vitrine("keys", "list", "--json")
    assert [key["name"] for key in listed.json["keys"]] == ["till"]
    assert made["key"] not in listed.out
    assert vitrine("keys", "revoke", made["id"]).out == f"Key {made['id']} (till) is void.\n"
    assert "revoked" in vitrine("keys", "list").out
    plain = vitrine("keys", "create", "page", "--scope", "read")
    assert plain.out.strip().startswith("vk_")  # alone on stdout, to be piped
    assert "shown this once" in plain.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("keys", "create", "till", "--scope", "everything"), "scopes of read, events, users"),
        (("keys", "create", "", "--scope", "read"), "needs a name"),
        (("keys", "create", "till", "--scope", "read", "--days", "0"), "more than 0"),
        (("keys", "revoke", "7"), "no key with id 7"),
        (("accounts", "create", "ann@example.com", "--role", "king"), "shopper, merchant, operator"),
        (("accounts", "create", "ann", "--role", "operator"), "not an e-mail address"),
        (("accounts", "password", "ann@example.com"), "has no account"),
    ],
)
def test_what_makes_no_sense_is_one_line(vitrine: Vitrine, arguments: tuple[str, ...], says: str) -> None:
    outcome = vitrine(*arguments)
    assert outcome.code == 1
    assert says in outcome.complaint


def test_the_first_operator_signs_in(vitrine: Vitrine, desk: Desk, types: Callable[[str], None]) -> None:
    types("correct horse\n")
    outcome = vitrine("accounts", "create", "Ops@Example.com", "--role", "operator")
    assert outcome.out == "ops@example.com can sign in as operator.\n"
    signed = desk.sign_in("default", "ops@example.com", "correct horse")
    assert signed.account.role == Role.OPERATOR
    types("correct horse\n")
    assert "has an account already" in vitrine("accounts", "create", "ops@example.com", "--role", "operator").complaint
    types("short\n")
    assert "8 to 1024 characters" in vitrine("accounts", "create", "b@example.com", "--role", "shopper").complaint


def test_a_forgotten_password_is_replaced_and_an_account_closed(
    vitrine: Vitrine, desk: Desk, types: Callable[[str], None]
) -> None:
    types("correct horse\n")
    vitrine("accounts", "create", "ann@example.com", "--role", "shopper")
    before = desk.sign_in("default", "ann@example.com", "correct horse")
    types("another password\n")
    assert vitrine("accounts", "password", "ann@example.com").code == 0
    with pytest.raises(NotAuthenticated):
        desk.refresh(before.refresh)
    assert desk.sign_in("default", "ann@example.com", "another password")
    assert vitrine("accounts", "close", "ann@example.com").code == 0
    with pytest.raises(NotAuthenticated):
        desk.sign_in("default", "ann@example.com", "another password")


def test_serving_behind_keys_needs_a_secret_before_anything_is_loaded(
    vitrine: Vitrine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_ACCESS", "keys")
    assert "set VITRINE_SECRET" in vitrine("serve", "--port", "0").complaint
    monkeypatch.setenv("VITRINE_SECRET", "too short")
    complaint = vitrine("serve", "--port", "0").complaint
    assert "32 are needed" in complaint
    assert "too short" not in complaint
    assert "too short" not in vitrine("config").out


@pytest.mark.parametrize(("host", "is_ours"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False)])
def test_an_address_that_others_reach_is_known(host: str, is_ours: bool) -> None:
    with bound_socket(host, 0) as listener:
        assert is_loopback(listener) is is_ours
