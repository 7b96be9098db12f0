"""A shop on a bad day, in a real browser: slow, started anew, without pictures, without results."""

from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

from service.app import create_app
from service.runtime import Runtime
from tests.browser import screenshot, served, until
from tests.storefront.visitor import Visit, events_of, told

IDS = "(all) => all.map((one) => one.dataset.id)"


def test_a_service_that_starts_anew_under_an_open_page_hears_what_was_done_meanwhile(
    browser: Any, shop: Runtime
) -> None:
    with ExitStack() as after:
        running = ExitStack()
        after.callback(running.close)
        address = running.enter_context(served(create_app(shop)))
        context = browser.new_context(base_url=address)
        after.callback(context.close)
        page, errors = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(error))
        sockets: list[Any] = []
        page.on("websocket", lambda socket: sockets.append(socket))
        page.goto("/")
        page.wait_for_selector('[data-shelf="for_you"] .card')
        until(page, lambda: len(sockets) == 1)
        running.close()
        page.locator('[data-shelf="for_you"] .card').first.locator(".like").click()
        until(page, "JSON.parse(localStorage.getItem('vitrine.events')).length === 1")
        running.enter_context(served(create_app(shop), int(address.rsplit(":", 1)[1])))
        told(page)
        assert [one["type"] for one in events_of(shop, page)] == ["wishlist"]
        until(page, lambda: len(sockets) > 1)
        assert errors == []


def test_what_is_done_in_one_tab_moves_the_feed_of_another(visit: Visit) -> None:
    page = visit("/")
    page.wait_for_selector('[data-shelf="for_you"] .card')
    other = page.context.new_page()
    other.goto("/product/bag-3")
    page.bring_to_front()
    until(page, "document.querySelector('[data-shelf=\"for_you\"]').innerText.includes('Because you')")
    assert "Green Bag" in page.inner_text("[data-shelves]")


def test_a_slow_shop_shows_bones_in_the_places_of_its_shelves(visit: Visit) -> None:
    page = visit("/cart")
    held: list[Any] = []
    page.route("**/v1/home", lambda route: held.append(route))
    page.goto("/")
    until(page, lambda: len(held) > 0)
    assert page.locator("[data-shelves] .ghost-card").count() > 10
    assert page.get_attribute("[data-shelves]", "aria-busy") == "true"
    screenshot(page, "home-slow")
    held[0].continue_()
    page.wait_for_selector('[data-shelf="for_you"] .card')
    assert page.locator("[data-shelves] .ghost-card").count() == 0


def test_pictures_that_cannot_be_had_leave_their_place_to_a_drawing(visit: Visit) -> None:
    page = visit("/cart")
    page.route("**/picture?*", lambda route: route.abort())
    page.goto("/product/mug-1")
    page.wait_for_selector('[data-shelf="similar"] .card .shot > .icon')
    assert page.locator(".frame > .icon").count() == 1
    assert page.locator("[data-closer]").is_hidden()
    screenshot(page, "product-without-pictures")


def test_zero_results_offer_a_way_out_and_something_else(visit: Visit) -> None:
    page = visit("/search?q=mug&min_price=900")
    page.wait_for_selector("text=Nothing meets all of these filters")
    page.wait_for_selector('[data-shelf="instead"] .card')
    screenshot(page, "zero-results")
    page.get_by_role("button", name="Remove all filters").click()
    page.wait_for_selector("[data-grid] .card")
    page.go_back()
    page.wait_for_selector("text=Nothing meets all of these filters")


def test_long_words_and_emoji_fit_a_phone_and_markup_stays_text(visit: Visit) -> None:
    page = visit("/explore", viewport={"width": 360, "height": 740})
    page.wait_for_selector('.card[data-id="endless"]')
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto("/product/" + quote("émoji/1 2?", safe=""))
    assert "🫖👩‍👩‍👧‍👦 ☕" in page.inner_text("h1")
    assert page.locator("[data-add]").is_disabled()
    page.goto("/product/markup")
    page.wait_for_selector('[data-shelf="similar"] .card')
    assert page.locator("main script, main img[onerror], .facts b:has-text('Alba') b").count() == 0
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="See cart").click()
    page.wait_for_selector(".line")
    assert "<script>alert" in page.inner_text(".line-name")


def test_no_product_stands_twice_on_a_product_page(visit: Visit) -> None:
    page = visit("/product/lamp-2")
    told(page)
    page.goto("/product/mug-1")
    page.wait_for_selector('[data-shelf="recent"] .card[data-id="lamp-2"]')
    page.wait_for_selector('[data-shelf="similar"] .card')
    until(page, "document.querySelectorAll('[data-below] [aria-busy]').length === 0")
    shown = page.locator("[data-below] .card").evaluate_all(IDS)
    assert len(shown) == len(set(shown)) > 3
    assert "mug-1" not in shown
    screenshot(page, "product")
