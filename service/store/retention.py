"""Deleting what is older than it is to be kept."""

import time
from datetime import datetime

from sqlalchemy import Table

from service.store.database import Database
from service.store.small_steps import OnStep, Waits, delete_in_steps, tenants_of
from service.store.tables import IMPRESSION, INTERACTION


def forget_events(database: Database, before: datetime, *, wait: Waits = time.sleep, on_step: OnStep) -> int:
    """Delete events from before a moment, of all tenants; returns how many, see `delete_in_steps`."""
    return _forget(database, INTERACTION, before, wait, on_step)


def forget_impressions(database: Database, before: datetime, *, wait: Waits = time.sleep, on_step: OnStep) -> int:
    """Delete what was shown before a moment, likewise."""
    return _forget(database, IMPRESSION, before, wait, on_step)


def _forget(database: Database, table: Table, before: datetime, wait: Waits, on_step: OnStep) -> int:
    with database.session() as session:
        tenants = list(tenants_of(session, table))
    return sum(
        delete_in_steps(database, table, table.c.tenant == tenant, table.c.at < before, wait=wait, on_step=on_step)
        for tenant in tenants
    )
