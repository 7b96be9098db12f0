"""How long an answer of PostgreSQL is waited for: whoever asks for a shopper does not wait for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sqlalchemy import Engine

T = TypeVar("T")

# of what nobody waits for: counting years of events takes minutes
_LONGEST_S = 1800.0
_PATIENCE_S: ContextVar[float] = ContextVar("patience_s", default=_LONGEST_S)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Statements inside the block, and in threads begun by it, are given up after so many seconds.

    A server that accepts and never answers would otherwise keep the thread and the connection: after some requests
    none would be left, and a service that cannot be helped but by starting it again.
    """
    token = _PATIENCE_S.set(seconds)
    try:
        yield
    finally:
        _PATIENCE_S.reset(token)


def wait_with_patience(engine: "Engine") -> None:
    """Have new connections of an engine of PostgreSQL keep to `patience`."""
    import psycopg
    from psycopg import errors
    from sqlalchemy import event

    class Patient(psycopg.Connection[Any]):
        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            limit = _PATIENCE_S.get() if timeout is None else timeout
            try:
                return super().wait(gen, interval, limit)
            except errors._WaitTimeout:
                self.pgconn.finish()  # its answer may come yet, and nobody would know to what
                raise

    def connect(_: object, __: object, given: Any, named: Any) -> Patient:
        return Patient.connect(*given, **named)

    event.listen(engine, "do_connect", connect)
