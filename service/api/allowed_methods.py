"""Which methods a path has: several routes share one, and each of them knows only its own."""

from fastapi import Request
from fastapi.routing import iter_route_contexts


def allowed_methods(request: Request) -> str:
    """The methods of all routes with the path of the one that refused the request, for the header ``Allow``."""
    path = getattr(request.scope.get("route"), "path", None)
    found: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.path == path:
            found |= route.methods or set()
    return ", ".join(sorted(found))
