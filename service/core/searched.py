"""One search as it is kept: what was looked for, and whether anything was found."""

from dataclasses import dataclass
from datetime import datetime

MAX_QUERY = 200
"""Longer queries are not kept: nobody else types the same."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A search that was answered.

    Attributes
    ----------
    query : `normalised`. found : products that matched it, as far as they were shown; 0 if what was shown stands in.
    is_narrowed : a filter took part, so that nothing found says little about the words.
    visitor : a number for who asked; None if nobody said who.
    """

    tenant: str
    request_id: str
    at: datetime
    query: str
    found: int
    is_narrowed: bool = False
    fallback: str | None = None
    visitor: int | None = None


def normalised(text: str) -> str:
    """Small letters and single spaces: queries that differ in nothing else are the same.

    Examples
    --------
    >>> normalised("  Red   MUG ")
    'red mug'
    """
    return " ".join(text.casefold().split())
