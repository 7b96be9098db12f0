"""A row becomes an interaction: every field by its rule, every repair noted, or the row is rejected."""

from dataclasses import dataclass
from datetime import datetime

from indexer.load.cells import check_id, check_positive, first_cell, to_id, to_number
from indexer.load.formats import NATIVE, all_formats
from indexer.load.kinds import EVENTS
from indexer.load.limits import QUERY_CHARS, VALUE
from indexer.load.plan import Plan
from indexer.load.reasons import REJECTING, Note, Reason
from indexer.load.rows import Row
from indexer.load.text import clean_line
from indexer.load.times import read_time
from indexer.load.values import is_absent, parse_rating, to_text
from service.core.types import EventType, Interaction

_SHOWN = 200  # of a value in a note; batches of notes are held until they are written
_REJECT = "reject"


@dataclass(frozen=True, slots=True)
class EventContext:
    """What a row is read with: `now` tells what lies in the future."""

    plan: Plan
    tenant: str
    now: datetime


@dataclass(frozen=True, slots=True)
class EventVerdict:
    """What became of a row: an interaction, its event id still None if the file has none, or a rejection."""

    line: int
    event: Interaction | None
    notes: tuple[Note, ...]


def read_event(row: Row, context: EventContext) -> EventVerdict:
    """Apply every rule to a row.

    Returns
    -------
    EventVerdict : notes are the repairs of an event, or only what rejects the row.
    """
    notes = list(row.notes)
    event = None if any(note.reason in REJECTING for note in notes) else _read(row, context, notes)
    if rejecting := [note for note in notes if note.reason in REJECTING]:
        event, notes = None, rejecting
    return EventVerdict(row.line, event, tuple(map(_short, notes)))


def _read(row: Row, context: EventContext, notes: list[Note]) -> Interaction | None:
    """The interaction; None, or one that a note rejects, where the row is none."""
    plan = context.plan
    check_positive(row.values, plan, notes)
    type = _read_type(row, plan, notes)
    at = _read_time(row, context, notes)
    user, session = _read_id(row, plan, "user", notes), _read_id(row, plan, "session", notes)
    product, query = _read_id(row, plan, "product", notes), _read_query(row, plan, notes)
    if product in plan.format.not_products:
        notes.append(Note(Reason.NOT_A_PRODUCT, "product", product))
    if user is None and session is None:
        notes.append(Note(Reason.WHO_MISSING, "user"))
    _note_late_keys(row, plan, notes)
    if type is None or at is None:
        return None
    if type is EventType.SEARCH and not query:
        notes.append(Note(Reason.QUERY_MISSING, "query"))
    if type is not EventType.SEARCH and product is None:
        notes.append(Note(Reason.PRODUCT_MISSING, "product"))
    return Interaction(
        type=type,
        at=at,
        user=user,
        session=session,
        product=product,
        query=query,
        value=_read_value(row, plan, type, notes),
        event_id=_read_id(row, plan, "event_id", notes),
        request_id=_read_request_id(row, plan, notes),
        position=_read_position(row, plan, notes),
        tenant=context.tenant,
    )


def _read_type(row: Row, plan: Plan, notes: list[Note]) -> EventType | None:
    if "type" not in plan.columns and plan.format.type:
        return EventType(plan.format.type)
    raw = first_cell(row, plan, "type", notes)
    if raw is None:
        notes.append(Note(Reason.TYPE_MISSING, "type"))
        return None
    types = plan.format.types or all_formats(EVENTS)[NATIVE].types
    meant = types.get(to_text(raw).strip().lower().replace("-", "_").replace(" ", "_"))
    if meant is None or meant == _REJECT:
        notes.append(Note(Reason.TYPE_UNKNOWN if meant is None else Reason.TYPE_NOT_KEPT, "type", raw))
        return None
    return EventType(meant)


def _read_time(row: Row, context: EventContext, notes: list[Note]) -> datetime | None:
    raw = first_cell(row, context.plan, "at", notes)
    if raw is None:
        notes.append(Note(Reason.TIME_MISSING, "at"))
        return None
    at, reasons = read_time(raw, context.now, context.plan.format.times)
    notes.extend(Note(reason, "at", raw) for reason in reasons)
    return at


def _read_id(row: Row, plan: Plan, name: str, notes: list[Note]) -> str | None:
    raw = first_cell(row, plan, name, notes)
    if raw is None:
        return None
    pad = plan.format.pad_id if name == "product" else 0
    text = to_id(raw, pad=pad, is_whole_number=name in plan.format.whole_numbers)
    if reason := check_id(text):
        notes.append(Note(reason, name, raw))
    return text


def _read_query(row: Row, plan: Plan, notes: list[Note]) -> str | None:
    raw = first_cell(row, plan, "query", notes)
    if raw is None:
        return None
    text, reasons = clean_line(to_text(raw), QUERY_CHARS)
    notes.extend(Note(reason, "query", raw) for reason in reasons)
    return text or None


def _read_value(row: Row, plan: Plan, type: EventType, notes: list[Note]) -> float | None:
    """Stars of a rating; else pieces, which a return counts below zero."""
    raw = first_cell(row, plan, "value", notes)
    if type is EventType.RATING:
        return _read_stars(raw, notes)
    if raw is None:
        return None
    number = to_number(raw)
    if number is not None and 0 < number <= VALUE:
        return number
    is_return = number is not None and number <= 0 and type is EventType.PURCHASE
    notes.append(Note(Reason.RETURNED if is_return else Reason.VALUE_NOT_A_COUNT, "value", raw))
    return None


def _read_stars(raw: object, notes: list[Note]) -> float | None:
    stars, reasons = (None, (Reason.STARS_MISSING,)) if raw is None else parse_rating(raw)
    if stars is None:
        why = Reason.STARS_MISSING if Reason.STARS_MISSING in reasons else Reason.STARS_NOT_A_RATING
        notes.append(Note(why, "value", raw))
    return stars


def _read_request_id(row: Row, plan: Plan, notes: list[Note]) -> str | None:
    raw = first_cell(row, plan, "request_id", notes)
    text = None if raw is None else to_id(raw)
    if text is not None and check_id(text):
        notes.append(Note(Reason.REQUEST_ID_NOT_AN_ID, "request_id", raw))
        return None
    return text


def _read_position(row: Row, plan: Plan, notes: list[Note]) -> int | None:
    raw = first_cell(row, plan, "position", notes)
    number = None if raw is None else to_number(raw)
    if number is not None and number.is_integer() and 1 <= number <= VALUE:
        return int(number)
    if raw is not None:
        notes.append(Note(Reason.POSITION_NOT_A_SLOT, "position", raw))
    return None


def _note_late_keys(row: Row, plan: Plan, notes: list[Note]) -> None:
    """Keys of JSON Lines that the first lines did not have and the format does not know."""
    if plan.known.issuperset(row.values):
        return
    late = ((key, row.values[key]) for key in row.values.keys() - plan.known)
    notes.extend(Note(Reason.UNKNOWN_FIELD, key, value) for key, value in late if not is_absent(value))


def _short(note: Note) -> Note:
    value = note.value
    if isinstance(value, str) and len(value) <= _SHOWN:
        return note
    return Note(note.reason, note.field, (value if isinstance(value, str) else str(value))[:_SHOWN])
