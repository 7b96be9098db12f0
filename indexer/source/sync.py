"""What is new in the shop's own database, taken over as one: all of it, or nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from time import perf_counter

from sqlalchemy import URL, Connection
from sqlmodel import Session

from config.source import Source
from indexer.source.connect import parse_url, snapshot, url_schema
from indexer.source.items import KINDS, find_items
from indexer.source.marks import read_mark
from indexer.source.part import Part, Taken, bring_up_to_date
from indexer.source.parts import ItemPart, ProductPart
from indexer.source.products import product_context
from indexer.source.tables import shop_table
from indexer.source.writes import one_transaction
from service.core.errors import ConfigurationError
from service.core.types import DEFAULT_TENANT
from service.store.database import Database
from service.store.snapshots import get_snapshot, put_snapshot
from service.store.source_rows import source_name

PRODUCTS = "products"
_MOST_KEPT = 100_000  # rows in memory before they are written
_BESIDE_THE_POINT = {"batch", "timeout_s", "compare_s", "overlap_s"}


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What a look into the shop's database brought, by kind: products, orders, carts, wishlists."""

    taken: Mapping[str, Taken]
    seconds: float

    @property
    def is_news(self) -> bool:
        """Whether anything of ours was changed."""
        return any(one.is_news for one in self.taken.values())

    def __str__(self) -> str:
        new = {kind: one for kind, one in self.taken.items() if one.is_news}
        told = (f"{kind} +{one.added} ~{one.changed} -{one.withdrawn}" for kind, one in new.items())
        return ", ".join(told) or "nothing new in the shop's database"


def sync_source(
    database: Database, url: str | None, source: Source, *, now: datetime, tenant: str = DEFAULT_TENANT
) -> SourceReport:
    """Bring our products and interactions up to date with the shop's own database, which is only read.

    The shop is read as of one moment, and everything is written in one transaction, at the end, with the marks that say
    how far it was read: whoever is killed in between leaves all as it was, and doing it again changes nothing.

    Parameters
    ----------
    url : of the shop's database. now : the time it is, with a zone.

    Raises
    ------
    ConfigurationError : there is no URL, it is our own database, or the tables are not as ``[source]`` says.
    DependencyUnavailable : one of the databases does not answer.
    """
    started = perf_counter()
    url = _checked(url, database)
    schema = source.tables_schema or url_schema(url)
    taken: dict[str, Taken] = {}
    with (
        snapshot(url, source.timeout_s) as shop,
        database.session() as ours,
        one_transaction(database, _MOST_KEPT) as writes,
    ):
        kept = get_snapshot(ours, source_name(tenant))
        told = kept.data if kept is not None else {}
        shape = _shape(url, source)
        marks = told.get("marks", {}) if told.get("shape") == shape else {}
        after = {}
        for kind, part in _parts(shop, ours, source, schema, tenant, now):
            taken[kind], mark = bring_up_to_date(part, read_mark(marks.get(kind)), source, now, writes.put)
            after[kind] = mark.as_json()
        state = {"shape": shape, "marks": after}
        writes.put(1, lambda session: put_snapshot(session, source_name(tenant), state, now=now))
    return SourceReport(taken, perf_counter() - started)


def _parts(
    shop: Connection, ours: Session, source: Source, schema: str | None, tenant: str, now: datetime
) -> Iterator[tuple[str, Part]]:
    """Products first, so that interactions find theirs."""
    names = source.products
    if names.table:
        table = shop_table(shop, names.table, schema, (names.id, names.name))
        yield PRODUCTS, ProductPart(shop, ours, source, table, product_context(source, tenant))
    for kind in KINDS:
        stated = getattr(source, kind.name)
        if stated.table:
            items = find_items(shop, source, stated, schema)
            yield kind.name, ItemPart(shop, ours, source, kind, items, tenant, now)


def _checked(url: str | None, database: Database) -> str:
    if url is None:
        raise ConfigurationError(
            "this configuration reads a shop's own database ([source] enabled), but none is named: set "
            "VITRINE_SOURCE_URL or DATABASE_URL to postgresql://user:password@host:5432/name"
        )
    theirs, ours = parse_url(url), database.engine.url
    if theirs.drivername == ours.drivername and _place(theirs) == _place(ours):
        raise ConfigurationError(
            "the shop's database and our own are the same; ours keeps its tables in a place of its own: set "
            "VITRINE_DATABASE_URL to another database, or leave it unset for SQLite in the data folder"
        )
    return url


def _place(url: URL) -> tuple[object, ...]:
    if url.drivername == "sqlite":
        return (Path(str(url.database)).absolute(),)
    return url.host or url.query.get("host"), url.port or 5432, url.database


def _shape(url: str, source: Source) -> str:
    """Another shop, or other tables of it, are compared from the start."""
    stated = source.model_dump_json(exclude=_BESIDE_THE_POINT)
    whose = parse_url(url).set(username=None, password=None).render_as_string()
    return blake2b(f"{whose}\n{stated}".encode(), digest_size=8).hexdigest()
