"""The moment something happened, as logs write it, in UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from indexer.load.reasons import Reason

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)  # before there were online shops; also what a zero or a wrong unit gives
AHEAD = timedelta(days=1)  # clocks and zones that are a little off

_NUMBER = re.compile(r"-?\d{9,19}(?:\.\d+)?")
_ZONE = re.compile(r"(.{8,}\d) ?([A-Za-z]{1,5})")
_UTC_NAMES = frozenset({"UTC", "GMT", "Z"})
_HALVES = frozenset({"AM", "PM"})  # of a day: no zones
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))  # from this size on nano-, micro-, milliseconds: seconds stay below


def read_time(raw: object, now: datetime, patterns: tuple[str, ...] = ()) -> tuple[datetime | None, tuple[Reason, ...]]:
    """A moment between 1995 and one day ahead of now; None with the reason for anything else.

    Parameters
    ----------
    now : the time it is, with a zone.
    patterns : what `datetime.strptime` tries on texts that are not ISO 8601.

    Notes
    -----
    Without a zone UTC is meant. Names of zones other than UTC mean several (IST: India, Ireland, Israel): they are read
    as UTC, with the reason `time_zone_assumed`.

    Examples
    --------
    >>> now = datetime(2025, 1, 1, tzinfo=UTC)
    >>> for raw in ("881250949", 1569888000000, "2019-10-01 00:00:00 UTC", "2019-10-01T02:00:00+02:00"):
    ...     str(read_time(raw, now)[0])
    '1997-12-04 15:55:49+00:00'
    '2019-10-01 00:00:00+00:00'
    '2019-10-01 00:00:00+00:00'
    '2019-10-01 00:00:00+00:00'
    >>> read_time("2031-01-01", now)
    (None, (<Reason.TIME_IN_FUTURE: 'time_in_future'>,))
    """
    text, reasons = _without_zone_name(raw) if isinstance(raw, str) else (raw, ())
    try:
        moment = to_moment(text, patterns)
    except (ValueError, OverflowError, OSError):
        return None, (Reason.TIME_NOT_A_TIME,)
    if moment < EARLIEST:
        return None, (Reason.TIME_ANCIENT,)
    return (None, (Reason.TIME_IN_FUTURE,)) if moment > now + AHEAD else (moment, reasons)


def to_moment(raw: object, patterns: tuple[str, ...] = ()) -> datetime:
    """A time, a date, a number since 1970 (seconds to nanoseconds, told by its size) or a text of these.

    Raises
    ------
    ValueError, OverflowError, OSError : it is none.
    """
    if isinstance(raw, datetime):
        moment = raw
    elif isinstance(raw, date):
        moment = datetime(raw.year, raw.month, raw.day)
    elif isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
        moment = _from_number(float(raw))
    else:
        text = str(raw).strip()[:64]
        moment = _from_number(float(text)) if _NUMBER.fullmatch(text) else _from_text(text, patterns)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _from_number(number: float) -> datetime:
    unit = next((unit for least, unit in _UNITS if abs(number) >= least), 1.0)
    return datetime.fromtimestamp(number / unit, UTC)


def _from_text(text: str, patterns: tuple[str, ...]) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        for pattern in patterns:
            try:
                return datetime.strptime(text, pattern)
            except ValueError:
                continue
        raise


def _without_zone_name(raw: str) -> tuple[str, tuple[Reason, ...]]:
    text = raw.strip()
    if not text[-1:].isalpha() or (match := _ZONE.fullmatch(text[:64])) is None:
        return text, ()
    zone = match[2].upper()
    if zone in _HALVES:
        return text, ()
    return match[1], () if zone in _UTC_NAMES else (Reason.TIME_ZONE_ASSUMED,)
