"""The log of a child process, told on as our own: with what is bound here, and in our form."""

import json
import os
from collections import deque
from typing import IO, Any

import structlog

log = structlog.get_logger()

_CHUNK = 2**16
_MOST_WORDS = 50
_LEVELS = ("debug", "info", "warning", "error")


class Relay:
    """Reads what a child writes to a file while it does.

    Attributes
    ----------
    words : the last lines that were no lines of a log, as those of a trace.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._at = 0
        self._rest = b""
        self.words: deque[str] = deque(maxlen=_MOST_WORDS)

    def tell(self) -> None:
        """Tell on the whole lines that came since."""
        # not by `read`: the child writes where the file that both have open stands
        while chunk := os.pread(self._file.fileno(), _CHUNK, self._at):
            self._at += len(chunk)
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._line(line.decode(errors="replace"))

    def end(self) -> str:
        """Tell on the rest; returns what was no line of a log."""
        self.tell()
        self._line(self._rest.decode(errors="replace"))
        self._rest = b""
        return "\n".join(self.words)

    def _line(self, line: str) -> None:
        fields = _fields(line)
        if fields is None:
            self.words.extend([line] if line.strip() else [])
            return
        event, level = fields.pop("event"), fields.pop("level")
        fields.pop("timestamp", None)
        getattr(log, level)(event, **fields)


def _fields(line: str) -> dict[str, Any] | None:
    """The fields of a line of a log; None for anything else."""
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    is_event = isinstance(fields, dict) and isinstance(fields.get("event"), str) and fields.get("level") in _LEVELS
    return fields if is_event else None
