"""What tests ask of a visitor's page, and of the shop about that visitor."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from service.runtime import Runtime
from service.storefront.guest import SESSION
from tests.browser import until

Visit = Callable[..., Any]


def events_of(shop: Runtime, page: Any) -> list[dict[str, Any]]:
    """What a visitor's browser told the shop, oldest first."""
    session = next(one["value"] for one in page.context.cookies() if one["name"] == SESSION)
    query = text("SELECT type, query, value, request_id, position FROM interaction WHERE session = :one ORDER BY id")
    with shop.database.session() as database:
        return [dict(row._mapping) for row in database.connection().execute(query, {"one": session})]


def titles(page: Any, shelf: str) -> list[str]:
    return [one.strip() for one in page.locator(f'[data-shelf="{shelf}"] .card-name').all_inner_texts()]


def told(page: Any) -> None:
    """Wait until everything that happened was acknowledged."""
    until(page, "JSON.parse(localStorage.getItem('vitrine.events') ?? '[]').length === 0")


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until an element has the focus, as somebody without a mouse does."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"Tab does not lead to {selector}")
