"""Free attributes of a row: mapped columns, ``attributes.<name>`` columns and an ``attributes`` object."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from math import isfinite

import orjson

from indexer.load.limits import ATTRIBUTE_CHARS, ATTRIBUTE_NAME_CHARS, ATTRIBUTES, TAGS
from indexer.load.plan import OBJECT, PREFIX, Plan
from indexer.load.reasons import Note, Reason
from indexer.load.text import clean_line
from indexer.load.values import is_absent, to_text
from service.core.types import AttributeValue


def read_attributes(values: Mapping[str, object], plan: Plan, notes: list[Note]) -> dict[str, AttributeValue]:
    """The attributes of a row by name; what is neither text, number, truth nor a list of texts is dropped and noted."""
    attributes: dict[str, AttributeValue] = {}
    for name, raw in _cells(values, plan, notes):
        if is_absent(raw):
            continue
        short, reasons = clean_line(name, ATTRIBUTE_NAME_CHARS)
        value, found = _to_value(raw)
        if short in plan.format.whole_numbers and isinstance(value, str):
            value = value.removesuffix(".0")
        notes.extend(Note(reason, f"{PREFIX}{short}", raw) for reason in (*reasons, *found))
        if short and value is not None and value not in ("", ()):
            attributes[short] = value
    if len(attributes) > ATTRIBUTES:
        notes.append(Note(Reason.TOO_MANY_VALUES, OBJECT, len(attributes)))
        return dict(list(attributes.items())[:ATTRIBUTES])
    return attributes


def _cells(values: Mapping[str, object], plan: Plan, notes: list[Note]) -> Iterator[tuple[str, object]]:
    for name, columns in plan.attributes.items():
        yield name, next((values.get(column) for column in columns if not is_absent(values.get(column))), None)
    yield from _object(values.get(OBJECT), notes)
    for key in values.keys() - plan.known:  # keys that appear late in a JSON Lines file
        if key.startswith(PREFIX):
            yield key[len(PREFIX) :], values[key]
        elif not is_absent(values[key]):
            notes.append(Note(Reason.UNKNOWN_FIELD, key, values[key]))


def _object(raw: object, notes: list[Note]) -> Iterator[tuple[str, object]]:
    if is_absent(raw):
        return
    content = raw
    if isinstance(raw, str):
        try:
            content = orjson.loads(raw)
        except orjson.JSONDecodeError:
            content = None
    if isinstance(content, dict):
        yield from ((str(name), value) for name, value in content.items())
    else:
        notes.append(Note(Reason.VALUE_NOT_SIMPLE, OBJECT, raw))


def _to_value(raw: object) -> tuple[AttributeValue | None, tuple[Reason, ...]]:
    if isinstance(raw, str):
        return clean_line(raw, ATTRIBUTE_CHARS)
    if isinstance(raw, bool):
        return raw, ()
    if isinstance(raw, int):
        return (raw if abs(raw) < 2**63 else str(raw)), ()
    if isinstance(raw, float | Decimal):
        return (float(raw), ()) if isfinite(raw) else (None, (Reason.VALUE_NOT_SIMPLE,))
    if isinstance(raw, date):
        return raw.isoformat(), ()
    if isinstance(raw, list | tuple) and not any(isinstance(item, list | tuple | dict | bytes) for item in raw):
        return _to_texts(list(raw))
    return None, (Reason.VALUE_NOT_SIMPLE,)


def _to_texts(items: list[object]) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
    cleaned = [clean_line(to_text(item), ATTRIBUTE_CHARS) for item in items[:TAGS] if not is_absent(item)]
    reasons = dict.fromkeys(reason for _, found in cleaned for reason in found)
    if len(items) > TAGS:
        reasons[Reason.TOO_MANY_VALUES] = None
    return tuple(text for text, _ in cleaned if text), tuple(reasons)
