"""What a look at an installation found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from service.core.errors import RecommenderError

T = TypeVar("T")


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes
    ----------
    subject : what was looked at. says : what was found. do : what to do about it; None where there is nothing to do.
    """

    subject: str
    level: Level
    says: str
    do: str | None = None


def ok(subject: str, says: str) -> Finding:
    """It is as it should be."""
    return Finding(subject, Level.OK, says)


def warn(subject: str, says: str, do: str) -> Finding:
    """It works, and will not for ever."""
    return Finding(subject, Level.WARN, says, do)


def fail(subject: str, says: str, do: str) -> Finding:
    """It does not work."""
    return Finding(subject, Level.FAIL, says, do)


def opened(subject: str, make: Callable[[], T], found: list[Finding]) -> T | None:
    """What `make` opens; None, and a finding more, where it cannot be opened."""
    made: list[T] = []

    def look() -> Iterable[Finding]:
        made.append(make())
        return ()

    found += looked(subject, look)
    return made[0] if made else None


def looked(subject: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What `look` finds; whatever it stumbles over is a finding too, never a trace."""
    try:
        return list(look())
    except RecommenderError as error:
        says, _, do = error.message.partition("; ")
        return [fail(subject, says, do or "see the message")]
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        return [fail(subject, f"{what}{error.strerror or error}", "check the path and its permissions")]
    except Exception as error:  # noqa: BLE001  a doctor that falls ill helps nobody
        first = (str(error).splitlines() or [""])[0][:200]
        return [fail(subject, f"could not be looked at ({type(error).__name__}: {first})", "report this")]
