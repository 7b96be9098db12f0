"""The text format of golden queries, one per line, made to be edited by hand.

::

    # what the shopper types => what must come back
    red mug              => ids: mug-1, mug-5
    boat headphones      => brand: boAt; category: Electronics; max_price: 500
    "sale => now" mug    => name: mug, cup; attributes.colour: red
    red mug of Alba      => name: alba + mug, alba + cup
    qwertz asdf          => none

Values of one field are alternatives; fields are all required; of a name, ``+`` joins what one and the same name must
have. ``none`` says that nothing fits, so that search must come back empty or unsure. The last ``=>`` of a line counts.
A value that holds a comma is put in double quotes.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from service.core.errors import InvalidQuery

TEXT_FIELDS = ("brand", "category", "name", "tags")
NUMBER_FIELDS = ("min_price", "max_price", "min_rating", "max_rating")
ATTRIBUTE = "attributes."

_ARROW = "=>"
_NEXT_FIELD = re.compile(r";(?=[^;:]+:|\s*$)")
_MAX_QUERY = 1000  # characters the API takes
_ALLOWED = f"ids, {', '.join((*TEXT_FIELDS, *NUMBER_FIELDS))} or attributes.<name>"


@dataclass(frozen=True, slots=True)
class Condition:
    """What every answer must have: one of `values` in `field`; `NUMBER_FIELDS` have one number."""

    field: str
    values: tuple[str, ...]

    @property
    def number(self) -> float:
        """The bound of a number field."""
        return float(self.values[0])


@dataclass(frozen=True, slots=True)
class Golden:
    """A query and what is expected of its answers; with neither ids nor conditions, that there are none."""

    line: int
    query: str
    ids: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @property
    def expects_nothing(self) -> bool:
        """Whether no product fits the query."""
        return not self.ids and not self.conditions


def read_golden(path: Path) -> list[Golden]:
    """The golden queries of a file.

    Raises
    ------
    InvalidQuery : it cannot be read, holds no query, or a line is wrong; names the file and the line.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise InvalidQuery(f"{path} cannot be read ({error.strerror}); --golden names a text file") from error
    except UnicodeDecodeError as error:
        raise InvalidQuery(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    return parse_golden(text.splitlines(), str(path))


def parse_golden(lines: Iterable[str], name: str = "golden queries") -> list[Golden]:
    """The golden queries of some lines; empty ones and those that begin with ``#`` are left out.

    Parameters
    ----------
    name : what to call the file in an error.

    Raises
    ------
    InvalidQuery : see `read_golden`.

    Examples
    --------
    >>> parse_golden(["red mug => brand: Alba; max_price: 5"])[0].conditions
    (Condition(field='brand', values=('Alba',)), Condition(field='max_price', values=('5',)))
    """
    found: dict[str, Golden] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            golden = _line(number, line)
            if golden.query in found:
                raise ValueError(f"the query {golden.query!r} stands in line {found[golden.query].line} already")
        except ValueError as error:
            raise InvalidQuery(f"{name}, line {number}: {error}", code="invalid_golden") from error
        found[golden.query] = golden
    if not found:
        raise InvalidQuery(f"{name} holds no query; write lines like `red mug => ids: mug-1`", code="invalid_golden")
    return list(found.values())


def _line(number: int, line: str) -> Golden:
    query, arrow, expected = (part.strip() for part in line.rpartition(_ARROW))
    if not arrow:
        raise ValueError(f"no {_ARROW!r} in {line.strip()[:80]!r}; write `red mug => ids: mug-1`, or `=> none`")
    if not 1 <= len(query) <= _MAX_QUERY:
        raise ValueError(f"a query has 1 to {_MAX_QUERY} characters, got {len(query)}")
    if expected == "none":
        return Golden(number, query)
    if not expected:
        raise ValueError(f"nothing after {_ARROW!r}; write {_ALLOWED}, or `none` where nothing should be found")
    conditions = [_condition(part) for part in _NEXT_FIELD.split(expected) if part.strip()]
    fields = [condition.field for condition in conditions]
    if twice := {field for field in fields if fields.count(field) > 1}:
        raise ValueError(f"{sorted(twice)[0]} stands there twice; put alternatives behind one, with commas")
    ids = next((condition.values for condition in conditions if condition.field == "ids"), ())
    return Golden(number, query, ids, tuple(c for c in conditions if c.field != "ids"))


def _condition(part: str) -> Condition:
    field, colon, rest = (piece.strip() for piece in part.partition(":"))
    if not colon:
        raise ValueError(f"{part.strip()[:80]!r} is neither `none` nor `field: value`; fields are {_ALLOWED}")
    is_known = field in ("ids", *TEXT_FIELDS, *NUMBER_FIELDS) or (field.startswith(ATTRIBUTE) and field != ATTRIBUTE)
    if not is_known:
        raise ValueError(f"there is no field {field[:80]!r}; allowed are {_ALLOWED}")
    values = tuple(value.strip() for value in next(csv.reader([rest], skipinitialspace=True), []) if value.strip())
    if not values:
        raise ValueError(f"{field} has no value")
    if field in NUMBER_FIELDS and (len(values) > 1 or not _is_number(values[0])):
        raise ValueError(f"{field} takes one number, got {rest[:80]!r}")
    return Condition(field, tuple(dict.fromkeys(values)))


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False
