"""The validation table of the precision API; no other API checks ids like this."""

import re
from typing import Annotated

from fastapi import Query

from service.api.compat.bad_request import BadRequest

USER_ID = "^[a-zA-Z0-9]{1,50}$"
PRODUCT_ID = "^[A-Z0-9]{10}$"
MAX_QUERY = 255

Limit = Annotated[int | None, Query(description="clamped to what the endpoint allows")]


def checked_user(user_id: str | None) -> str:
    """A user's id.

    Raises
    ------
    BadRequest : it is missing, or not 1 to 50 letters and digits.
    """
    return _matching("user_id", user_id, USER_ID, "1 to 50 letters and digits")


def checked_product(product_id: str) -> str:
    """A product's id.

    Raises
    ------
    BadRequest : it is not 10 capitals and digits.
    """
    return _matching("product_id", product_id, PRODUCT_ID, "exactly 10 capital letters and digits")


def checked_words(query: str | None) -> str:
    """The words of a search, blanks around them taken off.

    Raises
    ------
    BadRequest : nothing is left, it is too long, or it holds a NUL.

    Examples
    --------
    >>> checked_words("  red shoes ")
    'red shoes'
    """
    words = (query or "").strip()
    if not 1 <= len(words) <= MAX_QUERY or "\0" in words:
        raise BadRequest(f"query must have 1 to {MAX_QUERY} characters without blanks around them, got {query!r:.60}")
    return words


def clamped(asked: int | None, default: int, most: int) -> int:
    """How many products to answer with.

    Examples
    --------
    >>> clamped(None, 20, 60), clamped(0, 20, 60), clamped(99, 20, 60)
    (20, 1, 60)
    """
    return default if asked is None else min(max(asked, 1), most)


def _matching(name: str, value: str | None, pattern: str, allowed: str) -> str:
    # fullmatch: `$` of Python lets a newline pass behind the end
    if value is None or re.fullmatch(pattern, value) is None:
        raise BadRequest(f"{name} must be {allowed} ({pattern}), got {value!r:.60}")
    return value
