"""What of our own rows came from a shop's own database: counted, listed, and taken back."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlmodel import Session

from service.core.carried import SOURCE_ROW
from service.store.sql_values import one_of
from service.store.tables import INTERACTION, PRODUCT
from service.store.upsert import lock_for_writing

_CHUNK = 5_000


def source_name(tenant: str) -> str:
    """The snapshot that says how far a tenant's shop database was read."""
    return f"source:{tenant}"


def count_events(session: Session, tenant: str, prefix: str) -> int:
    """Interactions whose event id begins so."""
    query = select(func.count()).select_from(INTERACTION).where(_begins(tenant, prefix))
    return int(session.connection().execute(query).scalar_one())


def event_ids(session: Session, tenant: str, prefix: str) -> set[str]:
    """The event ids that begin so."""
    query = select(INTERACTION.c.event_id).where(_begins(tenant, prefix))
    return set(session.connection().execute(query).scalars())


def known_events(session: Session, tenant: str, ids: Collection[str]) -> set[str]:
    """Those of the event ids that there are."""
    wanted = one_of(INTERACTION.c.event_id, list(ids))
    query = select(INTERACTION.c.event_id).where(INTERACTION.c.tenant == tenant, wanted)
    return set(session.connection().execute(query).scalars())


def withdraw_events(session: Session, tenant: str, ids: Collection[str]) -> int:
    """Take interactions back, as if they had never happened; the number of them that there were."""
    lock_for_writing(session)
    wanted, gone = sorted(ids), 0
    for start in range(0, len(wanted), _CHUNK):
        some = one_of(INTERACTION.c.event_id, wanted[start : start + _CHUNK])
        gone += session.connection().execute(delete(INTERACTION).where(INTERACTION.c.tenant == tenant, some)).rowcount
    return gone


def source_products(session: Session, tenant: str) -> set[str]:
    """The ids of the live products that came from a shop's own database."""
    query = select(PRODUCT.c.external_id).where(_has_row(tenant))
    return set(session.connection().execute(query).scalars())


def count_source_products(session: Session, tenant: str) -> int:
    """How many there are."""
    return int(
        session.connection().execute(select(func.count()).select_from(PRODUCT).where(_has_row(tenant))).scalar_one()
    )


def _begins(tenant: str, prefix: str) -> ColumnElement[bool]:
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return and_(INTERACTION.c.tenant == tenant, INTERACTION.c.event_id >= prefix, INTERACTION.c.event_id < after)


def _has_row(tenant: str) -> ColumnElement[bool]:
    row = PRODUCT.c.attributes[SOURCE_ROW].as_string()
    return and_(PRODUCT.c.tenant == tenant, PRODUCT.c.deleted_at.is_(None), row.is_not(None))
