"""Secrets that we make: 256 random bits with a name in front, kept as their SHA-256 and nothing else.

No salt and no slow hash: nobody can try 2^256 secrets, and the hash must be looked up in an index.
"""

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256

API_KEY = "vk_"
REFRESH = "vr_"
_HINT = 8
_FORM = re.compile(r"v[kr]_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Opaque:
    """A secret to be shown once, what is kept of it, and its first characters to recognise it by."""

    text: str
    hash: str
    hint: str


def make_secret(prefix: str) -> Opaque:
    """A new secret.

    Examples
    --------
    >>> made = make_secret(API_KEY)
    >>> made.text.startswith("vk_"), len(made.text), hash_of(made.text) == made.hash
    (True, 46, True)
    """
    text = prefix + secrets.token_urlsafe(32)
    return Opaque(text, _hashed(text), text[:_HINT])


def hash_of(text: str, prefix: str = API_KEY) -> str | None:
    """What is kept of a secret that was presented; None where it is none of ours, by its form.

    Examples
    --------
    >>> hash_of("vk_123") is None
    True
    """
    return _hashed(text) if text.startswith(prefix) and _FORM.fullmatch(text) else None


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()
