"""Passwords are kept as Argon2id hashes, and nobody learns from an answer's time who has an account."""

import time
from statistics import median

import pytest

from service.accounts.passwords import check_password, hash_password, warm_up


def test_the_same_password_is_kept_differently_each_time_and_found_again() -> None:
    first, second = hash_password("correct horse"), hash_password("correct horse")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert [check_password("correct horse", stored) for stored in (first, second)] == [(True, None)] * 2
    assert check_password("Correct horse", first) == (False, None)


@pytest.mark.parametrize("password", ["a\x00b", "пароль 🐎", "\u0301", " ", "x" * 1024])
def test_any_text_is_a_password(password: str) -> None:
    stored = hash_password(password)
    assert check_password(password, stored) == (True, None)
    assert check_password(password[:-1] + "y", stored) == (False, None)  # to the last character
    assert check_password(password + "\x00", stored) == (False, None)


def test_two_codings_of_the_same_characters_are_one_password() -> None:
    assert check_password("cafe\u0301 noir", hash_password("caf\u00e9 noir")) == (True, None)


def test_a_hash_of_other_parameters_is_renewed() -> None:
    from pwdlib.hashers.argon2 import Argon2Hasher

    old = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse")
    is_right, renewed = check_password("correct horse", old)
    assert is_right
    assert renewed is not None
    assert check_password("correct horse", renewed) == (True, None)
    assert check_password("wrong", old) == (False, None)


def test_an_unknown_user_takes_as_long_as_a_wrong_password() -> None:
    warm_up()
    stored = hash_password("correct horse")

    def took(known: str | None) -> float:
        start = time.thread_time()  # this thread's own work: whatever else runs here does not count
        assert check_password("wrong", known) == (False, None)
        return time.thread_time() - start

    pairs = [(took(stored), took(None)) for _ in range(9)]
    known, unknown = (median(column) for column in zip(*pairs, strict=True))
    assert 0.5 < unknown / known < 2
