"""Journeys through the shop in a real browser."""

import re
import time

import pytest

from service.runtime import Runtime
from tests.browser import PHONE, screenshot, serious_problems, until
from tests.storefront.visitor import Visit, events_of, tab_to, titles, told

PLACES = (
    "/", "/explore", "/search", "/search?q=gren+mug", "/search?q=mug&min_price=900", "/product/markup", "/product/none",
    "/cart", "/profile", "/compare", "/sign-in", "/sign-up",
)  # fmt: skip
NAMES = re.compile(r"[^a-z]+")


def test_what_a_cold_visitor_clicks_changes_the_feed_and_is_told_with_its_place(visit: Visit, shop: Runtime) -> None:
    page = visit("/")
    page.wait_for_selector('[data-shelf="for_you"] .card')
    before = titles(page, "for_you")
    assert "We do not know you yet" in page.inner_text("[data-shelves]")
    page.locator('[data-shelf="for_you"] .card', has_text="Lamp").first.locator(".card-link").click()
    page.wait_for_url("**/product/lamp-*")
    page.wait_for_selector('[data-shelf="similar"] .card')
    told(page)
    page.go_back()
    page.wait_for_selector('[data-shelf="for_you"] .card')
    assert titles(page, "for_you") != before
    assert re.search("Because you .* Red Lamp", page.inner_text('[data-shelf="for_you"]'))
    assert "We do not know you yet" not in page.inner_text("[data-shelves]")
    click, view = events_of(shop, page)
    assert (click["type"], view["type"]) == ("click", "view")
    assert click["request_id"] == view["request_id"]
    assert click["position"] == view["position"] >= 1


def test_from_a_typo_over_a_filter_to_a_purchase(visit: Visit, shop: Runtime) -> None:
    page = visit("/")
    page.fill("#q", "gren")
    page.wait_for_selector("#suggestions [role=option]")
    page.fill("#q", "gren mug")
    page.press("#q", "Enter")
    page.wait_for_selector(".typo")
    assert "green mug" in page.inner_text("[data-notices]")
    page.get_by_role("checkbox", name="Quill").click()
    page.wait_for_url("**brand=Quill**")
    until(page, "[...document.querySelectorAll('[data-chips] .chip')].some((one) => one.innerText === 'Quill')")
    page.go_back()
    until(page, "!location.search.includes('Quill') && !document.querySelector('#f-brand-Quill').checked")
    page.locator(".card", has_text="Green Mug").locator(".card-link").click()
    page.wait_for_url("**/product/mug-3")
    page.locator("[data-add]").dblclick()
    page.wait_for_selector("[data-cart-count]:visible")
    assert page.inner_text("[data-cart-count]") == "1"
    page.get_by_role("link", name="See cart").click()
    page.get_by_role("button", name="One more of Green Mug").click()
    page.get_by_role("button", name="Buy now").dblclick()
    page.wait_for_selector("text=Thank you")
    told(page)
    found = events_of(shop, page)
    assert [one["type"] for one in found] == ["search", "click", "view", "cart", "purchase"]
    assert found[0]["query"] == "gren mug"
    bought = found[-1]
    assert bought["value"] == 2
    assert bought["request_id"] == found[1]["request_id"]
    assert page.locator("[data-cart-count]").is_hidden()


def test_a_phone_shows_every_page_without_a_sideways_step(visit: Visit) -> None:
    page = visit("/", **PHONE)
    for path in ("/", "/explore", "/search?q=mug", "/product/endless", "/product/markup", "/cart", "/profile"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto("/explore")
    page.get_by_role("button", name="Filters", exact=False).first.click()
    page.get_by_role("checkbox", name="Home").click()
    page.keyboard.press("Escape")
    page.wait_for_url("**category=**")
    assert page.locator("#filters").is_hidden()
    assert page.locator("[data-filter-count]").inner_text() == "1"


def test_names_with_markup_stay_text_and_a_card_says_why(visit: Visit) -> None:
    page = visit("/search?q=mug")
    page.wait_for_selector('.card[data-id="markup"]')
    assert "<script>alert" in page.inner_text('.card[data-id="markup"]')
    page.locator('.card[data-id="mug-1"] .why-button').click()
    page.wait_for_selector("dialog[open] .why-bar")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    assert page.evaluate("document.activeElement.className") == "why-button"


def test_not_interested_can_be_undone_and_is_told_if_it_is_not(visit: Visit, shop: Runtime) -> None:
    page = visit("/explore")
    hidden = page.locator('.card[data-id="bag-2"]')
    hidden.locator(".nope").click()
    hidden.wait_for(state="detached")
    page.get_by_role("button", name="Undo").click()
    hidden.wait_for()
    page.locator('.card[data-id="bag-3"] .nope').click()
    page.goto("/cart")
    told(page)
    assert [one["type"] for one in events_of(shop, page)] == ["hide"]


def test_a_shop_that_is_away_says_so_and_is_asked_again(visit: Visit) -> None:
    page = visit("/cart")
    page.route("**/v1/home*", lambda route: route.abort())
    page.goto("/")
    page.wait_for_selector(".oops")
    assert "cannot be reached" in page.inner_text(".oops")
    page.unroute("**/v1/home*")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector('[data-shelf="for_you"] .card')


def test_what_is_done_offline_is_told_later(visit: Visit, shop: Runtime) -> None:
    page = visit("/product/bag-1")
    page.wait_for_selector('[data-shelf="similar"] .card')
    told(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Add to cart").click()
    page.wait_for_selector("[data-offline]:visible")
    page.context.set_offline(False)
    told(page)
    assert [one["type"] for one in events_of(shop, page)] == ["view", "cart"]


def test_keys_alone_lead_from_the_search_box_to_a_product(visit: Visit) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#q")
    page.keyboard.type("blue b")
    until(page, "document.querySelector('#suggestions')?.innerText.startsWith('Blue Bag')")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#q", "aria-activedescendant") == "suggestion-0"
    page.keyboard.press("Enter")
    page.wait_for_url("**/product/bag-2")
    assert page.inner_text("h1") == "Blue Bag"


def test_what_a_visitor_says_they_like_counts_from_the_next_page_on(visit: Visit) -> None:
    page = visit("/profile")
    page.get_by_label("Bags").check(force=True)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="See the shop").click()
    page.wait_for_selector('[data-shelf="for_you"] .card')
    assert "Bag" in titles(page, "for_you")[0]


def test_keys_alone_buy_a_product(visit: Visit, shop: Runtime) -> None:
    page = visit("/explore")
    page.wait_for_selector(".card")
    tab_to(page, '[data-grid] .card[data-id="bag-1"] .card-link')
    page.keyboard.press("Enter")
    page.wait_for_url("**/product/bag-1")
    tab_to(page, "[data-add]")
    page.keyboard.press("Space")
    tab_to(page, ".toast a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cart")
    page.wait_for_selector("[data-checkout]")
    tab_to(page, "[data-checkout]")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Thank you")
    assert page.evaluate("document.activeElement.className") == "done wide-part"
    told(page)
    assert [one["type"] for one in events_of(shop, page)] == ["click", "view", "cart", "purchase"]


def test_who_signs_up_and_says_what_they_like_finds_it_in_the_feed(visit: Visit) -> None:
    page = visit("/sign-up?next=/profile")
    page.fill("[name=email]", "cleo@example.com")
    page.fill("[name=password]", "correct horse battery")
    page.locator("button[type=submit]").click()
    page.wait_for_url("**/profile")
    page.get_by_label("Bags").check(force=True)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="See the shop").click()
    page.wait_for_selector('[data-shelf="for_you"] .card')
    assert "Bag" in titles(page, "for_you")[0]
    screenshot(page, "home-with-preferences")


def test_dark_is_kept_from_page_to_page_and_can_be_left(visit: Visit) -> None:
    ink = "getComputedStyle(document.body).color"
    page = visit("/", color_scheme="light")
    light = page.evaluate(ink)
    page.locator("[data-theme-switch]").click()
    dark = page.evaluate(ink)
    assert dark != light
    page.goto("/explore")
    assert page.evaluate(ink) == dark
    page.locator("[data-theme-switch]").click()
    assert page.evaluate(ink) == light


def test_a_visitor_can_be_forgotten_by_this_browser(visit: Visit) -> None:
    page = visit("/product/bag-1")
    page.locator("[data-add]").click()
    told(page)
    page.goto("/profile")
    page.wait_for_selector(".deed:has-text('Red Bag')")
    page.get_by_role("button", name="Forget this browser").click()
    page.get_by_role("button", name="Forget it").click()
    page.wait_for_selector("text=We do not know you yet")
    assert page.locator("[data-cart-count]").is_hidden()
    page.goto("/profile")
    page.wait_for_selector("[data-history] >> text=Nothing yet")


def test_a_demo_shopper_can_be_chosen(visit: Visit) -> None:
    page = visit("/")
    page.get_by_role("button", name="Shop as somebody", exact=True).click()
    page.get_by_role("button", name="U0001").click()
    page.wait_for_selector("text=Good to see you, U0001")
    page.wait_for_selector('[data-shelf="for_you"] .card')


def test_who_makes_an_account_takes_their_past_along_and_can_leave(visit: Visit) -> None:
    page = visit("/product/lamp-2")
    told(page)
    page.goto("/sign-up?next=/profile")
    page.fill("[name=email]", "ann@example.com")
    page.fill("[name=password]", "short")
    page.get_by_role("button", name="Make the account").click()
    assert page.url.endswith("/sign-up?next=/profile")
    page.fill("[name=password]", "correct horse battery")
    page.fill("[name=name]", "Ann <b>")
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url("**/profile")
    page.wait_for_selector("h1:has-text('Ann <b>')")
    page.wait_for_selector(".deed:has-text('Blue Lamp')")
    page.get_by_label("Bags").check(force=True)
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector("text=Saved.")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_selector('[data-shelf="for_you"] .card')
    assert page.evaluate("localStorage.getItem('vitrine.account')") is None
    page.goto("/sign-in")
    page.fill("[name=email]", "ann@example.com")
    page.fill("[name=password]", "something else")
    page.locator("button[type=submit]").click()
    page.wait_for_selector("text=That did not match")


def test_a_sign_in_that_has_ended_is_said_and_the_shop_goes_on(visit: Visit) -> None:
    page = visit("/cart")
    page.evaluate(
        """localStorage.setItem('vitrine.account', JSON.stringify(
            {user: 'nobody', role: 'shopper', access: 'x', refresh: 'y', until: 0}))"""
    )
    page.goto("/")
    page.wait_for_selector("text=You have been signed out.")
    page.wait_for_selector('[data-shelf="for_you"] .card')


def test_the_feed_goes_on_without_repeats_until_everything_was_shown(visit: Visit) -> None:
    page = visit("/")
    page.wait_for_selector('[data-shelf="for_you"] .card')
    page.mouse.wheel(0, 5000)
    page.wait_for_load_state("networkidle")
    shown = page.evaluate("[...document.querySelectorAll('.card[data-id]')].map((one) => one.dataset.id)")
    assert len(shown) == len(set(shown))
    assert len(shown) >= 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_accessibility_problem(visit: Visit, scheme: str) -> None:
    page = visit("/", color_scheme=scheme, reduced_motion="reduce")
    for path in PLACES:
        page.goto(path)
        until(page, "document.querySelector('[aria-busy], .ghost-card') === null")
        assert serious_problems(page) == [], path
        screenshot(page, f"{NAMES.sub('-', path).strip('-') or 'home'}-{scheme}")
    phone = visit("/search?q=mug", color_scheme=scheme, reduced_motion="reduce", **PHONE)
    phone.locator(".why-button").first.click()
    phone.wait_for_selector("dialog[open] .why-bar")
    assert serious_problems(phone) == [], "why"
    screenshot(phone, f"why-{scheme}")
    phone.keyboard.press("Escape")
    phone.locator("[data-filters-open]").click()
    phone.wait_for_selector("#filters.open .option")
    assert serious_problems(phone) == [], "filters"
    screenshot(phone, f"filters-{scheme}")


def test_the_home_page_is_light_quick_and_still(visit: Visit) -> None:
    page = visit("/")
    page.wait_for_selector('[data-shelf="for_you"] .card')
    page.wait_for_load_state("networkidle")
    bytes_, shifts = page.evaluate(
        """new Promise((done) => {
            let shifts = 0;
            scrollTo(0, document.body.scrollHeight); // a feed that goes on pushes nothing away
            const add = (list) => list.getEntries().forEach((one) => { shifts += one.hadRecentInput ? 0 : one.value; });
            new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
            const rows = ['resource', 'navigation'].flatMap((type) => performance.getEntriesByType(type));
            const own = rows.filter((one) => !one.name.includes('/picture'));
            const sum = own.reduce((all, one) => all + one.transferSize, 0);
            setTimeout(() => done([sum, shifts]), 600);
        })"""
    )
    assert 20_000 < bytes_ < 500_000
    assert shifts < 0.05


def test_the_back_button_leads_to_the_same_place_of_a_list(visit: Visit) -> None:
    page = visit("/explore?sort=price", viewport={"width": 400, "height": 500})
    page.wait_for_selector('.card[data-id="bag-4"]')
    page.locator('.card[data-id="bag-4"] .card-link').scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 300
    page.locator('.card[data-id="bag-4"] .card-link').click()
    page.wait_for_url("**/product/bag-4")
    page.go_back()
    page.wait_for_selector('.card[data-id="bag-4"]')
    until(page, f"Math.abs(scrollY - {before}) < 60")
    assert page.locator("[data-sort]").input_value() == "price"


def test_an_account_takes_its_data_along_changes_its_password_and_ends(visit: Visit) -> None:
    page = visit("/sign-up?next=/profile")
    page.fill("[name=email]", "dora@example.com")
    page.fill("[name=password]", "correct horse")
    page.locator("button[type=submit]").click()
    page.fill("[data-own] [name=password]", "something else")
    page.fill("[data-own] [name=new_password]", "another horse")
    page.get_by_role("button", name="Change the password").click()
    page.wait_for_selector("[data-own] >> text=That did not match")
    assert page.evaluate("localStorage.getItem('vitrine.account')") is not None
    page.fill("[data-own] [name=password]", "correct horse")
    page.get_by_role("button", name="Change the password").click()
    page.wait_for_selector("text=The password is another one now.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Take it along").click()
    assert download.value.suggested_filename == "my-data.json"
    page.get_by_role("button", name="Erase everything").click()
    page.fill("dialog [name=password]", "another horse")
    page.get_by_role("button", name="Erase for good").click()
    page.wait_for_selector("text=It is gone")
    page.get_by_role("link", name="To the shop").click()
    page.wait_for_selector('[data-shelf="for_you"] .card')
    assert page.evaluate("localStorage.getItem('vitrine.account')") is None


def test_two_configurations_are_compared_and_sliders_move_the_list(visit: Visit) -> None:
    page = visit("/product/lamp-1")
    page.wait_for_selector('[data-shelf="similar"] .card')
    told(page)
    page.goto("/compare")
    page.wait_for_selector(".ranks li a")
    other = page.locator(".ways .panel").nth(1)
    until(page, "document.querySelectorAll('.ranks[aria-busy]').length === 0")
    before = other.locator(".rank-words b").all_inner_texts()
    for knob in other.locator("input[type=range]").all():
        knob.fill("0")
    other.locator("input[type=range]").first.fill("1")
    other.get_by_label("Good value").fill("1")
    end = time.monotonic() + 10
    while other.locator(".rank-words b").all_inner_texts() == before:
        assert time.monotonic() < end
        page.wait_for_timeout(50)
