"""Everything that happened, column by column, for training."""

from datetime import datetime

from service.core.behaviour import Behaviour
from service.store.database import Database


def read_behaviour(database: Database, tenant: str, *, since: datetime | None, until: datetime | None) -> Behaviour:
    """All interactions with live products in [since, until); None leaves a side open.

    Notes
    -----
    Read in pieces: the memory it takes is that of the answer (37 bytes per interaction) and about a quarter more.
    """
    raise NotImplementedError
