"""``/v1/products``: the catalogue, one product or many."""

from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query, Response
from pydantic import ValidationError
from sqlmodel import Session

from service.api.dependencies import AppState, FilterText, State, Tenant, filter_from
from service.api.principal import may_keep
from service.api.problems import describe
from service.api.product_schemas import (
    BatchResult,
    ItemResult,
    ProductBatch,
    ProductFields,
    ProductIn,
    ProductOut,
    ProductPage,
    ProductPatch,
    ProductPatchItem,
)
from service.api.products_io import core_values, to_output, to_product
from service.api.simple_filters import SimpleFilter
from service.api.values import ProductId
from service.core.errors import InvalidQuery, NotFound
from service.core.filters import all_of
from service.core.types import Product
from service.store import catalog
from service.store.catalog import Outcome
from service.store.product_rows import StoredProduct

T = TypeVar("T")

router = APIRouter(prefix="/v1/products", tags=["products"])

Id = Annotated[ProductId, Path(description="the merchant's id, 1-128 characters")]
Sort = Annotated[str, Query(description="id, newest, price, -price, rating, popularity, name or discount")]


@router.get("", summary="Browse the catalogue")
async def list_products(
    state: State,
    tenant: Tenant,
    simple: SimpleFilter,
    filter: FilterText = None,
    sort: Sort = "id",
    cursor: Annotated[str | None, Query(max_length=2000, description="next_cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> ProductPage:
    """Pages that stay stable while products come and go; hidden and sold-out products are included."""
    wanted = all_of(simple, filter_from(state, filter))

    def work() -> ProductPage:
        with state.runtime.database.session() as session:
            found, after = catalog.list_products(session, tenant, filter=wanted, sort=sort, after=cursor, limit=limit)
            total = catalog.count_products(session, tenant, wanted)
        return ProductPage(items=[to_output(stored) for stored in found], total=total, next_cursor=after)

    return await state.call(work)


@router.get("/{id}", summary="One product")
async def get_product(id: Id, state: State, tenant: Tenant) -> ProductOut:
    """The product as stored; 404 if there is none."""

    def work() -> ProductOut:
        with state.runtime.database.session() as session:
            return to_output(catalog.get_product(session, tenant, id))

    return await state.call(work, quick=True)


@router.get(
    "/{id}/image", summary="A product's picture", response_class=Response,
    responses={200: {"content": {"image/webp": {}}}},
)  # fmt: skip
async def get_image(id: Id, state: State, tenant: Tenant) -> Response:
    """The picture of a product whose image is a file or a ``data:`` URL; others are at the merchant's own URL."""
    from service.encode.pictures import BadPicture, load_picture

    def work() -> Response:
        with state.runtime.database.session() as session:
            source = catalog.get_product(session, tenant, id).product.image
        if not source or source.startswith(("http://", "https://")):
            raise NotFound(f"product {id!r} has no picture here; see its `image`", code="no_picture")
        try:
            picture = load_picture(source)
        except BadPicture as error:
            raise NotFound(f"the picture of {id!r} cannot be shown: {error.message}", code="no_picture") from error
        # written anew: what leaves here is a picture, whatever the file was
        encoded = BytesIO()
        picture.save(encoded, "WEBP")
        headers = {"Cache-Control": may_keep(state.caller, "max-age=3600")}
        return Response(encoded.getvalue(), media_type="image/webp", headers=headers)

    return await state.call(work)


@router.put("/{id}", summary="Create or replace one product")
async def put_product(id: Id, body: ProductFields, state: State, tenant: Tenant) -> ItemResult:
    """Searchable within two seconds."""
    product = to_product(id, body, tenant)
    return (await _write(state, lambda: _upsert(state, [product])))[0]


@router.put("", summary="Create or replace many products")
async def put_products(body: ProductBatch, state: State, tenant: Tenant) -> BatchResult:
    """Each product is checked by itself; the answer has one result per product, in the order sent."""
    return await _batch(
        body, lambda raw: _parsed(raw, tenant), lambda good: _write(state, lambda: _upsert(state, good))
    )


@router.patch("/{id}", summary="Change some fields of one product")
async def patch_product(id: Id, body: ProductPatch, state: State, tenant: Tenant) -> ProductOut:
    """Only the fields that are sent change; a new price or stock counts from the next answer on."""

    def work() -> ProductOut:
        with state.runtime.database.session() as session:
            return to_output(_patch(session, tenant, id, body))

    return await _write(state, work)


@router.patch("", summary="Change some fields of many products")
async def patch_products(body: ProductBatch, state: State, tenant: Tenant) -> BatchResult:
    """Each item needs its ``id`` and the fields to change, such as ``price`` or ``stock``."""

    def work(patches: list[ProductPatchItem]) -> list[ItemResult]:
        with state.runtime.database.session() as session:
            return [_patched(session, tenant, item) for item in patches]

    return await _batch(body, ProductPatchItem.model_validate, lambda good: _write(state, lambda: work(good)))


@router.delete("/{id}", summary="Delete one product")
async def delete_product(id: Id, state: State, tenant: Tenant) -> ItemResult:
    """Gone from every answer at once."""
    result = (await _write(state, lambda: _delete(state, tenant, [id])))[0]
    if result.status == "not_found":
        raise NotFound(f"there is no product with id {id!r}", code="product_not_found")
    return result


@router.delete("", summary="Delete many products")
async def delete_products(
    id: Annotated[list[ProductId], Query(min_length=1, max_length=1000)], state: State, tenant: Tenant
) -> BatchResult:
    """``?id=A&id=B``: one result per id."""
    return BatchResult(results=await _write(state, lambda: _delete(state, tenant, id)))


async def _write(state: AppState, work: Callable[[], T]) -> T:
    """Run a change and have the index follow at once."""
    result = await state.call(work)
    if state.indexing is not None:
        state.indexing.wake()
    return result


async def _batch(
    body: ProductBatch, parse: Callable[[Any], T], write: Callable[[list[T]], Awaitable[list[ItemResult]]]
) -> BatchResult:
    """Check each item by itself, write the good ones together, answer in the order sent."""
    good: list[T] = []
    rejected: dict[int, ItemResult] = {}
    for position, raw in enumerate(body.products):
        try:
            good.append(parse(raw))
        except ValidationError as error:
            wrong = "; ".join(f"{e['field']}: {e['problem']}" for e in describe(error.errors()))
            given = raw.get("id")
            rejected[position] = ItemResult(
                id=given if isinstance(given, str) else None, status="rejected", error=wrong
            )
    written = iter(await write(good) if good else [])
    return BatchResult(results=[rejected.get(p) or next(written) for p in range(len(body.products))])


def _parsed(raw: Any, tenant: str) -> Product:
    item = ProductIn.model_validate(raw)
    return to_product(item.id, item, tenant)


def _upsert(state: AppState, products: list[Product]) -> list[ItemResult]:
    with state.runtime.database.session() as session:
        outcomes = catalog.upsert_products(session, products)
    return [
        ItemResult(id=product.external_id, status=outcome.value)
        for product, outcome in zip(products, outcomes, strict=True)
    ]


def _patch(session: Session, tenant: str, external_id: str, body: ProductPatch) -> StoredProduct:
    changes = body.model_dump(exclude_unset=True, exclude={"id"})
    if not changes:
        raise InvalidQuery("nothing to change: send at least one field, such as price or stock", code="empty_patch")
    # a new price without a currency is in the currency the product already has
    currency = body.currency or catalog.get_product(session, tenant, external_id).product.currency
    return catalog.patch_product(session, tenant, external_id, core_values(changes, currency))


def _patched(session: Session, tenant: str, item: ProductPatchItem) -> ItemResult:
    try:
        _patch(session, tenant, item.id, item)
    except NotFound as error:
        return ItemResult(id=item.id, status="not_found", error=error.message)
    except InvalidQuery as error:
        return ItemResult(id=item.id, status="rejected", error=error.message)
    return ItemResult(id=item.id, status=Outcome.UPDATED.value)


def _delete(state: AppState, tenant: str, ids: list[str]) -> list[ItemResult]:
    with state.runtime.database.session() as session:
        found = catalog.delete_products(session, tenant, ids)
    return [ItemResult(id=id, status="deleted" if found[id] else "not_found") for id in ids]
