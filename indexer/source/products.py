"""Rows of the shop's product table as our products, by the rules that files of products are read by."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from config.source import Source
from indexer.load.clean import Context, Verdict, read_row
from indexer.load.kinds import PRODUCTS
from indexer.load.plan import OBJECT, make_plan
from indexer.load.rows import Row
from indexer.load.values import parse_review_count, to_text
from service.core.carried import SOURCE_ROW, facts

_FIELDS = (
    "id", "name", "description", "category", "price", "rating", "review_count", "image", "stock", "visible",
    "created_at", OBJECT,
)  # fmt: skip
_WEB = ("http://", "https://", "//", "data:image/")


def product_context(source: Source, tenant: str) -> Context:
    """What rows of the shop are read with."""
    plan = make_plan(PRODUCTS, _FIELDS, file=source.products.table, format="native")
    return Context(plan, tenant, source.currency or None, Path("/"), {})


def read_product(row: Mapping[str, Any], source: Source, context: Context) -> Verdict:
    """A row as a product that carries the row itself along, or why it is none."""
    verdict = read_row(Row(1, to_native(row, source)), context)
    if verdict.product is None:
        return verdict
    attributes = {**facts(verdict.product.attributes), SOURCE_ROW: as_json(row, source)}
    return replace(verdict, product=replace(verdict.product, attributes=attributes))


def to_native(row: Mapping[str, Any], source: Source) -> dict[str, object]:
    """The row under the names of our own format.

    A product without reviews has no rating, whatever the column says: shops write 0 there, which is no opinion.
    """
    names = source.products
    reviews = row.get(names.review_count)
    return {
        "id": row[names.id],
        "name": row[names.name],
        "description": row.get(names.description),
        "category": [to_text(row[names.category])] if row.get(names.category) is not None else [],
        "price": row.get(names.price),
        "rating": row.get(names.rating) if reviews and parse_review_count(reviews)[0] else None,
        "review_count": reviews,
        "image": _picture(_parsed(row.get(names.images)), source.images_url),
        "stock": _stock(row.get(names.stock), row.get(names.stock_status), source.sold_out),
        "visible": not _is_true(row.get(names.draft)),
        "created_at": row.get(names.created_at),
        OBJECT: _facts(row, source),
    }


def as_json(row: Mapping[str, Any], source: Source) -> str:
    """The whole row as JSON text: times in UTC without a zone, as Prisma writes them, decimals as numbers."""
    lists = (source.products.images, source.products.attributes)
    plain = {str(name): _plain(_parsed(value) if name in lists else value) for name, value in row.items()}
    return orjson.dumps(plain, default=_other).decode()


def _facts(row: Mapping[str, Any], source: Source) -> dict[str, object]:
    stated = {name: row[name] for name in source.products.facts if row.get(name) is not None}
    own = _parsed(row.get(source.products.attributes))
    return stated | ({str(name): value for name, value in own.items()} if isinstance(own, dict) else {})


def _picture(images: object, base: str) -> str | None:
    """The first picture, if it is on the web: the shop's disk is not ours to read, and a path may lead anywhere."""
    first = images[0] if isinstance(images, list | tuple) and images else images
    if not isinstance(first, str) or not first.strip():
        return None
    return first if first.startswith(_WEB) else f"{base}{first.lstrip('/')}" if base else None


def _stock(pieces: object, status: object, sold_out: tuple[str, ...]) -> object:
    return 0 if status is not None and str(status) in sold_out else pieces


def _is_true(value: object) -> bool:
    return value in (True, 1) or (isinstance(value, str) and value.strip().lower() in ("true", "t", "1", "yes"))


def _parsed(value: object) -> Any:
    """JSON that a database without a type for it keeps as text; PostgreSQL's arrays as they are."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _plain(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


def _other(value: object) -> object:
    """What JSON does not know."""
    return float(value) if isinstance(value, Decimal) else None if isinstance(value, bytes | memoryview) else str(value)
