"""The shop's own products and interactions, read from its database; nothing is written to it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from eval.offline.datasets import is_liking
from service.core.errors import InvalidQuery
from service.core.types import DEFAULT_TENANT, EventType, Interaction, Product
from service.store.column_types import as_utc
from service.store.database import Database
from service.store.product_rows import PRODUCT_COLUMNS, to_stored
from service.store.rules import list_rules
from service.store.tables import INTERACTION, PRODUCT, USERS

if TYPE_CHECKING:
    from config.settings import Settings

_I = INTERACTION.c


def read_own(settings: "Settings") -> tuple[list[Product], list[Interaction], list[Mapping[str, Any]]]:
    """Live products, the interactions with them in order of time, and the business rules.

    Raises
    ------
    InvalidQuery : the data folder holds no shop yet.
    """
    from service.runtime import open_database_only

    if settings.database_url is None and not (settings.data_dir / "vitrine.db").is_file():
        raise InvalidQuery(
            f"there is no shop in {settings.data_dir}; name its folder with --data-dir, or another --dataset",
            code="no_shop",
        )
    with open_database_only(settings) as database:
        return _products(database), _events(database), _rules(database)


def _rules(database: Database) -> list[Mapping[str, Any]]:
    with database.session() as session:
        return [rule.data for rule in list_rules(session, DEFAULT_TENANT)]


def _products(database: Database) -> list[Product]:
    query = select(*PRODUCT_COLUMNS).where(PRODUCT.c.tenant == DEFAULT_TENANT, PRODUCT.c.deleted_at.is_(None))
    with database.session() as session:
        return [to_stored(row).product for row in session.connection().execute(query.order_by(PRODUCT.c.id))]


def _events(database: Database) -> list[Interaction]:
    query = (
        select(_I.type, _I.at, USERS.c.external_id.label("user"), _I.session, PRODUCT.c.external_id.label("product"),
               _I.value)
        .join(PRODUCT, PRODUCT.c.id == _I.product_id)
        .outerjoin(USERS, USERS.c.id == _I.user_id)
        .where(_I.tenant == DEFAULT_TENANT, PRODUCT.c.deleted_at.is_(None))
        .order_by(_I.at, _I.id)
    )  # fmt: skip
    with database.session() as session:
        rows = session.connection().execute(query)
        events = [
            Interaction(EventType(row.type), as_utc(row.at), row.user, row.session, row.product, value=row.value)
            for row in rows
        ]
    return [event for event in events if is_liking(event)]
