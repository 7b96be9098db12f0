"""Search with a picture, in a real browser: chosen, dropped, pasted; and a hero, which needs pictures too."""

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from config.settings import Settings
from service.app import create_app
from service.core.types import Product
from service.runtime import Runtime
from tests.browser import screenshot, served, until, visits
from tests.open_shop import open_shop
from tests.storefront.visitor import Visit, events_of, told

SHAPES = {
    "mug": ("ellipse", (20, 20, 76, 76)),
    "lamp": ("rectangle", (40, 5, 56, 91)),
    "bag": ("pieslice", (5, 5, 91, 91)),
}
BRING = """([kind, name, type, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type }));
    const event = kind === 'paste'
        ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
        : new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
}"""


def drawn(kind: str, colour: str) -> bytes:
    """A picture of a product, as PNG."""
    picture = Image.new("RGB", (96, 96), "white")
    shape, box = SHAPES[kind]
    extra = {"start": 0, "end": 180} if shape == "pieslice" else {}
    getattr(ImageDraw.Draw(picture), shape)(box, fill=colour, outline="black", **extra)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def bring(page: Any, kind: str, picture: bytes, name: str = "mine.png", type: str = "image/png") -> None:
    """Drag, drop or paste a file."""
    page.evaluate(BRING, [kind, name, type, base64.b64encode(picture).decode()])


@pytest.fixture(scope="module")
def pictured(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings],
    small_shop: Callable[[], list[Product]],
) -> Iterator[Runtime]:  # fmt: skip
    """The small shop with a picture of each product but one."""
    changes = {"image_model": "bundled", "background": "off"}
    products = [
        replace(
            one, image="data:image/png;base64," + base64.b64encode(drawn(kind, str(one.attributes["colour"]))).decode()
        )
        for one in small_shop()
        for kind in [one.external_id.split("-")[0]]
    ]
    products[-1] = replace(products[-1], image=None)
    with open_shop(settings_for(tmp_path_factory.mktemp("pictured")).model_copy(update=changes), products) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def pictured_address(pictured: Runtime) -> Iterator[str]:
    """That shop on a port of its own."""
    with served(create_app(pictured)) as address:
        yield address


@pytest.fixture
def visit(browser: Any, pictured_address: str) -> Iterator[Visit]:
    """Opens a page of it as a fresh visitor."""
    with visits(browser, pictured_address) as opened:
        yield opened


def first(page: Any) -> str:
    page.wait_for_selector("[data-asked] img")
    page.wait_for_selector("[data-grid] .card")
    return str(page.locator("[data-grid] .card").first.get_attribute("data-id"))


def test_a_picture_that_is_chosen_dropped_or_pasted_finds_what_looks_like_it(visit: Visit) -> None:
    page = visit("/")
    page.set_input_files("[data-picture]", {"name": "a.png", "mimeType": "image/png", "buffer": drawn("mug", "red")})
    page.wait_for_url("**/search?picture=*")
    assert first(page) == "mug-1"
    screenshot(page, "picture-search")
    bring(page, "dragenter", drawn("bag", "blue"))
    until(page, "document.body.classList.contains('dropping')")
    before = page.url
    bring(page, "drop", drawn("bag", "blue"))
    page.wait_for_url(lambda url: url != before)
    assert first(page) == "bag-2"
    page.goto("/explore")
    bring(page, "paste", drawn("lamp", "green"))
    page.wait_for_url("**/search?picture=*")
    assert first(page) == "lamp-3"
    page.reload()
    assert first(page) == "lamp-3"
    page.get_by_role("button", name="Take the picture away").click()
    page.wait_for_url("**/explore")


def test_what_is_no_picture_is_said_and_a_picture_of_another_tab_is_asked_for_again(visit: Visit) -> None:
    page = visit("/explore")
    bring(page, "drop", b"a,b", "list.csv", "text/csv")
    page.wait_for_selector("text=That is not a picture.")
    bring(page, "drop", b"no png at all")
    page.wait_for_selector("text=cannot be read as a picture")
    page.goto("/search?picture=gone")
    page.wait_for_selector("text=The picture is not here any more")


def test_what_the_hero_shows_is_told_with_its_place_and_stands_on_no_shelf(visit: Visit, pictured: Runtime) -> None:
    page = visit("/")
    page.wait_for_selector(".card")
    heroes = page.locator("[data-hero]").evaluate_all("(all) => all.map((one) => one.dataset.hero)")
    shelves = page.locator(".card").evaluate_all("(all) => all.map((one) => one.dataset.id)")
    assert heroes
    assert not set(heroes) & set(shelves)
    request = page.get_attribute("[data-request]", "data-request")
    page.locator("[data-hero]").first.click()
    page.wait_for_url("**/product/*")
    told(page)
    click, view = events_of(pictured, page)
    assert (click["type"], click["request_id"], click["position"]) == ("click", request, 1)
    assert (view["type"], view["request_id"], view["position"]) == ("view", request, 1)


def test_a_hero_whose_pictures_cannot_be_had_shows_drawings_in_all_of_its_places(visit: Visit) -> None:
    page = visit("/cart")
    page.route("**/picture?*", lambda route: route.abort())
    page.goto("/")
    until(page, "document.querySelectorAll('[data-hero] > .icon').length > 1")
    until(page, "document.querySelector('[data-hero] > img') === null")
