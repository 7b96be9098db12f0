"""The cells of a row by field: which one counts, ids as they stand, numbers that must be above zero."""

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite

from indexer.load.limits import FIELD_CHARS, ID_CHARS
from indexer.load.plan import Plan
from indexer.load.reasons import Note, Reason
from indexer.load.rows import Row
from indexer.load.values import is_absent, to_text


def first_cell(row: Row, plan: Plan, name: str, notes: list[Note]) -> object:
    """The first cell of a field that holds something, None if there is none; lists and objects are no single value."""
    for column in plan.columns.get(name, ()):
        raw = row.values.get(column)
        if raw is None or is_absent(raw):
            continue
        if isinstance(raw, bytes):
            raw = raw[:FIELD_CHARS].decode("utf-8", "replace")
        if isinstance(raw, list | tuple | dict):
            notes.append(Note(Reason.VALUE_NOT_SIMPLE, name, raw))
            continue
        return raw
    return None


def to_id(raw: object, *, pad: int = 0, is_whole_number: bool = False) -> str:
    """An id as it was written; it is never repaired, for a repaired id is another one.

    Parameters
    ----------
    pad : numeric ids are filled up with leading zeros to this length.
    is_whole_number : ``17850.0`` means ``17850``.
    """
    text = to_text(raw).strip()
    if is_whole_number:
        text = text.removesuffix(".0")
    return text.zfill(pad) if text.isdecimal() else text


def check_id(text: str) -> Reason | None:
    """What is wrong with an id that is not empty."""
    if len(text) > ID_CHARS:
        return Reason.ID_TOO_LONG
    return None if text.isprintable() else Reason.ID_NOT_PRINTABLE


def to_number(raw: object) -> float | None:
    """A finite number; None where it is none."""
    if isinstance(raw, bool):
        return None
    try:
        number = float(raw) if isinstance(raw, int | float | Decimal) else float(str(raw)[:50])
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def check_positive(values: Mapping[str, object], plan: Plan, notes: list[Note]) -> None:
    """Note the reason of every column that must be above zero and is not."""
    for column, reason in plan.positive.items():
        raw = values.get(column)
        number = None if is_absent(raw) else to_number(raw)
        if number is not None and number <= 0:
            notes.append(Note(reason, column, raw))
