"""One writer of a small table at a time, for tables whose rows depend on each other."""

from sqlalchemy import Table, text
from sqlmodel import Session

from service.store.upsert import lock_for_writing


def lock_table(session: Session, table: Table) -> None:
    """Wait until nobody else writes the table, and keep others from it until the session ends; reading goes on.

    Every writer of such a table begins with this: one that wrote first and locked later could wait for another in a
    circle.
    """
    if session.get_bind().dialect.name == "sqlite":
        lock_for_writing(session)
    else:
        session.connection().execute(text(f'LOCK TABLE "{table.name}" IN SHARE ROW EXCLUSIVE MODE'))
