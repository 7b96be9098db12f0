"""Passwords as Argon2id hashes; an unknown user costs the same as a wrong password."""

import secrets
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pwdlib import PasswordHash

MAX_LENGTH = 1024
# 19 MiB, two passes, one lane: the first choice of the OWASP password storage cheat sheet for Argon2id
_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1


def hash_password(password: str) -> str:
    """The hash to keep; a new salt each time.

    Parameters
    ----------
    password : any text of 1 to 1024 characters; different codings of the same characters are one password (NFC).
    """
    return _hasher().hash(_normalised(password))


def check_password(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Whether it is the password; takes as long where nothing is stored.

    Returns
    -------
    is it the password, and the hash to keep instead where the stored one was made with other parameters.

    Examples
    --------
    >>> check_password("correct horse", hash_password("correct horse"))
    (True, None)
    >>> check_password("correct horse", None)
    (False, None)
    """
    is_right, renewed = _hasher().verify_and_update(_normalised(password), stored or _nobodys())
    return (True, renewed) if is_right and stored is not None else (False, None)


def warm_up() -> None:
    """Make what the first check needs, so that it takes no longer than others."""
    _nobodys()


@cache
def _hasher() -> "PasswordHash":
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    return PasswordHash((Argon2Hasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES),))


@cache
def _nobodys() -> str:
    """The hash of a password that nobody knows."""
    return _hasher().hash(secrets.token_urlsafe())


def _normalised(password: str) -> str:
    return unicodedata.normalize("NFC", password)
