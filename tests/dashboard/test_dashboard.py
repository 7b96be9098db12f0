"""What operators look at and decide: over HTTP, and in a real browser. One file: its shop is trained twice."""

import csv
import io
import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from service.accounts.caller import Scope
from service.accounts.key_desk import make_key
from service.api.clock import utc_now
from service.app import create_app
from service.runtime import Runtime
from service.store.releases import live_release

LISTS = (
    "traffic/surfaces", "traffic/steps", "traffic/routes", "engagement?by=surface", "engagement?by=shelf",
    "engagement?by=position", "engagement?by=day", "experiments", "signals", "exposure", "catalogue", "releases",
    "jobs",
)  # fmt: skip
PASSWORD = "correct horse battery"
SECTIONS = ("engagement", "experiments", "speed", "searches", "trending", "signals", "coverage", "jobs", "catalogue")


def click_in_home(desk: TestClient, admin: dict[str, str], user: str, place: int, *kinds: str) -> list[str]:
    """Ask for a feed, and have one slot of it clicked; the ids shown."""
    page = desk.get(f"/v1/home?user={user}&n=5", headers=admin).json()
    ids = [item["id"] for item in page["items"]]
    told = {"user": user, "product": ids[place - 1], "request_id": page["request_id"], "position": place}
    events = [{"type": kind, **told} for kind in kinds]
    if events:
        assert desk.post("/v1/events", json={"events": events}, headers=admin).status_code < 300
    return ids


def stored(shop: Runtime) -> int:
    """Lists shown that are in the database."""
    with shop.database.session() as session:
        return int(session.connection().execute(text("SELECT count(*) FROM impression")).scalar_one())


def until_stored(shop: Runtime, many: int) -> None:
    """Wait for a writer that writes now and then."""
    end = time.monotonic() + 10
    while stored(shop) < many:
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("path", ["overview", *LISTS])
def test_only_administrators_are_answered(desk: TestClient, desk_shop: Runtime, path: str) -> None:
    with desk_shop.database.session() as session:
        merchant = [scope for scope in Scope if scope is not Scope.ADMIN]
        key = make_key(session, "default", "merchant", merchant, days=1, now=utc_now()).text
    assert desk.get(f"/v1/admin/{path}").status_code == 401
    assert desk.get(f"/v1/admin/{path}", headers={"X-API-Key": key}).status_code == 403


@pytest.mark.parametrize("path", LISTS)
def test_each_list_has_the_same_rows_as_csv(
    desk: TestClient, desk_shop: Runtime, admin: dict[str, str], path: str
) -> None:
    before = stored(desk_shop)
    click_in_home(desk, admin, "u1", 1, "click")
    until_stored(desk_shop, before + 1)
    rows = desk.get(f"/v1/admin/{path}", headers=admin).json()["rows"]
    joined = f"/v1/admin/{path}{'&' if '?' in path else '?'}format=csv"
    answer = desk.get(joined, headers=admin)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    if not path.startswith("traffic"):  # which counts these very requests
        assert len(lines) == len(rows)
    if rows:
        assert list(lines[0]) == list(rows[0])


def test_clicks_are_counted_by_list_position_and_visitor(
    desk: TestClient, desk_shop: Runtime, admin: dict[str, str]
) -> None:
    with desk_shop.database.session() as session:
        session.connection().execute(text("DELETE FROM impression"))
    for user in ("u2", "u3", "u4"):
        click_in_home(desk, admin, user, 2, "click", "view")  # of one list twice: counts once
    click_in_home(desk, admin, "u5", 1, "purchase")
    click_in_home(desk, admin, "u6", 1)
    until_stored(desk_shop, 5)

    def rows(by: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = desk.get(f"/v1/admin/engagement?by={by}", headers=admin).json()["rows"]
        return found

    [home] = rows("surface")
    assert (home["name"], home["lists"], home["visitors"], home["taken"], home["bought"]) == ("home", 5, 5, 4, 1)
    assert home["click_rate"] == 0.8
    assert home["click_low"] < 0.8 < home["click_high"] <= 1
    first, second, third, *_ = rows("position")
    assert [(one["position"], one["lists"], one["taken"]) for one in (first, second, third)] == [
        (1, 5, 1), (2, 5, 3), (3, 5, 0),
    ]  # fmt: skip
    [day] = rows("day")
    assert day["name"] == f"{utc_now():%Y-%m-%d}"
    assert desk.get("/v1/admin/exposure", headers=admin).json()["slots"] == 25


def test_a_release_is_promoted_and_rolled_back(desk: TestClient, admin: dict[str, str]) -> None:
    def releases() -> dict[str, Any]:
        found: dict[str, Any] = desk.get("/v1/admin/releases", headers=admin).json()
        return found

    live = releases()["live"]
    [other] = [row["id"] for row in releases()["rows"] if row["status"] == "retired"]
    stale = desk.post(f"/v1/admin/releases/{other}/promote", json={"live": "other"}, headers=admin)
    assert (stale.status_code, stale.json()["code"]) == (409, "other_release_live")
    assert desk.post(f"/v1/admin/releases/{other}/promote", json={}, headers=admin).status_code == 422
    assert desk.post("/v1/admin/releases/none/promote", json={"live": live}, headers=admin).status_code == 404
    promoted = desk.post(f"/v1/admin/releases/{other}/promote", json={"live": live}, headers=admin)
    assert (promoted.status_code, promoted.json()["status"], promoted.json()["replaced"]) == (200, "live", live)
    back = desk.post("/v1/admin/releases/rollback", json={"live": other}, headers=admin)
    assert (back.status_code, back.json()["id"]) == (200, live)
    assert releases()["live"] == live


def test_an_open_shop_takes_no_acts_from_other_places_pages(desk_shop: Runtime) -> None:
    settings = desk_shop.settings.model_copy(update={"access": "open"})
    open_shop = TestClient(create_app(replace(desk_shop, settings=settings)))
    live = open_shop.get("/v1/admin/releases").json()["live"]
    assert open_shop.post("/v1/admin/releases/rollback", json={"live": live}).json()["code"] == "not_sent_by_us"
    elsewhere = {"X-Vitrine-Act": "yes", "Sec-Fetch-Site": "cross-site"}
    assert open_shop.post("/v1/admin/jobs", json={"name": "popular"}, headers=elsewhere).status_code == 403
    ours = {"X-Vitrine-Act": "yes", "Sec-Fetch-Site": "same-origin"}
    assert open_shop.post("/v1/admin/jobs", json={"name": "popular"}, headers=ours).status_code == 202


def test_a_job_is_queued_and_what_cannot_be_run_is_refused(desk: TestClient, admin: dict[str, str]) -> None:
    answer = desk.post("/v1/admin/jobs", json={"name": "popular"}, headers=admin)
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    found = desk.get("/v1/admin/jobs", headers=admin).json()
    assert answer.json()["id"] in [row["id"] for row in found["rows"]]
    assert "popular" in found["can_run"]
    assert desk.post("/v1/admin/jobs", json={"name": "rm"}, headers=admin).status_code == 422


def test_the_pages_of_operators_and_of_the_api_keep_to_our_own_files(desk: TestClient) -> None:
    assert desk.get("/dashboard").status_code == 401
    page = desk.get("/docs")
    assert page.status_code == 200
    assert "http" not in page.text.replace("http-equiv", "")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert desk.get("/docs/swagger-ui-bundle.js").status_code == 200
    assert desk.get("/docs/core.py").status_code == 404
    assert desk.get("/redoc").status_code == 404


def sign_in(page: Any, email: str) -> None:
    page.goto("/dashboard")
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def live(shop: Runtime) -> str:
    with shop.database.session() as session:
        found = live_release(session)
    assert found is not None
    return found.id


def until_live(shop: Runtime, release: str, page: Any) -> None:
    end = time.monotonic() + 10
    while live(shop) != release:
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def test_an_operator_signs_in_promotes_rolls_back_and_tries_a_rule(browser_page: Any, desk_shop: Runtime) -> None:
    page = browser_page
    sign_in(page, "op@example.com")
    page.wait_for_selector(".tile >> text=Works")
    before = live(desk_shop)
    page.get_by_role("link", name="Releases", exact=True).click()
    page.get_by_role("button", name="Roll back").click()
    page.get_by_role("button", name="Leave it").click()
    assert live(desk_shop) == before
    page.get_by_role("button", name="Promote").or_(page.get_by_role("button", name="answer")).first.click()
    page.get_by_role("button", name="Let it answer").click()
    page.wait_for_selector(".toast >> text=answers now")
    assert live(desk_shop) != before
    page.get_by_role("button", name="Roll back").click()
    page.locator("dialog[open]").get_by_role("button", name="Roll back").click()
    until_live(desk_shop, before, page)
    page.goto("/dashboard#rules")
    page.get_by_role("button", name="New rule").click()
    page.get_by_role("button", name="Check").click()
    page.wait_for_selector(".says :text('Nothing looks wrong'), .says .warnings")
    page.fill("#rule-text", '{"id": "<b>", "consequence": {"kind": "exclude"}}')
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector(".says .oops")
    page.fill("#rule-text", '{"id": "no-red", "name": "<i>No</i> red", "enabled": false, "condition": {"must": '
              '[{"field": "attributes.colour", "match": "red"}]}, "consequence": {"kind": "exclude"}}')  # fmt: skip
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector(".figures >> text=<i>No</i> red")


def test_why_a_product_is_not_shown_is_answered(browser_page: Any) -> None:
    page = browser_page
    sign_in(page, "op@example.com")
    page.goto("/dashboard#why")
    page.fill("[name=product]", "mug-4")
    page.get_by_role("button", name="Ask").click()
    page.wait_for_selector(".answer >> text=Not shown")
    page.wait_for_selector(".answer .state >> text=sold out")


@pytest.mark.parametrize("width", [360, 1280])
def test_every_section_fits_and_a_list_comes_as_a_file(browser_page: Any, width: int) -> None:
    page = browser_page
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, "op@example.com")
    for name in SECTIONS:
        page.goto(f"/dashboard#{name}")
        page.wait_for_selector(f'[data-section="{name}"][aria-current]')
        page.wait_for_selector("[data-body]:not([aria-busy]) .panel, [data-body]:not([aria-busy]) .tiles")
        assert page.locator("[data-body] .oops").count() == 0, name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    with page.expect_download() as download:
        page.get_by_role("button", name="catalogue as CSV").click()
    assert download.value.suggested_filename == "catalogue.csv"


def test_a_shopper_is_told_that_this_is_for_operators(browser_page: Any) -> None:
    page = browser_page
    sign_in(page, "shopper@example.com")
    page.wait_for_selector("h1 >> text=This is for operators")


def test_the_api_can_be_read_without_a_network(browser_page: Any) -> None:
    page = browser_page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/docs")
    page.wait_for_selector(".swagger-ui .opblock-tag >> text=admin")
    origin = page.evaluate("location.origin")
    assert [url for url in asked if not url.startswith((origin, "data:", "blob:"))] == []
