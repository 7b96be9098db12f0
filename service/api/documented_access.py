"""What each route asks of who calls it, in the OpenAPI document."""

from typing import Any

from fastapi import FastAPI

from service.api.scopes import PUBLIC_WRITES, Needs, NeedsAccount, needs_of

_SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "an API key: vk_…"},
    "bearer": {
        "type": "http", "scheme": "bearer",
        "description": "the access token of /v1/auth/sign-in, or an API key",
    },
}  # fmt: skip


def document_access(app: FastAPI, *, is_open: bool) -> None:
    """Add to each operation of the document what must be shown for it, and the scope that is needed."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            document.setdefault("components", {})["securitySchemes"] = _SCHEMES
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _describe(operation, path, needs_of(method.upper(), path), is_open=is_open)
        return plain()

    app.openapi = openapi  # type: ignore[method-assign]


def _describe(operation: dict[str, Any], path: str, needs: Needs, *, is_open: bool) -> None:
    wanted: list[dict[str, list[str]]] = [{"bearer": []}, {"key": []}]
    if needs.account is NeedsAccount.PERSON:
        wanted = [{"bearer": []}]
    is_optional = needs.account is NeedsAccount.NO and (is_open or needs.scope is None)
    if is_optional:
        wanted = [{}, *wanted] if needs.scope is not None or path in PUBLIC_WRITES else []
    operation["security"] = wanted
    if needs.scope is not None:
        operation["x-scope"] = str(needs.scope)
