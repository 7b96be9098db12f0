"""``/v1/products/{id}/picture``: a product's picture as small as a page needs it, whatever the merchant has."""

import asyncio
from concurrent.futures import Future
from functools import partial
from hashlib import blake2b
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from service.api.dependencies import State, Tenant
from service.api.principal import may_keep
from service.api.thumbnails import Thumbnail, Thumbnails
from service.api.values import ProductId
from service.encode.picture_decode import PictureLimits, decode_picture
from service.encode.pictures import read_picture
from service.encode.thumbnails import Kind, Width, thumbnail_limits
from service.runtime import Runtime
from service.store.catalog import get_product
from service.store.file_cache import FileCache

router = APIRouter(prefix="/v1/products", tags=["products"])

FOLDER = "thumbnails"

_OWN = "max-age=3600, stale-while-revalidate=86400"
_NEUTRAL = "max-age=60"


async def _thumbnails(request: Request) -> Thumbnails:
    found: Thumbnails = request.app.state.thumbnails
    return found


def make_thumbnails(runtime: Runtime) -> Thumbnails:
    """Thumbnails of this shop, kept in its data folder."""
    settings, indexing = runtime.settings, runtime.params.indexing
    limits = thumbnail_limits(
        PictureLimits(max_bytes=indexing.picture_max_mb * 2**20, deadline_s=indexing.picture_timeout_s)
    )
    return Thumbnails(
        partial(read_picture, limits=limits, allow_private=settings.image_private_hosts),
        lambda data, source: decode_picture(data, limits, source=source),
        FileCache(settings.data_dir / FOLDER, indexing.thumbnails_mb * 2**20),
        indexing.host_failures,
    )


def picture_path(external_id: str, width: int = 320) -> str:
    """Where a product's picture is served.

    Examples
    --------
    >>> picture_path("a/b")
    '/v1/products/a%2Fb/picture?width=320'
    """
    return f"/v1/products/{quote(external_id, safe='')}/picture?width={width}"


@router.get(
    "/{id:path}/picture", summary="A product's picture for pages", response_class=Response,
    responses={200: {"content": {kind.value: {} for kind in Kind}}, 304: {"description": "as the caller has it"}},
)  # fmt: skip
async def get_picture(
    id: Annotated[ProductId, Path(description="the merchant's id, 1-128 characters")],
    state: State,
    tenant: Tenant,
    thumbnails: Annotated[Thumbnails, Depends(_thumbnails)],
    width: Annotated[Width, Query(description="in pixels; smaller pictures keep their size")] = Width.MEDIUM,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    if_none_match: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """WebP for browsers that take it, else JPEG.

    A product without a picture that can be shown has a neutral one, with status 200 and `X-Picture: placeholder; why`:
    a page of products is whole either way, and what keeps or counts errors on the way there has none to keep.
    A product that does not exist is 404.
    """
    kind = Kind.WEBP if Kind.WEBP in accept else Kind.JPEG

    def find() -> Thumbnail | Future[Thumbnail]:
        with state.runtime.database.session() as session:
            source = get_product(session, tenant, id).product.image
        return thumbnails.find(source, width, kind)

    found = await state.call(find)
    made = found if isinstance(found, Thumbnail) else await asyncio.shield(asyncio.wrap_future(found))
    keep = may_keep(state.caller, _NEUTRAL if made.missing else _OWN)
    return _response(made, kind, if_none_match, keep)


def _response(made: Thumbnail, kind: Kind, known: str, keep: str) -> Response:
    tag = f'"{blake2b(made.data, digest_size=12).hexdigest()}"'
    headers = {
        "ETag": tag,
        "Cache-Control": keep,
        "Vary": "Accept",
        "X-Content-Type-Options": "nosniff",
        "X-Picture": f"placeholder; {made.missing}" if made.missing else "own",
    }
    if tag in known or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    return Response(made.data, media_type=kind.value, headers=headers)
