"""Ratings, counts, truth, moments and lists as feeds write them; each function answers with a value and the reasons."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite, isnan

import orjson

from indexer.load.limits import CATEGORY_LEVELS, COUNT, TAGS
from indexer.load.reasons import Reason
from indexer.load.text import clean_word
from indexer.load.times import to_moment

Reasons = tuple[Reason, ...]

_ABSENT = frozenset({"nan", "NaN", "NULL", "null", "None", "none", "N/A", "n/a", "<NA>", "-"})
_RATING = re.compile(r"(-?\d+(?:[.,]\d+)?)(?:\s*(?:/|out of|von|sur|de)\s*5(?:[.,]0)?)?(?:\s*stars?)?", re.IGNORECASE)
_COUNT = re.compile(r"([-+]?)(\d+|\d{1,3}(?:[,.' \u00a0\u202f]\d{2,3})*[,.' \u00a0\u202f]\d{3})(?:\.0+)?")
_TRUE = frozenset({"true", "t", "yes", "y", "on", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0", "0.0"})
_STOCK_WORDS = {"in stock": None, "in_stock": None, "out of stock": 0, "out_of_stock": 0, "sold out": 0}
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def is_blank(raw: object) -> bool:
    """Whether a cell holds nothing: empty, white space, or a not-a-number of a data frame."""
    if isinstance(raw, str):
        return not raw or raw.isspace()
    return raw is None or (isinstance(raw, float) and isnan(raw)) or (isinstance(raw, list | tuple | dict) and not raw)


def is_absent(raw: object) -> bool:
    """Whether a cell is blank or spells out that there is nothing (``nan``, ``NULL``, ``n/a``)."""
    if isinstance(raw, str):
        return not raw or raw in _ABSENT or raw.isspace() or raw.strip() in _ABSENT
    return is_blank(raw)


def to_text(raw: object) -> str:
    """A cell as text; whole floats lose their ``.0``."""
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 2**63:
        return str(int(raw))
    return raw if isinstance(raw, str) else str(raw)


def parse_rating(raw: object) -> tuple[float | None, Reasons]:
    """Stars from 0 to 5.

    Examples
    --------
    >>> parse_rating("4.2 out of 5 stars"), parse_rating("Get")
    ((4.2, ()), (None, (<Reason.RATING_NOT_A_NUMBER: 'rating_not_a_number'>,)))
    """
    match = _RATING.fullmatch(to_text(raw).strip()[:50])
    if match is None or isinstance(raw, bool):
        return None, (Reason.RATING_NOT_A_NUMBER,)
    rating = float(match[1].replace(",", "."))
    return (rating, ()) if 0 <= rating <= 5 else (None, (Reason.RATING_OUT_OF_RANGE,))


def parse_review_count(raw: object) -> tuple[int | None, Reasons]:
    """How many rated it.

    Examples
    --------
    >>> parse_review_count("2,255"), parse_review_count("Only 2 left in stock.")[0]
    ((2255, ()), None)
    """
    count = _to_int(raw)
    if count is None:
        return None, (Reason.REVIEW_COUNT_NOT_A_NUMBER,)
    return (count, ()) if 0 <= count <= COUNT else (None, (Reason.REVIEW_COUNT_OUT_OF_RANGE,))


def parse_stock(raw: object) -> tuple[int | None, Reasons]:
    """Pieces left; None is "not tracked". Less than none is sold out.

    Examples
    --------
    >>> parse_stock("-3"), parse_stock("out of stock")
    ((0, (<Reason.STOCK_OUT_OF_RANGE: 'stock_out_of_range'>,)), (0, ()))
    """
    if isinstance(raw, str) and raw.strip().lower() in _STOCK_WORDS:
        return _STOCK_WORDS[raw.strip().lower()], ()
    count = _to_int(raw)
    if count is None:
        return None, (Reason.STOCK_NOT_A_NUMBER,)
    kept = min(max(count, 0), COUNT)
    return kept, () if kept == count else (Reason.STOCK_OUT_OF_RANGE,)


def parse_boolean(raw: object) -> tuple[bool | None, Reasons]:
    """True or false, yes or no, 1 or 0."""
    word = to_text(raw).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE, ()
    return None, (Reason.VISIBLE_NOT_A_BOOLEAN,)


def parse_moment(raw: object) -> tuple[datetime | None, Reasons]:
    """An ISO 8601 time, a date, or a number since 1970; UTC unless it says otherwise.

    Examples
    --------
    >>> parse_moment("2025-01-31")[0].isoformat()
    '2025-01-31T00:00:00+00:00'
    """
    try:
        moment = to_moment(raw)
    except (ValueError, OverflowError, OSError):
        return None, (Reason.CREATED_AT_NOT_A_TIME,)
    return (moment, ()) if _EARLIEST <= moment <= _LATEST else (None, (Reason.CREATED_AT_NOT_A_TIME,))


def parse_category(cells: Iterable[object]) -> tuple[tuple[str, ...], Reasons]:
    """A path from broad to narrow: the levels of all cells one after the other.

    Examples
    --------
    >>> parse_category(["Home > Kitchen", "Mugs"])[0]
    ('Home', 'Kitchen', 'Mugs')
    """
    levels = [level for cell in cells for item in _items(cell, "") for level in item.split(">")]
    return _words(levels, CATEGORY_LEVELS, is_path=True)


def parse_tags(cells: Iterable[object]) -> tuple[tuple[str, ...], Reasons]:
    """Labels without order, each once.

    Examples
    --------
    >>> parse_tags(["new, gift|new"])[0]
    ('new', 'gift')
    """
    return _words([item for cell in cells for item in _items(cell, "[,|;]")], TAGS, is_path=False)


def _words(items: list[str], limit: int, is_path: bool) -> tuple[tuple[str, ...], Reasons]:
    words: list[str] = []
    reasons: dict[Reason, None] = {}
    for item in items[: 10 * limit]:
        word, found = clean_word(item)
        reasons.update(dict.fromkeys(found))
        if word and (is_path or word not in words):
            words.append(word)
    if len(words) > limit or len(items) > 10 * limit:
        reasons[Reason.TOO_MANY_VALUES] = None
    return tuple(words[:limit]), tuple(reasons)


def _items(cell: object, separators: str) -> list[str]:
    """The texts in a list, in a JSON list written as text, or in a text with separators."""
    if isinstance(cell, list | tuple):
        return [to_text(item) for item in cell if not is_absent(item) and not isinstance(item, list | dict)]
    if is_absent(cell) or isinstance(cell, dict):
        return []
    text = to_text(cell)
    if text.lstrip().startswith("["):
        try:
            return _items(orjson.loads(text), separators)
        except orjson.JSONDecodeError:
            pass
    return re.split(separators, text) if separators else [text]


def _to_int(raw: object) -> int | None:
    """A whole number; None where it is none."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float | Decimal):
        return int(raw) if isfinite(raw) and raw == int(raw) else None
    match = _COUNT.fullmatch(raw.strip()[:40]) if isinstance(raw, str) else None
    return int(match[1] + re.sub(r"\D", "", match[2])) if match else None
