"""How far the index is behind the truth."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from service.store.tables import PRODUCT


@dataclass(frozen=True, slots=True)
class IndexLag:
    """Changed products that the index has not seen: how many, and when the first of them changed."""

    waiting: int
    since: datetime | None

    def seconds(self, now: datetime) -> float:
        """For how long the first of them has waited, >= 0."""
        return 0.0 if self.since is None else max(0.0, (now - self.since).total_seconds())


def index_lag(session: Session) -> IndexLag:
    """As of this moment; reads the rows that wait, and only those."""
    query = select(func.count(), func.min(PRODUCT.c.updated_at)).where(PRODUCT.c.stale)
    waiting, since = session.connection().execute(query).one()
    return IndexLag(int(waiting), since)
