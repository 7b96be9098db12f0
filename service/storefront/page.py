"""A template as an answer: always escaped, and with a policy under which nothing but our own files runs."""

from functools import cache
from urllib.parse import quote

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from service.storefront.guest import Guest, remember
from service.storefront.library import library
from service.storefront.money import money

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob: https:",  # a merchant's pictures may be at the merchant's own place
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "private, no-cache",
}


@cache
def environment() -> Environment:
    """The templates of the package."""
    made = Environment(
        loader=PackageLoader("service.storefront", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.globals["static"] = lambda path: library().url(path)
    made.globals["picture"] = picture
    made.filters["money"] = money
    made.filters["segment"] = lambda text: quote(text, safe="")
    return made


def picture(product_id: str, width: int) -> str:
    """Where a product's picture is, `width` pixels wide: 160, 320 or 640."""
    return f"/v1/products/{quote(product_id, safe='')}/picture?width={width}"


def page(name: str, request: Request, guest: Guest, *, status: int = 200, **values: object) -> Response:
    """The page that a template makes of these values."""
    text = environment().get_template(f"{name}.html").render(page=name, guest=guest, **values)
    response = Response(text, status, HEADERS, media_type="text/html")
    remember(guest, request, response)
    return response
