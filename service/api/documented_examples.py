"""One body for each operation that takes one, as the OpenAPI document shows it."""

from typing import Any

from fastapi import FastAPI

_PRODUCT = {
    "name": "Blue mug", "brand": "Alba", "category": ["Home", "Kitchen", "Mugs"], "price": 12.99, "currency": "EUR",
    "stock": 40, "tags": ["new"], "attributes": {"colour": "blue"},
}  # fmt: skip
_RULE = {
    "name": "Sale first", "scope": {"surfaces": ["home"]},
    "condition": {"must": [{"field": "tags", "match": "sale"}]}, "consequence": {"kind": "boost", "weight": 0.5},
}  # fmt: skip
_PREFERENCES = {"categories": ["Home > Kitchen"], "brands": ["Alba"], "max_price": 50}
_FILTER = {"must": [{"field": "price", "range": {"lt": 50}}, {"field": "in_stock", "match": True}]}
_ACCOUNT = {"email": "ann@example.com", "password": "correct horse"}
_REFRESH = {"refresh_token": "vr_…"}
_BEHAVIOUR = {"user_id": "ann", "viewed": [1, 2], "purchased": [], "recent_views": ["Bags"], "session_id": "s-4711"}
_RELEASE = {"live": None}

EXAMPLES: dict[tuple[str, str], Any] = {
    ("POST", "/v1/search"): {"query": "blue mug", "filter": _FILTER, "n": 12},
    ("PUT", "/v1/synonyms"): {"lines": ["earbuds => earphones", "tshirt, t-shirt, tee"]},
    ("POST", "/v1/similar/{id}"): {"n": 8, "filter": _FILTER, "same_brand": False},
    ("POST", "/v1/bundle"): {"products": ["mug-1"], "n": 4},
    ("POST", "/v1/home"): {"user": "ann", "shelves": "all"},
    ("PUT", "/v1/products"): {"products": [{"id": "mug-7", **_PRODUCT}]},
    ("PATCH", "/v1/products"): {"products": [{"id": "mug-1", "price": 9.99, "stock": 12}]},
    ("PUT", "/v1/products/{id}"): _PRODUCT,
    ("PATCH", "/v1/products/{id}"): {"price": 9.99, "stock": 12},
    ("POST", "/v1/events"): {"type": "view", "user": "ann", "product": "mug-1"},
    ("PUT", "/v1/users/{id}"): {"preferences": _PREFERENCES, "features": {"country": "DE"}},
    ("POST", "/v1/users/{id}/merge"): {"session": "s-4711"},
    ("POST", "/v1/rules"): {"id": "sale-first", **_RULE},
    ("POST", "/v1/rules/lint"): {"rules": [_RULE]},
    ("POST", "/v1/rules/dry-run"): {"rules": [_RULE], "limit": 50},
    ("PUT", "/v1/rules/{id}"): _RULE,
    ("PATCH", "/v1/rules/{id}"): {"enabled": False},
    ("POST", "/v1/explain"): {"surface": "home", "user": "ann", "product": "mug-1"},
    ("POST", "/v1/explain/words"): {"request_id": "303ddfef1f8d41139c0b2d06e21544a7", "language": "en"},
    ("POST", "/v1/auth/sign-up"): {**_ACCOUNT, "name": "Ann"},
    ("POST", "/v1/auth/sign-in"): {**_ACCOUNT, "session": "s-4711"},
    ("POST", "/v1/auth/refresh"): _REFRESH,
    ("POST", "/v1/auth/sign-out"): _REFRESH,
    ("POST", "/v1/auth/password"): {"password": "correct horse", "new_password": "battery staple"},
    ("PUT", "/v1/me"): {"name": "Ann", "preferences": _PREFERENCES},
    ("DELETE", "/v1/me"): {"password": "correct horse"},
    ("POST", "/v1/keys"): {"name": "checkout server", "scopes": ["read", "events"], "days": 90},
    ("POST", "/v1/admin/releases/rollback"): _RELEASE,
    ("POST", "/v1/admin/releases/{id}/promote"): _RELEASE,
    ("POST", "/v1/admin/jobs"): {"name": "training"},
    # profiles
    ("POST", "/auth/register"): {**_ACCOUNT, "name": "Ann"},
    ("POST", "/auth/login"): _ACCOUNT,
    ("POST", "/auth/refresh"): _REFRESH,
    ("POST", "/auth/logout"): _REFRESH,
    ("PUT", "/users/me"): {"name": "Ann", "preferences": _PREFERENCES},
    ("POST", "/interactions"): {"product_id": "mug-1", "event": "view"},
    ("POST", "/api/recommendations"): {"user_behavior": _BEHAVIOUR, "limit": 5},
    ("POST", "/api/track-interaction"): {"user_id": "ann", "product_id": 1, "interaction_type": "view"},
    ("PUT", "/api/profile/{customer_id}"): {"colours": ["Black"], "max_price": 50},
    ("POST", "/api/interactions"): {"customer_id": "ann", "type": "view", "article_id": "0108775015"},
    ("POST", "/api/v1/interactions/interactions"): {
        "user_id": "ann", "event_type": "product_click", "product_id": "B07JW9H4J1",
    },
}  # fmt: skip


def document_examples(app: FastAPI) -> None:
    """Add its example to each operation that takes JSON."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        is_new = app.openapi_schema is None
        document = plain()
        if is_new:
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _show(operation, EXAMPLES.get((method.upper(), path)))
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _show(operation: dict[str, Any], example: Any) -> None:
    content = operation.get("requestBody", {}).get("content", {})
    if example is not None and "application/json" in content:
        content["application/json"]["example"] = example
