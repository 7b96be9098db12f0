"""``/static``: scripts and styles, kept by browsers for good, since what changes gets another address."""

from fastapi import APIRouter, Request, Response

from service.core.errors import NotFound
from service.storefront.library import library

router = APIRouter(include_in_schema=False)

FOREVER = "public, max-age=31536000, immutable"


@router.get("/static/{tag}/{path:path}", response_class=Response)
async def get_static(tag: str, path: str, request: Request) -> Response:
    """One file; under an address of another release it is today's, and is not kept."""
    shelf = library()
    found = shelf.files.get(path)
    if found is None:
        raise NotFound(f"there is no file {path[:80]!r} here", code="no_such_file")
    packs = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        "Cache-Control": FOREVER if tag == shelf.tag else "no-cache",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if packs:
        headers["Content-Encoding"] = "gzip"
    return Response(found.packed if packs else found.body, media_type=found.media_type, headers=headers)


@router.get("/favicon.ico", response_class=Response)
async def get_icon(request: Request) -> Response:
    """What browsers ask for unasked."""
    return await get_static("", "icon.svg", request)
