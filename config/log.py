"""Structured logs: one line per event, coloured for people on a terminal, JSON for machines.

A line holds no personal data, no text that anybody typed, and nothing that ends it early or moves the cursor: control
characters are written out, fields that name people, their words or secrets are left out whoever passes them.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog

LogFormat = Literal["auto", "console", "json"]

MOST_CHARS = 2_000
"""Of one value; of a trace ten times as much."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_PRIVATE = frozenset(
    ("user", "user_id", "session", "session_id", "visitor", "email", "address", "query", "text", "words", "terms",
     "token", "password", "secret", "key", "api_key", "authorization", "cookie", "body")
)  # fmt: skip
_PRIVATE_INSIDE = _PRIVATE - {"text"}  # there it is a signal
_LEFT_OUT = "[left out]"
# PostgreSQL names the values of a row there
_TELLS_VALUES = ("DETAIL:", "[parameters:")


def configure_logging(level: str = "info", form: LogFormat = "auto") -> None:
    """Send structlog's events and the standard library's records to stderr, in one form.

    Parameters
    ----------
    level : debug, info, warning or error; of the standard library's records warnings at least.
    form : auto is JSON unless stderr is a terminal.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    is_json = not sys.stderr.isatty() if form == "auto" else form == "json"
    renderer: Any = structlog.processors.JSONRenderer(default=str)
    if not is_json:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        harmless,
    ]
    structlog.configure(
        processors=[*before, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    without_record = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[without_record, harmless, renderer],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *before],
        )
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


def harmless(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The fields of a line as they may be written.

    Examples
    --------
    >>> harmless(None, "info", {"event": "a\\nb", "user": "anna", "n": 3})
    {'event': 'a\\\\x0ab', 'user': '[left out]', 'n': 3}
    """
    return _fields(event, _PRIVATE)


def _fields(event: Mapping[str, Any], private: frozenset[str]) -> dict[str, Any]:
    return {
        name: _LEFT_OUT if name in private else _trace(value) if name == "exception" else _cleaned(value)
        for name, value in event.items()
    }


def _cleaned(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return _fields({_words(str(name)): one for name, one in value.items()}, _PRIVATE_INSIDE)
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(one) for one in value]
    return _words(str(value))


def _words(text: str, most: int = MOST_CHARS) -> str:
    text = text if len(text) <= most else text[:most] + "…"
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _trace(text: object) -> str:
    """Line by line, indented so that none looks like an event of its own."""
    lines = str(text)[-10 * MOST_CHARS :].splitlines()
    return "\n".join(f"  {_words(line)}" for line in lines if not line.lstrip().startswith(_TELLS_VALUES))
