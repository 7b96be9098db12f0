"""What a look into the shop is to change here: written at its end, as one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from sqlmodel import Session

from service.store.database import Database
from service.store.upsert import lock_for_writing

Write = Callable[[Session], None]
Put = Callable[[int, Write], None]
"""Takes so many rows and what writes them."""


class Writes:
    """Writes of one transaction, kept until everything was read: SQLite has one writer, and others want to write too.

    Parameters
    ----------
    session : opens the transaction; called once, and not before there is something to write.
    most : rows kept; where there are more, as at the first look at a large shop, writing begins at once.
    """

    def __init__(self, session: Callable[[], Session], most: int) -> None:
        self._open = session
        self._most = most
        self._session: Session | None = None
        self._waiting: list[Write] = []
        self._rows = 0

    def put(self, rows: int, write: Write) -> None:
        """Write these rows when the time has come."""
        self._waiting.append(write)
        self._rows += rows
        if self._rows > self._most:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._session is None:
            self._session = self._open()
        for write in self._waiting:
            write(self._session)
        self._waiting.clear()


@contextmanager
def one_transaction(database: Database, most: int) -> Iterator[Writes]:
    """Everything that is put is committed at the end of the block, or nothing where it raises."""
    with ExitStack() as stack:

        def begin() -> Session:
            session = stack.enter_context(database.session())
            lock_for_writing(session)
            return session

        writes = Writes(begin, most)
        yield writes
        writes.flush()
