"""What operators look at and decide: over HTTP, and in a real browser. One file: its shop is trained twice."""

import csv
import io
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from starlette.testclient import TestClient

from config.settings import Settings
from service.accounts.caller import Role, Scope
from service.accounts.desk import new_account
from service.accounts.key_desk import make_key
from service.api.clock import utc_now
from service.app import create_app
from service.core.errors import DependencyUnavailable
from service.runtime import Runtime, open_runtime
from service.store.releases import live_release
from service.storefront.console import SECTIONS
from tests.browser import PHONE, screenshot, serious_problems, served, until, visits

LISTS = (
    "traffic/surfaces", "traffic/steps", "traffic/routes", "engagement?by=surface", "engagement?by=shelf",
    "engagement?by=position", "engagement?by=day", "experiments", "signals", "exposure", "catalogue", "releases",
    "jobs", "alarms", "minutes", "activity", "activity?days=1",
)  # fmt: skip
PASSWORD = "correct horse battery"
READY = "[data-body]:not([aria-busy]) > *"
Visit = Callable[..., Any]


def click_in_home(desk: TestClient, admin: dict[str, str], user: str, place: int, *kinds: str) -> list[str]:
    """Ask for a feed, and have one slot of it clicked; the ids shown."""
    page = desk.get(f"/v1/home?user={user}&n=5", headers=admin).json()
    ids = [item["id"] for item in page["items"]]
    told = {"user": user, "product": ids[place - 1], "request_id": page["request_id"], "position": place}
    events = [{"type": kind, **told} for kind in kinds]
    if events:
        assert desk.post("/v1/events", json={"events": events}, headers=admin).status_code < 300
    return ids


def approx(value: float) -> Any:
    return pytest.approx(value, abs=5e-4)


def sql(shop: Runtime, query: str) -> list[tuple[Any, ...]]:
    """What the database says to a query of our own."""
    with shop.database.session() as session:
        return [tuple(row) for row in session.connection().execute(text(query))]


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
    # five people with one list each: 1.96 sqrt((4 * .2^2 + .8^2) * 5 / 4) / 5 = .392
    assert (home["click_rate"], home["click_low"], home["click_high"]) == (0.8, approx(0.408), 1.0)
    assert (home["conversion"], home["conversion_low"], home["conversion_high"]) == (0.2, 0.0, approx(0.592))
    first, second, third, *_ = rows("position")
    assert [(one["position"], one["lists"], one["taken"]) for one in (first, second, third)] == [
        (1, 5, 1), (2, 5, 3), (3, 5, 0),
    ]  # fmt: skip
    # Wilson: (.6 + 3.84 / 10 ± 1.96 sqrt(.24 / 5 + 3.84 / 100)) / (1 + 3.84 / 5)
    assert (second["click_rate"], second["click_low"], second["click_high"]) == (0.6, approx(0.2307), approx(0.8824))
    assert (third["click_low"], third["click_high"]) == (0.0, approx(3.8415 / 8.8415))
    joined = "FROM impression i JOIN interaction e ON e.request_id = i.request_id"
    assert sql(desk_shop, f"SELECT count(DISTINCT i.id), count(DISTINCT i.user) {joined}") == [(4, 4)]
    [day] = rows("day")
    assert day["name"] == f"{utc_now():%Y-%m-%d}"
    seen = desk.get("/v1/admin/exposure", headers=admin).json()
    assert seen["slots"] == 25
    [(events, touched)] = sql(desk_shop, "SELECT count(*), count(DISTINCT product_id) FROM interaction")
    assert (seen["events"], seen["touched"]) == (events, touched)
    assert seen["rows"][0]["events"] == 0
    assert seen["rows"][-1]["events"] == 1
    today = desk.get("/v1/admin/activity?days=1", headers=admin).json()["rows"]
    assert sum(row["lists"] for row in today) == 5
    assert sum(row["purchases"] for row in today) == 1


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


class _Away:
    """A database that does not answer."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def session(self) -> Any:
        raise DependencyUnavailable("the database does not answer")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def test_a_database_that_is_away_is_what_the_overview_says_is_wrong(desk_shop: Runtime) -> None:
    settings = desk_shop.settings.model_copy(update={"access": "open"})
    away: Any = _Away(desk_shop.database)
    shop = TestClient(create_app(replace(desk_shop, settings=settings, database=away)))
    found = shop.get("/v1/admin/overview").json()
    assert (found["status"], found["products"], found["jobs_waiting"]) == ("failed", None, None)
    assert found["alarms"][0]["name"] == "Database does not work"
    assert shop.get("/v1/admin/alarms").json()["rows"][0]["severity"] == "bad"


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
    until(page, lambda: live(desk_shop) == before)
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


def test_a_list_comes_as_a_file(browser_page: Any) -> None:
    page = browser_page
    sign_in(page, "op@example.com")
    open_section(page, "catalogue")
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


def open_section(page: Any, name: str) -> None:
    page.goto(f"/dashboard#{name}")
    page.wait_for_selector(f'[data-section="{name}"][aria-current]')
    page.wait_for_selector(READY)


def jobs(shop: Runtime) -> int:
    with shop.database.session() as session:
        return int(session.connection().execute(text("SELECT count(*) FROM job")).scalar_one())


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_no_section_has_a_serious_accessibility_problem_or_a_sideways_step(
    visit: Visit, scheme: str, width: int
) -> None:
    page = visit("/dashboard", color_scheme=scheme, reduced_motion="reduce", viewport={"width": width, "height": 800})
    assert serious_problems(page) == []
    sign_in(page, "op@example.com")
    for name, _ in SECTIONS:
        open_section(page, name)
        assert page.locator("[data-body] .oops").count() == 0, name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert serious_problems(page) == [], name
        screenshot(page, f"dashboard-{name}-{width}-{scheme}")


def test_keys_alone_open_a_section_leave_a_dialog_and_run_a_job(visit: Visit) -> None:
    page = visit("/dashboard")
    sign_in(page, "op@example.com")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"

    def tab_to(label: str) -> None:
        for _ in range(60):
            if (
                page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText")
                == label
            ):
                return
            page.keyboard.press("Tab")
        raise AssertionError(label)

    tab_to("Releases")
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-section="releases"][aria-current]')
    page.wait_for_selector(READY)
    tab_to("Roll back")
    page.keyboard.press("Enter")
    until(page, "document.activeElement.innerText === 'Leave it'")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert page.evaluate("document.activeElement.innerText") == "Roll back"
    tab_to("Jobs")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-body]:not([aria-busy]) .runs")
    tab_to("Count what is popular")
    page.keyboard.press("Enter")
    page.wait_for_selector(".toast >> text=begins within a minute")


def test_a_double_click_runs_a_job_once_and_promotes_once(visit: Visit, desk_shop: Runtime) -> None:
    page = visit("/dashboard")
    sign_in(page, "op@example.com")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    open_section(page, "jobs")
    before = jobs(desk_shop)
    page.get_by_role("button", name="Count what is popular").dblclick()
    page.wait_for_selector(".toast >> text=begins within a minute")
    assert jobs(desk_shop) == before + 1
    open_section(page, "releases")
    page.get_by_role("button", name="answer").first.dblclick()
    page.get_by_role("button", name="Let it answer").dblclick()
    page.wait_for_selector(".toast >> text=answers now")
    page.get_by_role("button", name="Roll back").dblclick()
    page.locator("dialog[open]").get_by_role("button", name="Roll back").dblclick()
    page.wait_for_selector(".toast >> text=answers again")
    assert [url.rsplit("/", 1)[1] for url in sent] == ["jobs", "promote", "rollback"]


def test_a_sign_in_that_ended_under_an_open_page_is_said_and_leads_back_there(visit: Visit) -> None:
    page = visit("/dashboard")
    sign_in(page, "op@example.com")
    open_section(page, "jobs")
    page.evaluate(
        """localStorage.setItem('vitrine.account', JSON.stringify(
            {...JSON.parse(localStorage.getItem('vitrine.account')), refresh: 'gone', until: 0}))"""
    )
    page.wait_for_selector(".stale >> text=Please sign in")  # at the next look at the jobs, which comes by itself
    page.wait_for_selector(".toast >> text=You have been signed out")
    assert page.locator(".figures").count() > 0
    page.locator(".stale a").click()
    page.wait_for_url("**/sign-in?next=%2Fdashboard%23jobs")


@pytest.fixture(scope="module")
def empty_shop(tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings]) -> Iterator[Runtime]:
    """A shop of nothing but an operator."""
    changes = {"access": "keys", "secret": SecretStr("a secret of thirty-two characters"), "background": "off"}
    with open_runtime(settings_for(tmp_path_factory.mktemp("empty")).model_copy(update=changes)) as runtime:
        new_account(runtime.database, "default", "op@example.com", PASSWORD, name="", role=Role.OPERATOR, now=utc_now())
        yield runtime


def test_an_empty_shop_says_what_is_missing_and_a_restart_is_survived(browser: Any, empty_shop: Runtime) -> None:
    with ExitStack() as running, ExitStack() as first:
        address = first.enter_context(served(create_app(empty_shop)))
        visit = running.enter_context(visits(browser, address))
        page = visit("/dashboard")
        sign_in(page, "op@example.com")
        page.wait_for_selector(".verdict-box >> text=There is no product")
        for size in (PHONE["viewport"], {"width": 1280, "height": 720}):  # what is wrong is on the first screen
            page.set_viewport_size(size)
            box = page.locator(".verdict-box li").first.bounding_box()
            assert box["y"] + box["height"] < size["height"]
        assert page.title().startswith("(1) ")
        for name, _ in SECTIONS:
            open_section(page, name)
            assert page.locator("[data-body] .oops").count() == 0, name
            assert len(page.inner_text("[data-body]")) > 20, name
        open_section(page, "jobs")
        first.close()
        page.wait_for_selector(".stale >> text=cannot be reached")
        screenshot(page, "dashboard-restart")
        assert page.locator("[data-body] .panel").count() > 0
        page.evaluate("location.hash = 'overview'")
        page.wait_for_selector("[data-body] .oops")
        running.enter_context(served(create_app(empty_shop), int(address.rsplit(":", 1)[1])))
        page.wait_for_selector(".verdict-box")  # it comes back by itself
        page.wait_for_selector(".stale", state="hidden")
