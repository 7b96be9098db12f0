"""Whether the index still fits the encoders in force."""

from sqlalchemy import select
from sqlmodel import Session

from service.store.tables import PRODUCT


def has_other_vectors(session: Session, fingerprint: str) -> bool:
    """Whether any product's vectors were made by other encoders than those with this fingerprint."""
    query = (
        select(PRODUCT.c.id)
        .where(PRODUCT.c.indexed_hash.is_not(None), PRODUCT.c.indexed_hash.not_like(f"%:{fingerprint}"))
        .limit(1)
    )
    return session.connection().execute(query).first() is not None
