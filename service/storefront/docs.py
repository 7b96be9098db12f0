"""``/docs``: every call of the API to read and to try; Swagger UI from its wheel, so that no network is needed."""

import gzip
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from service.core.errors import NotFound
from service.storefront.guest import guest_of
from service.storefront.library import StaticFile
from service.storefront.page import POLICY, page

router = APIRouter(include_in_schema=False, default_response_class=Response)

_SERVED = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_STRICT = ("; require-trusted-types-for 'script'", "; trusted-types 'none'")
_DAY = "public, max-age=86400"


def docs_policy() -> str:
    """That of all pages, but for trusted types, which Swagger UI does not know."""
    policy = POLICY
    for part in _STRICT:
        policy = policy.replace(part, "")
    return policy


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The page; what it describes is ``/openapi.json``."""
    answer = page("docs", request, guest_of(request, is_demo=False))
    answer.headers["Content-Security-Policy"] = docs_policy()
    return answer


@router.get("/docs/{file}")
async def docs_file(file: str, request: Request) -> Response:
    """A file of Swagger UI."""
    if file not in _SERVED:
        raise NotFound(f"there is no file {file[:80]!r} here", code="no_such_file")
    found = _file(file)
    packs = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": _DAY, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if packs:
        headers["Content-Encoding"] = "gzip"
    return Response(found.packed if packs else found.body, media_type=found.media_type, headers=headers)


@cache
def _file(name: str) -> StaticFile:
    body = files("fastapi_offline").joinpath("static", name).read_bytes()
    return StaticFile(body, gzip.compress(body, mtime=0), _SERVED[name])
