"""Signing up, in and out, on both engines; a stolen refresh token ends what it was stolen from."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from config.params import load_params
from config.settings import Settings
from service.accounts.attempts import WINDOW_S, Attempts
from service.accounts.caller import Caller, Role, Scope
from service.accounts.desk import Desk, SignedIn
from service.accounts.proof import Proofs
from service.accounts.secret import Keyring
from service.core.errors import NotAuthenticated, TooManyRequests
from service.store.accounts import close_account
from service.store.database import Database
from service.store.tables import ACCOUNT, REFRESH_TOKEN, USERS

PASSWORD = "correct horse"


@dataclass
class Office:
    """A desk whose clock can be turned, and who checks what it gives out."""

    desk: Desk
    proofs: Proofs
    at: list[datetime] = field(default_factory=list)

    def wait(self, **time: float) -> None:
        self.at[0] += timedelta(**time)

    def sign_in(self, email: str = "ann@example.com", password: str = PASSWORD) -> SignedIn:
        return self.desk.sign_in("default", email, password)

    def is_good(self, access: str) -> bool:
        self.proofs.forget()
        try:
            self.proofs.check(access)
        except NotAuthenticated:
            return False
        return True

    def count(self, table: object) -> int:
        with self.desk.database.session() as session:
            return int(session.connection().execute(select(func.count()).select_from(table)).scalar_one())


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    at = [datetime(2026, 5, 1, tzinfo=UTC)]
    clock: Callable[[], datetime] = lambda: at[0]  # noqa: E731
    keyring = Keyring(Settings.model_construct(data_dir=tmp_path / "shop"))
    desk = Desk(database, keyring, load_params().accounts, clock, Attempts(8))
    assert desk.sign_up("default", "ann@example.com", PASSWORD, name="Ann")
    return Office(desk, Proofs(database, keyring, clock, 5), at)


def test_who_signs_in_is_a_user_of_their_own(office: Office) -> None:
    signed = office.sign_in(" Ann@EXAMPLE.com")
    caller = office.proofs.check(signed.access)
    assert (caller.tenant, caller.user, caller.role) == ("default", signed.account.user, Role.SHOPPER)
    assert caller.scopes == {Scope.READ, Scope.EVENTS}
    assert (signed.account.name, signed.account.email) == ("Ann", "ann@example.com")
    assert signed.account.user not in ("ann", "ann@example.com")
    assert office.count(USERS) == 1


def test_an_address_has_one_account_whoever_asks_again(office: Office) -> None:
    assert not office.desk.sign_up("default", "ANN@example.com", "another password")
    assert (office.count(ACCOUNT), office.count(USERS)) == (1, 1)
    assert office.sign_in().account.name == "Ann"
    assert office.desk.sign_up("other", "ann@example.com", "another password")  # another shop's customer
    with pytest.raises(NotAuthenticated):
        office.desk.sign_in("other", "ann@example.com", PASSWORD)


def test_of_many_who_sign_up_with_one_address_at_once_one_has_it(office: Office) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda n: office.desk.sign_up("default", "bob@example.com", f"password {n}"), range(6)))
    assert sorted(made) == [False] * 5 + [True]
    assert (office.count(ACCOUNT), office.count(USERS)) == (2, 2)


def test_whatever_is_wrong_the_answer_is_the_same(office: Office) -> None:
    with office.desk.database.session() as session:
        assert office.desk.sign_up("default", "closed@example.com", PASSWORD)
        close_account(session, 2, office.at[0])
    said = set()
    for email, password in (
        ("ann@example.com", "wrong"), ("nobody@example.com", PASSWORD), ("closed@example.com", PASSWORD),
        ("ann@example.com' OR '1'='1", PASSWORD), ("a\x00@example.com", PASSWORD), ("ann@example.com", "\x00"),
    ):  # fmt: skip
        with pytest.raises(NotAuthenticated) as caught:
            office.sign_in(email, password)
        said.add((caught.value.code, caught.value.message))
    assert len(said) == 1


def test_guessing_passwords_takes_too_long(office: Office) -> None:
    seconds = [0.0]
    desk = replace(office.desk, attempts=Attempts(3, lambda: seconds[0]))

    def attempt(email: str, password: str) -> str:
        try:
            desk.sign_in("default", email, password)
        except (NotAuthenticated, TooManyRequests) as error:
            return error.code
        return "in"

    for email in ("ann@example.com", "nobody@example.com"):  # one is as good as the other
        said = [attempt(email, f"guess {number}") for number in range(5)]
        assert said == ["wrong_credentials"] * 3 + ["too_many_wrong"] * 2
    assert attempt("ANN@example.com", PASSWORD) == "too_many_wrong"
    seconds[0] = WINDOW_S
    assert [attempt("ann@example.com", text) for text in ("x", "x", PASSWORD, "x", "x", PASSWORD)] == [
        "wrong_credentials", "wrong_credentials", "in", "wrong_credentials", "wrong_credentials", "in",
    ]  # fmt: skip


def test_a_refresh_token_is_for_one_use(office: Office) -> None:
    first = office.sign_in()
    second = office.desk.refresh(first.refresh)
    third = office.desk.refresh(second.refresh)
    assert office.is_good(first.access)  # for its few minutes: the sign-in goes on
    assert office.is_good(third.access)
    office.wait(minutes=15)
    assert not office.is_good(third.access)
    assert office.is_good(office.desk.refresh(third.refresh).access)


def test_a_stolen_refresh_token_ends_the_sign_in_it_was_stolen_from(office: Office) -> None:
    mine, elsewhere = office.sign_in(), office.sign_in()
    next_one = office.desk.refresh(mine.refresh)
    for token in (mine.refresh, next_one.refresh, mine.refresh):  # the thief's use voids the owner's, too
        with pytest.raises(NotAuthenticated):
            office.desk.refresh(token)
    assert not office.is_good(mine.access)
    assert not office.is_good(next_one.access)
    assert office.is_good(elsewhere.access)
    assert office.desk.refresh(elsewhere.refresh)


def test_of_two_who_use_a_refresh_token_at_once_at_most_one_goes_on(office: Office) -> None:
    for _ in range(3):
        signed = office.sign_in()

        def use(_: int, token: str = signed.refresh) -> SignedIn | None:
            try:
                return office.desk.refresh(token)
            except NotAuthenticated:
                return None

        with ThreadPoolExecutor(4) as pool:
            found = [one for one in pool.map(use, range(4)) if one is not None]
        assert len(found) == 1
        assert not office.is_good(found[0].access)  # somebody has a copy: everybody signs in again


def test_signing_out_voids_this_sign_in_only(office: Office) -> None:
    here, there = office.sign_in(), office.sign_in()
    assert office.desk.sign_out(here.refresh)
    assert not office.is_good(here.access)
    with pytest.raises(NotAuthenticated):
        office.desk.refresh(here.refresh)
    assert office.is_good(there.access)
    for junk in ("", "vr_", "vr_" + "x" * 43, "vk_" + "x" * 43, here.access, "\x00"):
        assert office.desk.sign_out(junk) is None


def test_a_new_password_signs_everybody_else_out(office: Office) -> None:
    here, there = office.sign_in(), office.sign_in()
    caller = office.proofs.check(here.access)
    with pytest.raises(NotAuthenticated):
        office.desk.change_password(caller, "wrong", "another password")
    fresh = office.desk.change_password(caller, PASSWORD, "another password")
    assert office.is_good(fresh.access)
    assert not any(office.is_good(old.access) for old in (here, there))
    for old in (here, there):
        with pytest.raises(NotAuthenticated):
            office.desk.refresh(old.refresh)
    with pytest.raises(NotAuthenticated):
        office.sign_in()
    assert office.sign_in(password="another password")


def test_tokens_end_with_the_days_and_old_ones_are_swept_out(office: Office) -> None:
    signed = office.sign_in()
    office.wait(days=30)
    with pytest.raises(NotAuthenticated):
        office.desk.refresh(signed.refresh)
    assert office.count(REFRESH_TOKEN) == 1
    office.sign_in()
    assert office.count(REFRESH_TOKEN) == 1


def test_an_erased_user_takes_account_and_tokens_along(office: Office) -> None:
    signed = office.sign_in()
    with office.desk.database.session() as session:
        session.connection().execute(delete(USERS).where(USERS.c.external_id == signed.account.user))
    assert (office.count(ACCOUNT), office.count(REFRESH_TOKEN)) == (0, 0)
    assert not office.is_good(signed.access)
    with pytest.raises(NotAuthenticated):
        office.desk.refresh(signed.refresh)


def test_a_token_of_another_tenant_user_or_account_is_not_alive(office: Office) -> None:
    tokens = office.desk.keyring.signing()
    good = tokens.read(office.sign_in().access, office.at[0])
    for change in ({"tenant": "other"}, {"user": "u-bob"}, {"account": 99}, {"role": Role.OPERATOR}, {"epoch": 1},
                   {"family": "x"}):  # fmt: skip
        assert not office.is_good(tokens.sign(replace(good, **change), office.at[0]))  # even with our signature
    assert office.is_good(tokens.sign(good, office.at[0]))


def test_a_caller_without_an_account_has_no_password(office: Office) -> None:
    with pytest.raises(NotAuthenticated):
        office.desk.change_password(Caller("default", frozenset()), PASSWORD, "another password")


def test_nothing_that_opens_a_door_is_stored(office: Office, tmp_path: Path) -> None:
    signed = office.sign_in()
    with office.desk.database.session() as session:
        rows = [
            str(row) for table in (ACCOUNT, REFRESH_TOKEN) for row in session.connection().execute(select(table)).all()
        ]
    secret = (tmp_path / "shop" / "secret").read_text().strip()
    for text in (PASSWORD, signed.refresh, signed.refresh[3:], signed.access, secret):
        assert not any(text in row for row in rows)
